package dev.ducat.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.rpc.Code;
import dev.ducat.gateway.RawGrpc.Reply;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.grpc.reflection.v1.ExtensionRequest;
import io.vertx.grpc.reflection.v1.ServerReflectionRequest;
import io.vertx.grpc.reflection.v1.ServerReflectionResponse;
import io.vertx.grpc.reflection.v1.ServiceResponse;
import io.vertx.junit5.VertxExtension;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What grpcurl and its like ask before their first call. */
@ExtendWith(VertxExtension.class)
class ReflectionTest {
  private static RunningGateway gateway;

  @BeforeAll
  static void start(Vertx vertx) {
    gateway = RunningGateway.start(vertx);
  }

  @AfterAll
  static void stop() {
    gateway.close();
  }

  private static String path(String version) {
    return "/grpc.reflection." + version + ".ServerReflection/ServerReflectionInfo";
  }

  private static List<ServerReflectionResponse> ask(
      RawGrpc port, String version, ServerReflectionRequest.Builder... questions) {
    Buffer[] frames = new Buffer[questions.length];
    for (int i = 0; i < frames.length; i++) {
      frames[i] = RawGrpc.frame(questions[i].setHost("h" + i).build());
    }
    Reply reply = port.call(path(version), RawGrpc.head(), frames);
    assertThat(reply.status()).isZero();
    return reply.messages(ServerReflectionResponse.parser());
  }

  private static ServerReflectionRequest.Builder q() {
    return ServerReflectionRequest.newBuilder();
  }

  @ParameterizedTest
  @ValueSource(strings = {"v1", "v1alpha"})
  void listsTheServicesOfEachPort(String version) {
    assertThat(services(gateway.client(), version))
        .containsExactly(
            "ducat.connector.v1.ConnectorCallbackService",
            "ducat.ledger.v1.LedgerService",
            "ducat.payments.v1.PaymentService",
            "grpc.health.v1.Health",
            "grpc.reflection.v1.ServerReflection",
            "grpc.reflection.v1alpha.ServerReflection");
    assertThat(services(gateway.operations(), version))
        .contains("ducat.operations.v1.OperationsService")
        .doesNotContain("ducat.payments.v1.PaymentService");
  }

  private static List<String> services(RawGrpc port, String version) {
    return ask(port, version, q().setListServices(""))
        .getFirst()
        .getListServicesResponse()
        .getServiceList()
        .stream()
        .map(ServiceResponse::getName)
        .toList();
  }

  @ParameterizedTest
  @ValueSource(strings = {"v1", "v1alpha"})
  void answersManyQuestionsOnOneStream(String version) throws Exception {
    List<ServerReflectionResponse> answers =
        ask(
            gateway.client(),
            version,
            q().setListServices(""),
            q().setFileContainingSymbol("ducat.payments.v1.PaymentService"),
            q().setFileContainingSymbol("ducat.payments.v1.PaymentService.CreatePayment"),
            q().setFileContainingSymbol("ducat.type.v1.Money"),
            q().setFileContainingSymbol("ducat.payments.v1.PaymentState"),
            q().setFileByFilename("ducat/ledger/v1/ledger.proto"),
            q().setFileContainingSymbol("no.such.Symbol"),
            q().setFileByFilename("no/such.proto"),
            q().setFileContainingExtension(
                    ExtensionRequest.newBuilder()
                        .setContainingType("google.protobuf.FieldOptions")
                        .setExtensionNumber(1)),
            q().setAllExtensionNumbersOfType("ducat.type.v1.Money"),
            q().setAllExtensionNumbersOfType("no.such.Type"),
            q());
    assertThat(answers).hasSize(12);
    for (int i = 0; i < answers.size(); i++) {
      assertThat(answers.get(i).getValidHost()).isEqualTo("h" + i);
    }
    for (int i = 1; i <= 5; i++) {
      assertThat(files(answers.get(i))).isNotEmpty();
    }
    assertThat(files(answers.get(3))).containsExactly("ducat/type/v1/money.proto");
    assertThat(files(answers.get(1)))
        .contains("ducat/payments/v1/payment_service.proto", "ducat/type/v1/money.proto");
    assertThat(answers.get(9).getAllExtensionNumbersResponse().getBaseTypeName())
        .isEqualTo("ducat.type.v1.Money");
    for (int i : List.of(6, 7, 8, 10)) {
      assertThat(answers.get(i).getErrorResponse().getErrorCode()).isEqualTo(Code.NOT_FOUND_VALUE);
    }
    assertThat(answers.get(11).getErrorResponse().getErrorCode())
        .isEqualTo(Code.INVALID_ARGUMENT_VALUE);
  }

  @Test
  void everyServiceCanBeUnderstoodFromOneAnswer() throws Exception {
    for (RawGrpc port : List.of(gateway.client(), gateway.operations())) {
      for (String service : services(port, "v1")) {
        ServerReflectionResponse answer =
            ask(port, "v1", q().setFileContainingSymbol(service)).getFirst();
        Set<String> there = new HashSet<>(files(answer));
        for (FileDescriptorProto file : protos(answer)) {
          assertThat(there).as(service).containsAll(file.getDependencyList());
        }
      }
    }
  }

  @Test
  void speaksV1alphaUnderItsOwnName() throws Exception {
    ServerReflectionResponse answer =
        ask(
                gateway.client(),
                "v1alpha",
                q().setFileContainingSymbol("grpc.reflection.v1alpha.ServerReflection"))
            .getFirst();
    FileDescriptorProto file = protos(answer).getFirst();
    assertThat(file.getPackage()).isEqualTo("grpc.reflection.v1alpha");
    assertThat(file.getService(0).getMethod(0).getInputType())
        .isEqualTo(".grpc.reflection.v1alpha.ServerReflectionRequest");
  }

  @Test
  void refusesAQuestionThatIsCutOff() {
    Buffer whole = RawGrpc.frame(q().setListServices("").build());
    Reply reply =
        gateway
            .client()
            .call(path("v1"), RawGrpc.head(), whole, whole.getBuffer(0, whole.length() - 1));
    assertThat(reply.status()).isEqualTo(Code.INVALID_ARGUMENT_VALUE);
    assertThat(reply.messages(ServerReflectionResponse.parser())).hasSize(1);
  }

  private static List<FileDescriptorProto> protos(ServerReflectionResponse answer)
      throws Exception {
    List<FileDescriptorProto> all = new java.util.ArrayList<>();
    for (ByteString bytes : answer.getFileDescriptorResponse().getFileDescriptorProtoList()) {
      all.add(FileDescriptorProto.parseFrom(bytes));
    }
    return all;
  }

  private static List<String> files(ServerReflectionResponse answer) throws Exception {
    return protos(answer).stream().map(FileDescriptorProto::getName).toList();
  }
}
