package dev.ducat.torture;

import com.google.protobuf.ByteString;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.DescriptorValidationException;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.Descriptors.MethodDescriptor;
import com.google.protobuf.Descriptors.ServiceDescriptor;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.InvalidProtocolBufferException;
import io.vertx.core.net.SocketAddress;
import io.vertx.grpc.common.GrpcMessageDecoder;
import io.vertx.grpc.common.GrpcMessageEncoder;
import io.vertx.grpc.common.ServiceMethod;
import io.vertx.grpc.common.ServiceName;
import io.vertx.grpc.reflection.v1.ServerReflectionRequest;
import io.vertx.grpc.reflection.v1.ServerReflectionResponse;
import io.vertx.grpc.reflection.v1.ServiceResponse;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What a server tells about itself by reflection: all that a client knows which, like grpcurl, has
 * no .proto files.
 */
final class Reflected {
  private static final Duration TIMEOUT = Duration.ofSeconds(10);

  private final Rpc rpc;
  private final SocketAddress server;
  private final ServiceMethod<ServerReflectionResponse, ServerReflectionRequest> method;
  private final Map<String, FileDescriptorProto> sources = new HashMap<>();
  private final Map<String, FileDescriptor> files = new HashMap<>();

  /**
   * Makes a reader; it asks when it is asked.
   *
   * @param version of the reflection service, {@code v1} or {@code v1alpha}: one wire format
   */
  Reflected(Rpc rpc, SocketAddress server, String version) {
    this.rpc = rpc;
    this.server = server;
    this.method =
        ServiceMethod.client(
            ServiceName.create("grpc.reflection." + version, "ServerReflection"),
            "ServerReflectionInfo",
            GrpcMessageEncoder.encoder(),
            GrpcMessageDecoder.decoder(ServerReflectionResponse.newBuilder()));
  }

  /** The names of all services, sorted. */
  List<String> services() {
    return ask(ServerReflectionRequest.newBuilder().setListServices("").build())
        .getListServicesResponse()
        .getServiceList()
        .stream()
        .map(ServiceResponse::getName)
        .sorted()
        .toList();
  }

  /** A method by {@code package.Service/Method}. */
  MethodDescriptor method(String path) {
    String[] parts = path.split("/", -1);
    MethodDescriptor found = service(parts[0]).findMethodByName(parts[1]);
    if (found == null) {
      throw new AssertionError("the server knows no method " + path);
    }
    return found;
  }

  /** Says what a service or message is, word for word as grpcurl's {@code describe} does. */
  String describe(String symbol) {
    FileDescriptor file = fileOf(symbol);
    String simple = symbol.substring(symbol.lastIndexOf('.') + 1);
    ServiceDescriptor service = file.findServiceByName(simple);
    if (service != null) {
      StringBuilder out = new StringBuilder(symbol + " is a service:\nservice " + simple + " {\n");
      service.getMethods().stream()
          .sorted(Comparator.comparing(MethodDescriptor::getName))
          .forEach(each -> out.append("  ").append(signature(each)).append('\n'));
      return out.append("}\n").toString();
    }
    Descriptor message = file.findMessageTypeByName(simple);
    if (message == null) {
      throw new AssertionError("neither a service nor a message: " + symbol);
    }
    StringBuilder out = new StringBuilder(symbol + " is a message:\nmessage " + simple + " {\n");
    for (FieldDescriptor field : message.getFields()) {
      out.append("  ").append(declaration(field)).append('\n');
    }
    return out.append("}\n").toString();
  }

  private static String signature(MethodDescriptor each) {
    return "rpc %s ( %s.%s ) returns ( %s.%s );"
        .formatted(
            each.getName(),
            each.isClientStreaming() ? "stream " : "",
            each.getInputType().getFullName(),
            each.isServerStreaming() ? "stream " : "",
            each.getOutputType().getFullName());
  }

  private static String declaration(FieldDescriptor field) {
    String type =
        switch (field.getJavaType()) {
          case MESSAGE -> "." + field.getMessageType().getFullName();
          case ENUM -> "." + field.getEnumType().getFullName();
          default ->
              field.getType().toProto().name().substring("TYPE_".length()).toLowerCase(Locale.ROOT);
        };
    return "%s%s %s = %d;"
        .formatted(field.isRepeated() ? "repeated " : "", type, field.getName(), field.getNumber());
  }

  /** A method as the gRPC client calls it. */
  static ServiceMethod<DynamicMessage, DynamicMessage> callable(MethodDescriptor method) {
    ServiceDescriptor service = method.getService();
    return ServiceMethod.client(
        ServiceName.create(service.getFullName()),
        method.getName(),
        GrpcMessageEncoder.encoder(),
        GrpcMessageDecoder.decoder(DynamicMessage.newBuilder(method.getOutputType())));
  }

  private ServiceDescriptor service(String name) {
    ServiceDescriptor found =
        fileOf(name).findServiceByName(name.substring(name.lastIndexOf('.') + 1));
    if (found == null) {
      throw new AssertionError("the server knows no service " + name);
    }
    return found;
  }

  private FileDescriptor fileOf(String symbol) {
    ServerReflectionResponse response =
        ask(ServerReflectionRequest.newBuilder().setFileContainingSymbol(symbol).build());
    return link(learn(response));
  }

  /** Keeps every file of an answer and returns the name of the first, the one asked for. */
  private String learn(ServerReflectionResponse response) {
    if (response.hasErrorResponse()) {
      throw new AssertionError("reflection refused: " + response);
    }
    String first = "";
    for (ByteString bytes : response.getFileDescriptorResponse().getFileDescriptorProtoList()) {
      try {
        FileDescriptorProto file = FileDescriptorProto.parseFrom(bytes);
        sources.put(file.getName(), file);
        first = first.isEmpty() ? file.getName() : first;
      } catch (InvalidProtocolBufferException e) {
        throw new AssertionError("reflection answered something that is no file", e);
      }
    }
    return first;
  }

  private FileDescriptor link(String name) {
    FileDescriptor known = files.get(name);
    if (known != null) {
      return known;
    }
    if (!sources.containsKey(name)) {
      learn(ask(ServerReflectionRequest.newBuilder().setFileByFilename(name).build()));
    }
    FileDescriptorProto source = sources.get(name);
    if (source == null) {
      throw new AssertionError("reflection does not know the imported file " + name);
    }
    FileDescriptor[] imports =
        source.getDependencyList().stream().map(this::link).toArray(FileDescriptor[]::new);
    try {
      FileDescriptor linked = FileDescriptor.buildFrom(source, imports);
      files.put(name, linked);
      return linked;
    } catch (DescriptorValidationException e) {
      throw new AssertionError("reflection's file " + name + " does not stand", e);
    }
  }

  private ServerReflectionResponse ask(ServerReflectionRequest request) {
    return rpc.call(server, method, request, Map.of(), TIMEOUT).message();
  }
}
