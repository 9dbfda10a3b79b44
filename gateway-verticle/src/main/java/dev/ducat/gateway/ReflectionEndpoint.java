package dev.ducat.gateway;

import com.google.protobuf.ByteString;
import com.google.protobuf.DescriptorProtos.DescriptorProto;
import com.google.protobuf.DescriptorProtos.FieldDescriptorProto;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.DescriptorProtos.MethodDescriptorProto;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.DescriptorValidationException;
import com.google.protobuf.Descriptors.EnumDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.Descriptors.MethodDescriptor;
import com.google.protobuf.Descriptors.ServiceDescriptor;
import com.google.rpc.Code;
import io.vertx.grpc.health.v1.HealthProto;
import io.vertx.grpc.reflection.v1.ExtensionNumberResponse;
import io.vertx.grpc.reflection.v1.ExtensionRequest;
import io.vertx.grpc.reflection.v1.FileDescriptorResponse;
import io.vertx.grpc.reflection.v1.ListServiceResponse;
import io.vertx.grpc.reflection.v1.ServerReflectionProto;
import io.vertx.grpc.reflection.v1.ServerReflectionRequest;
import io.vertx.grpc.reflection.v1.ServerReflectionResponse;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Server reflection: which services this port has, and the files they are written in. Spoken as v1
 * and as v1alpha, which many tools still ask for; the two differ in the package's name only.
 */
final class ReflectionEndpoint {
  private static final String V1 = "grpc.reflection.v1";
  private static final String V1ALPHA = "grpc.reflection.v1alpha";
  private static final String METHOD = ".ServerReflection/ServerReflectionInfo";

  private final List<String> services = new ArrayList<>();
  private final Map<String, FileDescriptor> files = new TreeMap<>();
  private final Map<String, FileDescriptor> symbols = new TreeMap<>();
  private final Map<String, Descriptor> messages = new TreeMap<>();
  private final List<FieldDescriptor> extensions = new ArrayList<>();

  /**
   * @param served the port's own services; health and reflection itself are added
   */
  ReflectionEndpoint(List<ServiceDescriptor> served) {
    List<ServiceDescriptor> all = new ArrayList<>(served);
    all.addAll(HealthProto.getDescriptor().getServices());
    all.addAll(ServerReflectionProto.getDescriptor().getServices());
    all.addAll(v1alpha(ServerReflectionProto.getDescriptor()).getServices());
    for (ServiceDescriptor service : all) {
      services.add(service.getFullName());
      index(service.getFile());
    }
    services.sort(null);
  }

  List<Rpc> rpcs() {
    return List.of(conversation(V1), conversation(V1ALPHA));
  }

  private Rpc conversation(String version) {
    return new Rpc.Conversation<>(
        "/" + version + METHOD,
        Rpc.parserOf(ServerReflectionRequest.getDefaultInstance()),
        Rpc.MESSAGE_BYTES_MAX,
        this::answer);
  }

  ServerReflectionResponse answer(ServerReflectionRequest request) {
    ServerReflectionResponse.Builder response =
        ServerReflectionResponse.newBuilder()
            .setValidHost(request.getHost())
            .setOriginalRequest(request);
    switch (request.getMessageRequestCase()) {
      case LIST_SERVICES -> response.setListServicesResponse(list());
      case FILE_BY_FILENAME -> file(response, files.get(request.getFileByFilename()));
      case FILE_CONTAINING_SYMBOL -> file(response, symbols.get(request.getFileContainingSymbol()));
      case FILE_CONTAINING_EXTENSION ->
          file(response, extension(request.getFileContainingExtension()));
      case ALL_EXTENSION_NUMBERS_OF_TYPE ->
          numbers(response, request.getAllExtensionNumbersOfType());
      case MESSAGEREQUEST_NOT_SET -> error(response, Code.INVALID_ARGUMENT, "nothing was asked");
    }
    return response.build();
  }

  private ListServiceResponse list() {
    ListServiceResponse.Builder list = ListServiceResponse.newBuilder();
    services.forEach(name -> list.addServiceBuilder().setName(name));
    return list.build();
  }

  /** The file and all it imports, so that one question is enough to understand it. */
  private static void file(
      ServerReflectionResponse.Builder response, @Nullable FileDescriptor file) {
    if (file == null) {
      error(response, Code.NOT_FOUND, "there is no such file or symbol");
      return;
    }
    Set<FileDescriptor> closure = new LinkedHashSet<>();
    collect(file, closure);
    FileDescriptorResponse.Builder found = FileDescriptorResponse.newBuilder();
    closure.forEach(each -> found.addFileDescriptorProto(bytes(each)));
    response.setFileDescriptorResponse(found);
  }

  private static void collect(FileDescriptor file, Set<FileDescriptor> into) {
    if (into.add(file)) {
      file.getDependencies().forEach(each -> collect(each, into));
    }
  }

  private static ByteString bytes(FileDescriptor file) {
    return file.toProto().toByteString();
  }

  private @Nullable FileDescriptor extension(ExtensionRequest request) {
    for (FieldDescriptor extension : extensions) {
      if (extension.getNumber() == request.getExtensionNumber()
          && extension.getContainingType().getFullName().equals(request.getContainingType())) {
        return extension.getFile();
      }
    }
    return null;
  }

  private void numbers(ServerReflectionResponse.Builder response, String type) {
    if (!messages.containsKey(type)) {
      error(response, Code.NOT_FOUND, "there is no such message type");
      return;
    }
    ExtensionNumberResponse.Builder found =
        ExtensionNumberResponse.newBuilder().setBaseTypeName(type);
    for (FieldDescriptor extension : extensions) {
      if (extension.getContainingType().getFullName().equals(type)) {
        found.addExtensionNumber(extension.getNumber());
      }
    }
    response.setAllExtensionNumbersResponse(found);
  }

  private static void error(ServerReflectionResponse.Builder response, Code code, String message) {
    response.getErrorResponseBuilder().setErrorCode(code.getNumber()).setErrorMessage(message);
  }

  private void index(FileDescriptor file) {
    if (files.putIfAbsent(file.getName(), file) != null) {
      return;
    }
    file.getMessageTypes().forEach(this::index);
    file.getEnumTypes().forEach(this::index);
    for (ServiceDescriptor service : file.getServices()) {
      symbols.put(service.getFullName(), file);
      for (MethodDescriptor method : service.getMethods()) {
        symbols.put(method.getFullName(), file);
      }
    }
    file.getExtensions().forEach(this::indexExtension);
    file.getDependencies().forEach(this::index);
  }

  private void index(Descriptor message) {
    symbols.put(message.getFullName(), message.getFile());
    messages.put(message.getFullName(), message);
    message.getFields().forEach(field -> symbols.put(field.getFullName(), message.getFile()));
    message.getNestedTypes().forEach(this::index);
    message.getEnumTypes().forEach(this::index);
    message.getExtensions().forEach(this::indexExtension);
  }

  private void index(EnumDescriptor type) {
    symbols.put(type.getFullName(), type.getFile());
  }

  private void indexExtension(FieldDescriptor extension) {
    symbols.put(extension.getFullName(), extension.getFile());
    extensions.add(extension);
  }

  /** The v1 file under the name of v1alpha: same messages, same numbers. */
  private static FileDescriptor v1alpha(FileDescriptor v1) {
    FileDescriptorProto.Builder file =
        v1.toProto().toBuilder()
            .setName("grpc/reflection/v1alpha/reflection.proto")
            .setPackage(V1ALPHA)
            .clearOptions();
    for (DescriptorProto.Builder message : file.getMessageTypeBuilderList()) {
      for (FieldDescriptorProto.Builder field : message.getFieldBuilderList()) {
        if (field.hasTypeName()) {
          field.setTypeName(renamed(field.getTypeName()));
        }
      }
    }
    for (var service : file.getServiceBuilderList()) {
      for (MethodDescriptorProto.Builder method : service.getMethodBuilderList()) {
        method.setInputType(renamed(method.getInputType()));
        method.setOutputType(renamed(method.getOutputType()));
      }
    }
    try {
      return FileDescriptor.buildFrom(file.build(), new FileDescriptor[0]);
    } catch (DescriptorValidationException impossible) {
      throw new IllegalStateException("v1alpha is not v1 renamed any more", impossible);
    }
  }

  private static String renamed(String type) {
    String v1 = "." + V1 + ".";
    return type.startsWith(v1) ? "." + V1ALPHA + "." + type.substring(v1.length()) : type;
  }
}
