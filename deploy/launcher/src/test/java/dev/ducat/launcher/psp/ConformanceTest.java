package dev.ducat.launcher.psp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ducat.gateway.ConnectorServer;
import dev.ducat.kernel.sql.Await;
import dev.ducat.kernel.time.SystemClock;
import dev.ducat.launcher.cli.Ducat;
import dev.ducat.launcher.client.DucatClient;
import dev.ducat.launcher.psp.Verdict.Result;
import dev.ducat.proto.connector.v1.Done;
import dev.ducat.proto.connector.v1.GetOperationRequest;
import dev.ducat.proto.connector.v1.NotFound;
import dev.ducat.proto.connector.v1.OperationKind;
import dev.ducat.proto.connector.v1.OperationResult;
import dev.ducat.proto.internal.v1.ConnectorCall;
import dev.ducat.saga.connector.ConnectorServiceMethods;
import dev.ducat.saga.connector.SimulatorConnector;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import io.vertx.core.net.SocketAddress;
import io.vertx.junit5.VertxExtension;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** The kit passes the simulator, and finds each defect that is planted in front of it. */
@ExtendWith(VertxExtension.class)
final class ConformanceTest {
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  /** Some hundred were enough to lose an answer before the client kept to its event loop. */
  private static final int ASKED = 3_000;

  /** What an adapter does with a call; the simulator does it right. */
  private interface Psp {
    Future<OperationResult> call(ConnectorCall call);
  }

  private final AtomicInteger calls = new AtomicInteger();

  @TempDir private Path folder = Path.of("unset");
  private Vertx vertx = Vertx.vertx();
  private SimulatorConnector simulator;

  @BeforeEach
  void start(Vertx opened) throws IOException {
    vertx = opened;
    simulator =
        SimulatorConnector.start(vertx, new SystemClock(), folder.resolve("psp").resolve("j"));
  }

  @AfterEach
  void stop() {
    Await.result(simulator.close(), PATIENCE);
  }

  @Test
  void theSimulatorKeepsEveryPromise() {
    List<Verdict> verdicts = check(simulator::call);

    assertThat(verdicts).hasSizeGreaterThan(20);
    assertThat(verdicts).allMatch(verdict -> verdict.result() == Result.PASSED);
  }

  /** What needs no disk is answered at once: sooner than a client may listen. */
  @Test
  void everyAnswerIsHeardHoweverSoonItComes() {
    ConnectorServer server = serve(simulator::call);
    try (DucatClient client = new DucatClient("conformance")) {
      SocketAddress address = SocketAddress.inetSocketAddress(server.port(), "127.0.0.1");
      for (int i = 0; i < ASKED; i++) {
        GetOperationRequest request =
            GetOperationRequest.newBuilder()
                .setOperationKey("never-" + i)
                .setKind(OperationKind.OPERATION_KIND_AUTHORIZE)
                .build();
        OperationResult answer =
            Await.result(
                    client.call(address, ConnectorServiceMethods.GET_OPERATION, request, PATIENCE),
                    PATIENCE)
                .message();
        assertThat(answer.hasNotFound()).as("call %d", i).isTrue();
      }
    } finally {
      Await.result(server.close(), PATIENCE);
    }
  }

  @Test
  void keysThatAreNotRememberedAreFound() {
    // Every attempt is a new operation; what it did is found under the key that came last.
    assertThat(
            failed(
                call -> simulator.call(renamed(call, key -> key + "#" + calls.incrementAndGet()))))
        .contains("authorize-again", "authorize-at-once", "key-reused", "answer-lost", "void");
  }

  @Test
  void aCaptureThatIsDoneTwiceIsFound() {
    assertThat(
            failed(
                call ->
                    call.hasCapture()
                        ? simulator
                            .call(renamed(call, key -> key + "#" + calls.incrementAndGet()))
                            .map(answer -> named(answer, call.getCapture().getOperationKey()))
                        : simulator.call(call)))
        .contains("capture-again", "capture-known");
  }

  @Test
  void aRefundThatIsDoneTwiceIsFound() {
    assertThat(
            failed(
                call ->
                    call.hasRefund()
                        ? simulator
                            .call(renamed(call, key -> key + "#" + calls.incrementAndGet()))
                            .map(answer -> named(answer, call.getRefund().getOperationKey()))
                        : simulator.call(call)))
        .contains("refund-again", "refund-known");
  }

  @Test
  void anAdapterThatSaysYesToEverythingIsFound() {
    assertThat(failed(call -> Future.succeededFuture(yes(call))))
        .contains(
            "not-found",
            "capture-above",
            "capture-currency",
            "capture-of-nothing",
            "void",
            "void-again",
            "void-before-authorize",
            "refund-above",
            "refund-currency",
            "refund-of-nothing");
  }

  @Test
  void aVoidWithoutTombstoneIsFound() {
    assertThat(
            failed(
                call ->
                    call.hasVoid() && call.getVoid().getAuthorizationKey().endsWith("v3")
                        ? Future.succeededFuture(yes(call).toBuilder().setDone(nothing()).build())
                        : simulator.call(call)))
        .containsExactly("void-before-authorize");
  }

  @Test
  void operationsThatCannotBeAskedAboutAreFound() {
    assertThat(
            failed(
                call ->
                    call.hasGetOperation()
                        ? Future.succeededFuture(
                            OperationResult.newBuilder()
                                .setOperationKey(call.getGetOperation().getOperationKey())
                                .setKind(call.getGetOperation().getKind())
                                .setNotFound(NotFound.getDefaultInstance())
                                .build())
                        : simulator.call(call)))
        .contains("get-operation", "capture-known", "refund-known", "void-again", "answer-lost");
  }

  @Test
  void anotherAmountIsFound() {
    assertThat(
            failed(
                call ->
                    simulator
                        .call(call)
                        .map(
                            answer -> {
                              OperationResult.Builder wrong = answer.toBuilder();
                              if (answer.hasDone()) {
                                wrong.getDoneBuilder().getAmountBuilder().setMinorUnits(999);
                              }
                              return wrong.build();
                            })))
        .contains("authorize", "void");
  }

  @Test
  void theCommandPrintsWhatWasExpectedAndExitsWithOne() {
    ConnectorServer server = serve(call -> Future.succeededFuture(yes(call)));
    String address = "127.0.0.1:" + server.port();
    StringWriter text = new StringWriter();
    StringWriter lines = new StringWriter();

    assertThat(run(text, "conformance", address)).isEqualTo(1);
    assertThat(run(lines, "conformance", address, "--json")).isEqualTo(1);
    assertThat(text.toString())
        .contains("FAILED   capture-above")
        .contains("  expected  Declined")
        .contains(" failed, 1 skipped");
    assertThat(lines.toString().lines().map(JsonObject::new))
        .hasSizeGreaterThan(20)
        .anyMatch(line -> line.getString("result").equals("failed"));
    assertThat(run(new StringWriter(), "conformance", "127.0.0.1:1")).isEqualTo(1);
    Await.result(server.close(), PATIENCE);
  }

  private static int run(StringWriter out, String... args) {
    CommandLine commandLine = Ducat.commandLine();
    commandLine.setOut(new PrintWriter(out));
    return commandLine.execute(args);
  }

  private List<String> failed(Psp psp) {
    return check(psp).stream()
        .filter(verdict -> verdict.result() == Result.FAILED)
        .map(Verdict::name)
        .toList();
  }

  private List<Verdict> check(Psp psp) {
    ConnectorServer server = serve(psp);
    try (DucatClient client = new DucatClient("conformance")) {
      return Conformance.check(
          client,
          SocketAddress.inetSocketAddress(server.port(), "127.0.0.1"),
          new Conformance.Options(
              "sim_ok",
              "sim_decline_authorize",
              "EUR",
              "USD",
              Duration.ofSeconds(5),
              UUID.randomUUID().toString()));
    } finally {
      Await.result(server.close(), PATIENCE);
    }
  }

  private ConnectorServer serve(Psp psp) {
    return Await.result(
        ConnectorServer.start(
            vertx, new SystemClock(), "127.0.0.1", 0, SimulatorConnector.capabilities(), psp::call),
        PATIENCE);
  }

  private static ConnectorCall renamed(ConnectorCall call, UnaryOperator<String> name) {
    ConnectorCall.Builder renamed = call.toBuilder();
    switch (call.getCallCase()) {
      case AUTHORIZE -> renamed.getAuthorizeBuilder().setOperationKey(name.apply(keyOf(call)));
      case CAPTURE -> renamed.getCaptureBuilder().setOperationKey(name.apply(keyOf(call)));
      case VOID -> renamed.getVoidBuilder().setOperationKey(name.apply(keyOf(call)));
      case REFUND -> renamed.getRefundBuilder().setOperationKey(name.apply(keyOf(call)));
      case GET_OPERATION, CALL_NOT_SET -> {}
    }
    return renamed.build();
  }

  private static OperationResult named(OperationResult answer, String key) {
    return answer.toBuilder().setOperationKey(key).build();
  }

  private static OperationResult yes(ConnectorCall call) {
    Done.Builder done = Done.newBuilder().setConnectorReference("yes-" + keyOf(call));
    switch (call.getCallCase()) {
      case AUTHORIZE -> done.setAmount(call.getAuthorize().getAmount());
      case CAPTURE -> done.setAmount(call.getCapture().getAmount());
      case VOID -> done.setAmount(call.getVoid().getAmount());
      case REFUND -> done.setAmount(call.getRefund().getAmount());
      case GET_OPERATION, CALL_NOT_SET -> {}
    }
    return OperationResult.newBuilder()
        .setOperationKey(keyOf(call))
        .setKind(OperationKind.OPERATION_KIND_AUTHORIZE)
        .setDone(done)
        .build();
  }

  private static Done nothing() {
    return Done.newBuilder().setConnectorReference("nothing").build();
  }

  private static String keyOf(ConnectorCall call) {
    return switch (call.getCallCase()) {
      case AUTHORIZE -> call.getAuthorize().getOperationKey();
      case CAPTURE -> call.getCapture().getOperationKey();
      case VOID -> call.getVoid().getOperationKey();
      case REFUND -> call.getRefund().getOperationKey();
      case GET_OPERATION -> call.getGetOperation().getOperationKey();
      case CALL_NOT_SET -> "";
    };
  }
}
