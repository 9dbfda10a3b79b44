package dev.ducat.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.Descriptors.MethodDescriptor;
import com.google.rpc.Code;
import com.google.rpc.ErrorInfo;
import dev.ducat.gateway.RawGrpc.Reply;
import dev.ducat.proto.connector.v1.ConnectorCallbackServiceGrpcService;
import dev.ducat.proto.ledger.v1.CreateTransfersRequest;
import dev.ducat.proto.operations.v1.OperationsServiceGrpcService;
import dev.ducat.proto.payments.v1.Payment;
import dev.ducat.proto.payments.v1.PaymentServiceGrpcService;
import io.vertx.core.MultiMap;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.Http2Settings;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpVersion;
import io.vertx.junit5.VertxExtension;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every trap of a gRPC server that was measured, sprung by hand-made HTTP/2. */
@ExtendWith(VertxExtension.class)
class GrpcTrapsTest {
  private static final int LEDGER_BYTES = 1024 * 1024;

  private static Vertx clients;
  private static RunningGateway gateway;

  @BeforeAll
  static void start(Vertx vertx) {
    clients = vertx;
    gateway = RunningGateway.start(vertx, settings -> settings.withLinger(Duration.ofMillis(500)));
  }

  @AfterAll
  static void stop() {
    gateway.close();
  }

  private static void nothingWasExecuted(String key) {
    assertThat(gateway.payments().asked)
        .noneMatch(each -> each.getCreate().getRequest().getIdempotencyKey().equals(key));
  }

  private static Buffer message(String key) {
    return RawGrpc.frame(Requests.create(key).build());
  }

  @Test
  void refusesASecondMessageAndExecutesNothing() {
    Reply reply =
        gateway.client().call(Requests.CREATE, RawGrpc.head(), message("two-a"), message("two-b"));
    assertThat(reply.status()).isEqualTo(Code.INVALID_ARGUMENT_VALUE);
    assertThat(reply.reason()).isEqualTo("INVALID_REQUEST");
    nothingWasExecuted("two-a");
    nothingWasExecuted("two-b");
  }

  @Test
  void refusesACallWithoutMessage() {
    Reply reply = gateway.client().call(Requests.CREATE, RawGrpc.head());
    assertThat(reply.status()).isEqualTo(Code.INVALID_ARGUMENT_VALUE);
    assertThat(reply.reason()).isEqualTo("INVALID_REQUEST");
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 4, 5, 20})
  void refusesATruncatedMessage(int bytes) {
    Buffer cut = message("cut-" + bytes).getBuffer(0, bytes);
    Reply reply = gateway.client().call(Requests.CREATE, RawGrpc.head(), cut);
    assertThat(reply.status()).isEqualTo(Code.INVALID_ARGUMENT_VALUE);
    nothingWasExecuted("cut-" + bytes);
  }

  @Test
  void takesAMessageHoweverItIsCut() {
    Buffer whole = message("byte-by-byte");
    Buffer[] bytes = new Buffer[whole.length()];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = whole.getBuffer(i, i + 1);
    }
    Payment payment =
        gateway.client().call(Requests.CREATE, RawGrpc.head(), bytes).only(Payment.parser());
    assertThat(payment.getIdempotencyKey()).isEqualTo("byte-by-byte");
  }

  @Test
  void answersACallThatNeverEndsAtItsDeadline() {
    HttpClientRequest open =
        RawGrpc.await(gateway.client().open(Requests.CREATE, RawGrpc.head("grpc-timeout", "300m")));
    var reply = RawGrpc.reply(open);
    long began = System.nanoTime();
    open.write(message("never-ends"));
    assertThat(RawGrpc.await(reply).status()).isEqualTo(Code.DEADLINE_EXCEEDED_VALUE);
    assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofMillis(800));
    nothingWasExecuted("never-ends");
  }

  @ParameterizedTest
  @ValueSource(strings = {"gzip", "deflate", "snappy", "identity, gzip", ""})
  void refusesEveryEncodingButIdentityBeforeTheBody(String encoding) {
    HttpClientRequest open =
        RawGrpc.await(
            gateway.client().open(Requests.CREATE, RawGrpc.head("grpc-encoding", encoding)));
    var answer = RawGrpc.reply(open);
    // The head alone: not a byte of a body, and no end.
    open.sendHead();
    Reply reply = RawGrpc.await(answer);
    assertThat(reply.status()).isEqualTo(Code.UNIMPLEMENTED_VALUE);
    assertThat(reply.reason()).isEqualTo("ENCODING_NOT_SUPPORTED");
    assertThat(reply.headers().get("grpc-accept-encoding")).isEqualTo("identity");
  }

  @Test
  void refusesASmallFrameThatWouldInflateToALargeMessage() throws IOException {
    ByteArrayOutputStream bomb = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(bomb)) {
      gzip.write(new byte[64 * 1024 * 1024]);
    }
    Buffer frame =
        Buffer.buffer().appendByte((byte) 1).appendInt(bomb.size()).appendBytes(bomb.toByteArray());
    Reply declared =
        gateway.client().call(Requests.CREATE, RawGrpc.head("grpc-encoding", "gzip"), frame);
    assertThat(declared.status()).isEqualTo(Code.UNIMPLEMENTED_VALUE);
    Reply undeclared = gateway.client().call(Requests.CREATE, RawGrpc.head(), frame);
    assertThat(undeclared.status()).isEqualTo(Code.UNIMPLEMENTED_VALUE);
    assertThat(undeclared.headers().get("grpc-accept-encoding")).isEqualTo("identity");
  }

  @Test
  void refusesAMessageMarkedInAnUnknownWay() {
    Buffer frame = message("flag").setByte(0, (byte) 2);
    Reply reply = gateway.client().call(Requests.CREATE, RawGrpc.head(), frame);
    assertThat(reply.status()).isEqualTo(Code.INVALID_ARGUMENT_VALUE);
    nothingWasExecuted("flag");
  }

  @Test
  void refusesWhatIsNoProtobuf() {
    byte[] garbage = {(byte) 0xff, (byte) 0xff, (byte) 0xff, 1, 2, 3};
    Reply reply = gateway.client().call(Requests.CREATE, RawGrpc.head(), RawGrpc.frame(garbage));
    assertThat(reply.status()).isEqualTo(Code.INVALID_ARGUMENT_VALUE);
    assertThat(reply.reason()).isEqualTo("INVALID_REQUEST");
  }

  @Test
  void refusesTextThatIsNotUtf8() {
    byte[] badKey = {0x0a, 2, (byte) 0xc3, (byte) 0x28};
    Reply reply = gateway.client().call(Requests.CREATE, RawGrpc.head(), RawGrpc.frame(badKey));
    assertThat(reply.status()).isEqualTo(Code.INVALID_ARGUMENT_VALUE);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "m", "10", "10x", "-1S", "1.5S", "123456789m", "ten S", "10 m"})
  void refusesATimeoutThatIsNone(String timeout) {
    String key = "timeout-" + timeout.length() + timeout.hashCode();
    Reply reply =
        gateway.client().call(Requests.CREATE, RawGrpc.head("grpc-timeout", timeout), message(key));
    assertThat(reply.status()).isEqualTo(Code.INVALID_ARGUMENT_VALUE);
    nothingWasExecuted(key);
  }

  @ParameterizedTest
  @ValueSource(strings = {"0S", "0m", "999u", "999999n", "00000000H"})
  void doesNothingForACallWithoutTime(String timeout) {
    Reply reply =
        gateway
            .client()
            .call(Requests.CREATE, RawGrpc.head("grpc-timeout", timeout), message("no-" + timeout));
    assertThat(reply.status()).isEqualTo(Code.DEADLINE_EXCEEDED_VALUE);
    assertThat(reply.reason()).isEqualTo("DEADLINE_EXCEEDED");
    nothingWasExecuted("no-" + timeout);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "application/grpc+json",
        "application/grpc-web",
        "application/grpc-web+proto",
        "application/grpc-web-text",
        "application/grpc; charset=utf-8",
        "application/json",
        "application/grpcx",
        ""
      })
  void speaksGrpcWithProtobufOnly(String contentType) {
    Reply reply =
        gateway
            .client()
            .call(Requests.CREATE, RawGrpc.head("content-type", contentType), message("json"));
    assertThat(reply.httpStatus()).isEqualTo(415);
    nothingWasExecuted("json");
  }

  @Test
  void takesTheLongNameOfProtobuf() {
    MultiMap head = RawGrpc.head("content-type", "application/grpc+proto");
    Reply reply = gateway.client().call(Requests.CREATE, head, message("plus-proto"));
    assertThat(reply.status()).isZero();
  }

  @Test
  void refusesOtherMethodsThanPost() {
    HttpClientRequest get =
        RawGrpc.await(gateway.client().open(HttpMethod.GET, Requests.CREATE, RawGrpc.head()));
    var reply = RawGrpc.reply(get);
    get.end();
    assertThat(RawGrpc.await(reply).httpStatus()).isEqualTo(405);
  }

  @Test
  void refusesHttp1() {
    var http1 =
        clients.createHttpClient(
            new HttpClientOptions()
                .setDefaultHost("127.0.0.1")
                .setDefaultPort(gateway.client().port()));
    int status =
        RawGrpc.await(
            http1
                .request(HttpMethod.POST, Requests.CREATE)
                .compose(
                    request ->
                        request
                            .putHeader("content-type", "application/grpc")
                            .putHeader("te", "trailers")
                            .send(message("http1")))
                .map(response -> response.statusCode()));
    assertThat(status).isEqualTo(505);
    nothingWasExecuted("http1");
    RawGrpc.await(http1.close());
  }

  @Test
  void refusesACallThroughAProxyThatDropsTrailers() {
    MultiMap head = RawGrpc.head().remove("te");
    Reply reply = gateway.client().call(Requests.CREATE, head, message("no-te"));
    assertThat(reply.status()).isEqualTo(Code.INVALID_ARGUMENT_VALUE);
    nothingWasExecuted("no-te");
  }

  @Test
  void showsAnOpaqueErrorIdForADefect() {
    var ordinary = gateway.payments().shard;
    gateway.payments().shard =
        request -> {
          throw new IllegalStateException("secret internals");
        };
    try {
      Reply reply = gateway.client().call(Requests.CREATE, Requests.create("defect").build());
      assertThat(reply.status()).isEqualTo(Code.INTERNAL_VALUE);
      ErrorInfo info = reply.detail(ErrorInfo.getDefaultInstance());
      assertThat(info.getMetadataOrThrow("error_id")).hasSize(36);
      assertThat(reply.details().toString()).doesNotContain("secret");
    } finally {
      gateway.payments().shard = ordinary;
    }
  }

  @Test
  void refusesALongMessageOnItsPrefixAlone() {
    HttpClientRequest open = RawGrpc.await(gateway.client().open(Requests.CREATE, RawGrpc.head()));
    var answer = RawGrpc.reply(open);
    open.write(Buffer.buffer().appendByte((byte) 0).appendInt(64 * 1024 + 1));
    Reply reply = RawGrpc.await(answer);
    assertThat(reply.status()).isEqualTo(Code.RESOURCE_EXHAUSTED_VALUE);
    assertThat(reply.reason()).isEqualTo("MESSAGE_TOO_LARGE");
  }

  @Test
  void takesLengthsAsUnsigned() {
    Buffer prefix = Buffer.buffer().appendByte((byte) 0).appendInt(-1);
    Reply reply = gateway.client().call(Requests.CREATE, RawGrpc.head(), prefix);
    assertThat(reply.status()).isEqualTo(Code.RESOURCE_EXHAUSTED_VALUE);
  }

  @Test
  void takesOneMebibyteForTheLedgerAndNotAByteMore() {
    String path = "/ducat.ledger.v1.LedgerService/CreateTransfers";
    // As large as allowed: read whole, and then refused for what it says.
    Reply largest =
        gateway.client().call(path, RawGrpc.head(), RawGrpc.frame(padded(LEDGER_BYTES)));
    assertThat(largest.status()).isEqualTo(Code.INVALID_ARGUMENT_VALUE);
    assertThat(largest.fields()).contains("transfers[0].description");
    Reply larger =
        gateway.client().call(path, RawGrpc.head(), RawGrpc.frame(padded(LEDGER_BYTES + 1)));
    assertThat(larger.status()).isEqualTo(Code.RESOURCE_EXHAUSTED_VALUE);
  }

  private static byte[] padded(int bytes) {
    int text = bytes - 16;
    while (true) {
      CreateTransfersRequest.Builder request = CreateTransfersRequest.newBuilder();
      request.addTransfersBuilder().setDescription("x".repeat(text));
      byte[] message = request.build().toByteArray();
      if (message.length == bytes) {
        return message;
      }
      text += bytes - message.length;
    }
  }

  @Test
  void resetsAClientThatGoesOnAfterItsStatusAndKeepsTheConnection() {
    HttpClientRequest open =
        RawGrpc.await(
            gateway.client().open(Requests.CREATE, RawGrpc.head("grpc-encoding", "gzip")));
    var reset = new java.util.concurrent.atomic.AtomicBoolean();
    var answer = RawGrpc.reply(open);
    open.exceptionHandler(broken -> reset.set(true));
    open.sendHead();
    assertThat(RawGrpc.await(answer).status()).isEqualTo(Code.UNIMPLEMENTED_VALUE);
    Buffer flood = Buffer.buffer(new byte[16 * 1024]);
    await()
        .atMost(Duration.ofSeconds(10))
        .pollInterval(Duration.ofMillis(5))
        .until(
            () -> {
              open.write(flood);
              return reset.get();
            });
    Reply next = gateway.client().call(Requests.CREATE, Requests.create("after-flood").build());
    assertThat(next.status()).isZero();
  }

  @Test
  void survivesAFloodOfResets() throws IOException {
    try (RawGrpc flooding = new RawGrpc(clients, gateway.client().port())) {
      List<HttpClientRequest> opened = new ArrayList<>();
      for (int i = 0; i < 400; i++) {
        flooding
            .open(Requests.CREATE, RawGrpc.head())
            .onSuccess(
                request -> {
                  request.exceptionHandler(expected -> {});
                  request.connection().exceptionHandler(expected -> {});
                  opened.add(request);
                  request.sendHead().onComplete(done -> request.reset(8));
                });
      }
      await().atMost(Duration.ofSeconds(10)).until(() -> opened.size() > 150);
      Reply other = gateway.client().call(Requests.CREATE, Requests.create("other-conn").build());
      assertThat(other.status()).isZero();
    }
    permitsComeBack();
  }

  private static void permitsComeBack() {
    var gauge = gateway.testNode().node().meters().get("ducat.gateway.calls.in.flight").gauge();
    await().atMost(Duration.ofSeconds(10)).until(() -> gauge.value() == 0);
  }

  /** The windows of the client are shut: the answer is written and cannot leave. */
  @Test
  void givesThePermitBackWhenTheClientDoesNotRead() {
    var http =
        clients.createHttpClient(
            new HttpClientOptions()
                .setProtocolVersion(HttpVersion.HTTP_2)
                .setHttp2ClearTextUpgrade(false)
                .setInitialSettings(new Http2Settings().setInitialWindowSize(0))
                .setDefaultHost("127.0.0.1")
                .setDefaultPort(gateway.client().port()));
    HttpClientRequest open = RawGrpc.await(http.request(HttpMethod.POST, Requests.CREATE));
    open.exceptionHandler(expected -> {});
    open.connection().exceptionHandler(expected -> {});
    RawGrpc.head().forEach(each -> open.putHeader(each.getKey(), each.getValue()));
    open.end(message("does-not-read"));
    var gauge = gateway.testNode().node().meters().get("ducat.gateway.calls.in.flight").gauge();
    await()
        .until(
            () ->
                gateway.payments().asked.stream()
                    .anyMatch(
                        each ->
                            each.getCreate()
                                .getRequest()
                                .getIdempotencyKey()
                                .equals("does-not-read")));
    assertThat(gauge.value()).isEqualTo(1);
    permitsComeBack();
    RawGrpc.await(http.close());
  }

  @Test
  void takesAnUpgradeFromHttp1() {
    var http =
        clients.createHttpClient(
            new HttpClientOptions()
                .setProtocolVersion(HttpVersion.HTTP_2)
                .setHttp2ClearTextUpgrade(true)
                .setDefaultHost("127.0.0.1")
                .setDefaultPort(gateway.client().port()));
    HttpClientRequest open = RawGrpc.await(http.request(HttpMethod.POST, Requests.CREATE));
    RawGrpc.head().forEach(each -> open.putHeader(each.getKey(), each.getValue()));
    var reply = RawGrpc.reply(open);
    open.end(message("upgraded"));
    assertThat(RawGrpc.await(reply).only(Payment.parser()).getIdempotencyKey())
        .isEqualTo("upgraded");
    permitsComeBack();
    RawGrpc.await(http.close());
  }

  @Test
  void namesManyFaultsWithinWhatAHeaderBlockHolds() {
    CreateTransfersRequest.Builder request = CreateTransfersRequest.newBuilder();
    for (int i = 0; i < 1_000; i++) {
      request.addTransfersBuilder();
    }
    Reply reply =
        gateway.client().call("/ducat.ledger.v1.LedgerService/CreateTransfers", request.build());
    assertThat(reply.status()).isEqualTo(Code.INVALID_ARGUMENT_VALUE);
    assertThat(reply.fields()).hasSize(16);
    assertThat(reply.headers().get("grpc-status-details-bin").length()).isLessThan(6_000);
  }

  @Test
  void refusesAHeadThatIsTooLong() {
    var reply =
        gateway
            .client()
            .callAsync(Requests.CREATE, RawGrpc.head("x", "y".repeat(9_000)), message("long-head"))
            .otherwiseEmpty();
    // Whether as a status or by reset: it is not executed, and the next call is.
    RawGrpc.await(reply);
    nothingWasExecuted("long-head");
    assertThat(
            gateway.client().call(Requests.CREATE, Requests.create("after-head").build()).status())
        .isZero();
  }

  @Test
  void answersWithinAShortDeadline() {
    Reply reply =
        gateway
            .client()
            .call(Requests.CREATE, RawGrpc.head("grpc-timeout", "90m"), message("short-deadline"));
    assertThat(reply.status()).isZero();
  }

  @Test
  void givesThePermitBackWhenTheClientIsGone() {
    HttpClientRequest open = RawGrpc.await(gateway.client().open(Requests.CREATE, RawGrpc.head()));
    open.exceptionHandler(expected -> {});
    RawGrpc.await(open.write(message("gone").getBuffer(0, 7)));
    var gauge = gateway.testNode().node().meters().get("ducat.gateway.calls.in.flight").gauge();
    await().atMost(Duration.ofSeconds(10)).until(() -> gauge.value() == 1);
    open.reset(8);
    permitsComeBack();
    nothingWasExecuted("gone");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/ducat.payments.v1.PaymentService/NoSuchMethod",
        "/ducat.payments.v1.NoSuchService/CreatePayment",
        "/CreatePayment",
        "/",
        "/ducat.payments.v1.PaymentService/CreatePayment?a=b/c",
        "/ducat.operations.v1.OperationsService/ListSagas"
      })
  void knowsNoOtherMethods(String path) {
    Reply reply = gateway.client().call(path, RawGrpc.head(), message("unknown"));
    assertThat(reply.status()).isEqualTo(Code.UNIMPLEMENTED_VALUE);
    assertThat(reply.reason()).isEqualTo("METHOD_UNKNOWN");
  }

  static Stream<String> notImplemented() {
    Set<String> done =
        Set.of(
            "CreatePayment",
            "GetPayment",
            "LookupPayment",
            "ListPayments",
            "WatchPayment",
            "CapturePayment",
            "CancelPayment",
            "RefundPayment",
            "GetRefund",
            "ListRefunds",
            "ReportOperation",
            "ExplainPayment",
            "VerifyLedger",
            "ListSagas",
            "GetSaga",
            "RetrySaga",
            "CompensateSaga",
            "ResolveSaga",
            "GetRelayStatus",
            "ListDeadEvents",
            "RedriveEvent");
    return Stream.of(
            PaymentServiceGrpcService.SERVICE_DESCRIPTOR,
            ConnectorCallbackServiceGrpcService.SERVICE_DESCRIPTOR,
            OperationsServiceGrpcService.SERVICE_DESCRIPTOR)
        .flatMap(service -> service.getMethods().stream())
        .filter(method -> !done.contains(method.getName()))
        .map(MethodDescriptor::getFullName);
  }

  @ParameterizedTest
  @MethodSource
  void notImplemented(String fullName) {
    int dot = fullName.lastIndexOf('.');
    String path = "/" + fullName.substring(0, dot) + "/" + fullName.substring(dot + 1);
    RawGrpc port = fullName.contains("Operations") ? gateway.operations() : gateway.client();
    Reply reply = port.call(path, RawGrpc.head(), RawGrpc.frame(new byte[0]));
    assertThat(reply.status()).isEqualTo(Code.UNIMPLEMENTED_VALUE);
    assertThat(reply.reason()).isEqualTo("NOT_IMPLEMENTED");
  }

  @Test
  void writesTheMessageAsPercentEncodedText() {
    Reply reply = gateway.client().call("/ü%/x", RawGrpc.head(), RawGrpc.frame(new byte[0]));
    String message = reply.headers().get("grpc-message");
    assertThat(message).matches("[ -~]+");
    assertThat(reply.details().getMessage().getBytes(StandardCharsets.UTF_8)).isNotEmpty();
  }
}
