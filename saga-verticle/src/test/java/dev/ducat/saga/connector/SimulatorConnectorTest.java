package dev.ducat.saga.connector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ducat.kernel.bus.BusException;
import dev.ducat.kernel.sql.Await;
import dev.ducat.kernel.time.SystemClock;
import dev.ducat.proto.connector.v1.AuthorizeRequest;
import dev.ducat.proto.connector.v1.CaptureRequest;
import dev.ducat.proto.connector.v1.GetOperationRequest;
import dev.ducat.proto.connector.v1.OperationKind;
import dev.ducat.proto.connector.v1.OperationResult;
import dev.ducat.proto.connector.v1.RefundRequest;
import dev.ducat.proto.connector.v1.VoidRequest;
import dev.ducat.proto.internal.v1.ConnectorCall;
import dev.ducat.proto.type.v1.Money;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.junit5.VertxExtension;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(VertxExtension.class)
final class SimulatorConnectorTest {
  @TempDir Path folder;
  private Path journal;
  private SimulatorConnector one;
  private SimulatorConnector two;
  private final Queue<SimulatorConnector.Report> reports = new ConcurrentLinkedQueue<>();

  @BeforeEach
  void start(Vertx vertx) throws IOException {
    journal = folder.resolve("psp").resolve("journal");
    one = SimulatorConnector.start(vertx, new SystemClock(), journal, reports::add);
    two = SimulatorConnector.start(vertx, new SystemClock(), journal, reports::add);
  }

  @AfterEach
  void stop() {
    await(one.close());
    await(two.close());
  }

  @Test
  void aKeyTakesEffectOnceAcrossInstances() {
    List<Future<OperationResult>> asked = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      asked.add((i % 2 == 0 ? one : two).call(authorize("a" + i / 10, "sim_ok", 100)));
    }
    await(Future.join(asked));

    assertThat(asked).allMatch(answer -> answer.result().hasDone());
    SimulatorJournal read = SimulatorJournal.read(journal);
    assertThat(read.effectsByOperation()).hasSize(20);
    assertThat(read.entries()).hasSize(20);
  }

  @Test
  void anAuthorizeAfterItsVoidIsRefused() {
    OperationResult voided = await(one.call(release("v", "late")));
    OperationResult late = await(two.call(authorize("late", "sim_ok", 100)));

    assertThat(voided.getDone().getAmount().getMinorUnits()).isZero();
    assertThat(late.getDeclined().getReasonCode()).isEqualTo("VOIDED");
    assertThat(SimulatorJournal.read(journal).effectsByOperation()).isEmpty();
  }

  @Test
  void moneyMovesWithinWhatIsThere() {
    await(one.call(authorize("a", "sim_ok", 100)));
    assertThat(reason(one.call(capture("c0", "nothing", 100))))
        .isEqualTo("AUTHORIZATION_NOT_FOUND");
    assertThat(reason(one.call(capture("c1", "a", 101)))).isEqualTo("AMOUNT_EXCEEDED");
    assertThat(await(two.call(capture("c2", "a", 60))).hasDone()).isTrue();
    assertThat(reason(two.call(capture("c3", "a", 60)))).isEqualTo("AMOUNT_EXCEEDED");
    assertThat(await(two.call(release("v", "a"))).getDone().getAmount().getMinorUnits())
        .isEqualTo(40);
    assertThat(reason(two.call(capture("c4", "a", 1)))).isEqualTo("AUTHORIZATION_VOIDED");
    assertThat(reason(one.call(refund("r1", "a", 61)))).isEqualTo("AMOUNT_EXCEEDED");
    assertThat(await(one.call(refund("r2", "a", 60))).hasDone()).isTrue();

    assertThat(SimulatorJournal.read(journal).totalsByPayment())
        .containsOnly(Map.entry("pay_1", new SimulatorJournal.Totals(100, 60, 40, 60)));
  }

  @Test
  void totalsSayWhatIsHeldAndCharged() {
    SimulatorJournal.Totals totals = new SimulatorJournal.Totals(100, 60, 30, 20);
    assertThat(totals.held()).isEqualTo(10);
    assertThat(totals.charged()).isEqualTo(40);
  }

  @Test
  void errorsAreCountedPerOperationWhoeverIsAsked() {
    assertThat(await(one.call(authorize("e", "sim_error_2", 5))).hasRetryable()).isTrue();
    assertThat(await(two.call(authorize("e", "sim_error_2", 5))).hasRetryable()).isTrue();
    assertThat(await(one.call(authorize("e", "sim_error_2", 5))).hasDone()).isTrue();
    assertThat(await(two.call(authorize("e", "sim_error_2", 5))).hasDone()).isTrue();
  }

  @Test
  void saysWhatBecameOfAnOperationAndStartsNothing() {
    assertThat(await(one.call(question("q"))).hasNotFound()).isTrue();
    await(two.call(authorize("q", "sim_decline_authorize", 5)));
    assertThat(reason(one.call(question("q")))).isEqualTo("DECLINED");
    assertThat(reason(one.call(authorize("q2", "sim_nonsense", 5))))
        .isEqualTo("UNKNOWN_PAYMENT_METHOD");
  }

  @Test
  void theSecondVoidFreesNothing() {
    await(one.call(authorize("a", "sim_ok", 100)));
    assertThat(await(one.call(release("v1", "a"))).getDone().getAmount()).isEqualTo(euros(100));
    assertThat(await(two.call(release("v2", "a"))).getDone().getAmount()).isEqualTo(euros(0));
    assertThat(await(two.call(release("v1", "a"))).getDone().getAmount()).isEqualTo(euros(100));
  }

  @Test
  void anotherCurrencyOrNoAmountIsRefused() {
    await(one.call(authorize("a", "sim_ok", 100)));
    ConnectorCall.Builder dollars = capture("c", "a", 10).toBuilder();
    dollars.getCaptureBuilder().getAmountBuilder().setCurrencyCode("USD");
    assertThat(reason(one.call(dollars.build()))).isEqualTo("CURRENCY_MISMATCH");
    await(one.call(capture("c2", "a", 100)));
    ConnectorCall.Builder back = refund("r", "a", 10).toBuilder();
    back.getRefundBuilder().getAmountBuilder().setCurrencyCode("USD");
    assertThat(reason(one.call(back.build()))).isEqualTo("CURRENCY_MISMATCH");
    assertThat(reason(one.call(refund("r2", "a", 0)))).isEqualTo("INVALID_AMOUNT");
    assertThat(reason(one.call(authorize("none", "sim_ok", 0)))).isEqualTo("INVALID_AMOUNT");
    assertThat(reason(one.call(refund("r3", "nothing", 1)))).isEqualTo("CAPTURE_NOT_FOUND");
  }

  @Test
  void aKeyUsedAgainForSomethingElseGetsTheFirstAnswer() {
    await(one.call(authorize("a", "sim_ok", 100)));

    assertThat(await(two.call(authorize("a", "sim_ok", 900))).getDone().getAmount())
        .isEqualTo(euros(100));
    assertThat(await(two.call(capture("a", "a", 50))).getKind())
        .isEqualTo(OperationKind.OPERATION_KIND_AUTHORIZE);
    assertThat(SimulatorJournal.read(journal).entries()).hasSize(1);
  }

  @Test
  void thePayerActsByHimselfAndItIsReportedOnce() {
    OperationResult asked = await(one.call(authorize("act", "sim_action_60", 100)));
    OperationResult repeated = await(two.call(authorize("act", "sim_action_60", 100)));

    assertThat(asked.getPending().getNextAction().getUrl()).startsWith("https://");
    assertThat(repeated).isEqualTo(asked);
    assertThat(reason(one.call(capture("c", "act", 100)))).isEqualTo("AUTHORIZATION_NOT_FOUND");
    Awaitility.await().until(() -> reports.size() == 1);
    assertThat(reports.peek().paymentId()).isEqualTo("pay_1");
    assertThat(reports.peek().result()).isEqualTo(await(two.call(question("act"))));
    assertThat(await(one.call(capture("c2", "act", 100))).hasDone()).isTrue();
    assertThat(SimulatorJournal.read(journal).effectsByOperation()).containsEntry("act", 1);
    assertThat(reports).hasSize(1);
  }

  @Test
  void aVoidEndsWhatWaitsForThePayer() {
    await(one.call(authorize("act", "sim_action_900000", 100)));
    assertThat(await(two.call(release("v", "act"))).getDone().getAmount()).isEqualTo(euros(0));

    assertThat(reason(one.call(question("act")))).isEqualTo("VOIDED");
    assertThat(SimulatorJournal.read(journal).effectsByOperation()).isEmpty();
  }

  @Test
  void whatIsPendingIsDecidedAfterARestartToo(Vertx vertx) throws IOException {
    await(one.call(authorize("act", "sim_action_1", 100)));
    await(one.close());
    await(two.close());
    one = SimulatorConnector.start(vertx, new SystemClock(), journal, reports::add);
    two = SimulatorConnector.start(vertx, new SystemClock(), journal, reports::add);

    Awaitility.await().until(() -> await(one.call(question("act"))).hasDone());
  }

  @Test
  void aLateAuthorizeIsUnknownUntilItArrivesAndLosesAgainstAVoid() {
    Future<OperationResult> lost = one.call(authorize("late", "sim_late_50", 100));
    assertThat(await(one.call(question("late"))).hasNotFound()).isTrue();
    Awaitility.await().until(() -> await(two.call(question("late"))).hasDone());
    assertThat(lost.isComplete()).isFalse();
    assertThat(await(two.call(authorize("late", "sim_late_50", 100))).hasDone()).isTrue();

    one.call(authorize("lost", "sim_late_50", 100));
    await(two.call(release("v", "lost")));
    Awaitility.await().until(() -> await(two.call(question("lost"))).hasDeclined());
    assertThat(reason(one.call(question("lost")))).isEqualTo("VOIDED");
  }

  @Test
  void neverAWordOfIt() {
    Future<OperationResult> asked = one.call(authorize("dark", "sim_unknown_forever", 100));
    Future<OperationResult> again = two.call(authorize("dark", "sim_unknown_forever", 100));

    assertThatThrownBy(() -> await(two.call(question("dark")))).isInstanceOf(BusException.class);
    assertThat(asked.isComplete() || again.isComplete()).isFalse();
    assertThat(SimulatorJournal.read(journal).effectsByOperation()).containsEntry("dark", 1);
    assertThat(await(one.call(release("v", "dark"))).getDone().getAmount()).isEqualTo(euros(100));
  }

  @Test
  void everythingIsKnownAfterARestart(Vertx vertx) throws IOException {
    List<Future<OperationResult>> asked = new ArrayList<>();
    for (int i = 0; i < 5_000; i++) {
      asked.add(one.call(authorize("a" + i, "sim_ok", 1 + i)));
    }
    await(Future.join(asked));
    await(one.close());
    one = SimulatorConnector.start(vertx, new SystemClock(), journal);

    for (int i = 0; i < 5_000; i += 7) {
      assertThat(await(one.call(question("a" + i))).getDone().getAmount()).isEqualTo(euros(1 + i));
    }
    assertThat(await(one.call(question("a5000"))).hasNotFound()).isTrue();
  }

  @Test
  void aLineTornByACrashIsCutOff() throws IOException {
    await(one.call(authorize("a", "sim_ok", 100)));
    Files.writeString(journal, "2026-11-23T10:00:00Z\tb\tAUTHOR", StandardOpenOption.APPEND);
    assertThat(SimulatorJournal.read(journal).entries()).hasSize(1);

    assertThat(await(two.call(authorize("b", "sim_ok", 100))).hasDone()).isTrue();
    assertThat(await(one.call(question("b"))).hasDone()).isTrue();
    assertThat(SimulatorJournal.read(journal).effectsByOperation()).containsOnlyKeys("a", "b");
  }

  private static String reason(Future<OperationResult> answer) {
    return await(answer).getDeclined().getReasonCode();
  }

  private static <T> T await(Future<T> future) {
    return Await.result(future, Duration.ofSeconds(10));
  }

  private static ConnectorCall authorize(String key, String method, long amount) {
    return ConnectorCall.newBuilder()
        .setAuthorize(
            AuthorizeRequest.newBuilder()
                .setOperationKey(key)
                .setPaymentId("pay_1")
                .setPaymentMethod(method)
                .setAmount(euros(amount)))
        .build();
  }

  private static ConnectorCall capture(String key, String authorization, long amount) {
    return ConnectorCall.newBuilder()
        .setCapture(
            CaptureRequest.newBuilder()
                .setOperationKey(key)
                .setAuthorizationKey(authorization)
                .setPaymentId("pay_1")
                .setPaymentMethod("sim_ok")
                .setAmount(euros(amount)))
        .build();
  }

  private static ConnectorCall release(String key, String authorization) {
    return ConnectorCall.newBuilder()
        .setVoid(
            VoidRequest.newBuilder()
                .setOperationKey(key)
                .setAuthorizationKey(authorization)
                .setPaymentId("pay_1")
                .setAmount(euros(100)))
        .build();
  }

  private static ConnectorCall refund(String key, String authorization, long amount) {
    return ConnectorCall.newBuilder()
        .setRefund(
            RefundRequest.newBuilder()
                .setOperationKey(key)
                .setAuthorizationKey(authorization)
                .setPaymentId("pay_1")
                .setAmount(euros(amount)))
        .build();
  }

  private static ConnectorCall question(String key) {
    return ConnectorCall.newBuilder()
        .setGetOperation(
            GetOperationRequest.newBuilder()
                .setOperationKey(key)
                .setKind(OperationKind.OPERATION_KIND_AUTHORIZE))
        .build();
  }

  private static Money euros(long amount) {
    return Money.newBuilder().setCurrencyCode("EUR").setMinorUnits(amount).build();
  }
}
