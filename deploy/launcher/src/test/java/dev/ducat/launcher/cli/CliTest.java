package dev.ducat.launcher.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.ducat.kernel.id.IdKind;
import dev.ducat.kernel.sql.PgSettings;
import dev.ducat.launcher.testing.TestHouse;
import io.vertx.core.json.JsonObject;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** The commands as a person types them, against a real node. */
final class CliTest {
  @TempDir private static Path data = Path.of("unset");

  private static @Nullable TestHouse house;

  private record Result(int code, String out, String err) {}

  @BeforeAll
  static void start() {
    house =
        TestHouse.start(
            data,
            "0bp+0",
            Map.of(
                "DUCAT_CONNECTORS_SIMULATOR_DEADLINE", "500ms",
                "DUCAT_CONNECTORS_SIMULATOR_UNKNOWN_MAX", "500ms"));
  }

  @AfterAll
  static void stop() {
    if (house != null) {
      house.close();
    }
  }

  private static Result ducat(String... words) {
    List<String> all = new ArrayList<>(Arrays.asList(words));
    all.add("--data");
    all.add(data.toString());
    return plain(all.toArray(String[]::new));
  }

  private static Result plain(String... words) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    CommandLine commandLine =
        Ducat.commandLine().setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true));
    int code = commandLine.execute(words);
    return new Result(code, out.toString(), err.toString());
  }

  private static Result pay(String key, String amount, String method, String... more) {
    List<String> words =
        new ArrayList<>(
            List.of(
                "pay",
                "--amount",
                amount,
                "--currency",
                "EUR",
                "--method",
                method,
                "--merchant",
                "acme",
                "--key",
                key));
    words.addAll(Arrays.asList(more));
    return ducat(words.toArray(String[]::new));
  }

  private static String idOf(Result result) {
    return new JsonObject(result.out()).getString("paymentId");
  }

  @Test
  void payingTwiceWithOneKeyPaysOnceAndSaysSo() {
    Result first = pay("k1", "12.50", "sim_ok");
    Result second = pay("k1", "12.50", "sim_ok");

    assertThat(first.code()).isZero();
    assertThat(first.out()).contains("SETTLED", "12.50 EUR", "k1").doesNotContain("replayed");
    assertThat(second.code()).isZero();
    assertThat(second.out()).contains("(replayed)");
    assertThat(second.out().replace("  (replayed)", "")).isEqualTo(first.out());
  }

  @Test
  void aKeyReusedWithAnotherAmountIsRefusedNamingTheField() {
    pay("k2", "12.50", "sim_ok");

    Result refused = pay("k2", "13.50", "sim_ok");

    assertThat(refused.code()).isEqualTo(1);
    assertThat(refused.out()).isEmpty();
    assertThat(refused.err()).contains("IDEMPOTENCY_KEY_REUSED", "amount").doesNotContain("\tat ");
  }

  @Test
  void aDeclineIsAResultWithItsOwnExitCode() {
    Result declined = pay("k3", "5.00", "sim_decline_capture");

    assertThat(declined.code()).isEqualTo(2);
    assertThat(declined.out()).contains("FAILED", "DECLINED at capture");
  }

  @Test
  void aPaymentThatGoesOnIsPrintedAsItStands() {
    Result running = pay("k4", "5.00", "sim_slow_1500", "--wait", "0", "--json");
    assertThat(running.code()).isEqualTo(3);

    Result watched = ducat("watch", idOf(running));

    assertThat(watched.code()).isZero();
    assertThat(watched.out()).contains("(as it stands)", "dev.ducat.payment.completed.v1");
    assertThat(ducat("get", idOf(running)).out()).contains("SETTLED");
    assertThat(ducat("get", "--key", "k4").out()).contains(idOf(running));
  }

  @Test
  void whatIsWrongWithARequestIsNamedByField() {
    Result refused =
        ducat(
            "pay",
            "--amount",
            "1.00",
            "--currency",
            "EUR",
            "--method",
            "sim_ok",
            "--merchant",
            "no spaces",
            "--key",
            "k5");

    assertThat(refused.code()).isEqualTo(1);
    assertThat(refused.err()).contains("INVALID_ARGUMENT", "merchant_account");
  }

  @Test
  void anAmountWithTooManyDigitsIsRefusedBeforeAnythingIsSent() {
    Result refused = pay("k6", "1.005", "sim_ok");

    assertThat(refused.code()).isEqualTo(1);
    assertThat(refused.err()).contains("EUR has 2 decimal digits");
  }

  @Test
  void theBooksOfAMerchantShowWhatItEarned() {
    ducat(
        "pay",
        "--amount",
        "7.25",
        "--currency",
        "USD",
        "--method",
        "sim_ok",
        "--merchant",
        "hooli",
        "--key",
        "k7");

    Result balance = ducat("balance", "hooli");

    assertThat(balance.code()).isZero();
    assertThat(balance.out().lines())
        .anySatisfy(line -> assertThat(line).contains("merchant:hooli:available", "7.25"));
    assertThat(ducat("balance").out()).contains("psp_receivable:simulator");
  }

  @Test
  void paymentsAreListedByTheirState() {
    String declined = idOf(pay("k8", "3.00", "sim_decline_authorize", "--json"));
    String settled = idOf(pay("k9", "3.00", "sim_ok", "--json"));

    Result failed = ducat("list", "--state", "failed");

    assertThat(failed.out()).contains(declined).doesNotContain(settled);
    assertThat(ducat("list", "--limit", "1", "--json").out().lines()).hasSize(1);
  }

  @Test
  void otherTenantsSeeNothing() {
    String mine = idOf(pay("k10", "3.00", "sim_ok", "--json"));

    Result foreign = ducat("get", mine, "--tenant", "stranger");

    assertThat(foreign.code()).isEqualTo(1);
    assertThat(foreign.err()).contains("NOT_FOUND");
  }

  @Test
  void eventsOfAPaymentArriveInKafkaInOrder() {
    String payment = idOf(pay("k11", "3.00", "sim_ok", "--json"));

    await()
        .atMost(Duration.ofSeconds(20))
        .untilAsserted(
            () -> {
              Result events = ducat("events", "--until-end", "--payment", payment);
              assertThat(events.code()).isZero();
              assertThat(
                      events
                          .out()
                          .lines()
                          .map(JsonObject::new)
                          .filter(one -> one.getString("topic").equals("ducat.payments.v1"))
                          .map(one -> one.getJsonObject("headers").getString("ce_type"))
                          .toList())
                  .containsExactly(
                      "dev.ducat.payment.created.v1",
                      "dev.ducat.payment.authorized.v1",
                      "dev.ducat.payment.captured.v1",
                      "dev.ducat.payment.settled.v1",
                      "dev.ducat.payment.completed.v1");
              assertThat(events.out()).contains("ducat.ledger.v1");
            });
  }

  @Test
  void wrongWordsAreAnErrorAndNotADecline() {
    assertThat(plain("pay", "--amount", "1").code()).isEqualTo(1);
    assertThat(plain("pya").code()).isEqualTo(1);
    assertThat(plain("pya").err()).contains("Unmatched argument").doesNotContain("\tat ");
  }

  @Test
  void nobodyThereIsSaidInOneLine() {
    Result nobody = plain("get", "pay_x", "--address", "127.0.0.1:1", "--timeout", "2");

    assertThat(nobody.code()).isEqualTo(1);
    assertThat(nobody.err().lines()).hasSize(1);
    assertThat(nobody.err()).contains("UNAVAILABLE");
  }

  @Test
  void theVersionIsPrinted() {
    assertThat(plain("version").out()).matches("(?s)ducat \\d+\\.\\d+\\.\\d+.*");
  }

  @Test
  void healthAndMetricsAreServed() throws Exception {
    assertThat(http("/health/live")).isEqualTo("200 {\"status\":\"UP\"}");
    assertThat(http("/health/ready")).isEqualTo("200 {\"status\":\"UP\"}");
    assertThat(http("/metrics")).contains("ducat_event_loop_delay_seconds", "ducat_leases_owned");
    assertThat(http("/else")).startsWith("404");
  }

  private static String http(String path) throws Exception {
    if (house == null) {
      throw new IllegalStateException("not started");
    }
    try (HttpClient client = HttpClient.newHttpClient()) {
      HttpResponse<String> response =
          client.send(
              HttpRequest.newBuilder(URI.create("http://" + house.node().info().http() + path))
                  .build(),
              HttpResponse.BodyHandlers.ofString());
      return response.statusCode() + " " + response.body().strip();
    }
  }

  @Test
  void capturesCancelsAndRefunds() {
    String held = idOf(pay("manual-1", "12.50", "sim_ok", "--manual-capture", "--json"));
    Result captured = ducat("capture", held, "--amount", "10", "--key", "c1");
    assertThat(captured.code()).as(captured.err()).isEqualTo(0);
    assertThat(captured.out()).contains("SETTLED").contains("10.00 EUR");
    assertThat(ducat("capture", held, "--amount", "10", "--key", "c1").out()).contains("replayed");
    assertThat(ducat("capture", held).err()).contains("PAYMENT_NOT_CAPTURABLE");

    Result refunded = ducat("refund", held, "--amount", "4", "--reason", "broken", "--json");
    assertThat(refunded.code()).as(refunded.err()).isEqualTo(0);
    assertThat(new JsonObject(refunded.out()).getString("state"))
        .isEqualTo("REFUND_STATE_SUCCEEDED");
    assertThat(ducat("refund", held, "--amount", "6.01").code()).isEqualTo(1);
    assertThat(ducat("get", held).out()).contains("refunded").contains("4.00 EUR");

    Result told = ducat("explain", held);
    assertThat(told.code()).as(told.err()).isEqualTo(0);
    assertThat(told.out())
        .contains("authorize done", "capture done", "remainder done", "settle done", "refund done")
        .contains("dev.ducat.payment.refund_succeeded.v1")
        .contains("post hold 10.00 EUR  psp_receivable:simulator to merchant:acme:pending");

    String other = idOf(pay("manual-2", "5", "sim_ok", "--manual-capture", "--json"));
    Result canceled = ducat("cancel", other, "--reason", "changed my mind");
    assertThat(canceled.code()).as(canceled.err()).isEqualTo(0);
    assertThat(canceled.out()).contains("CANCELED");
  }

  @Test
  void anOperatorSeesWhatStandsStillAndDecides() {
    Result stuck = pay("stuck-1", "12.50", "sim_unknown_forever", "--json");
    assertThat(stuck.code()).isEqualTo(1);
    Result listed = ducat("sagas", "list", "--state", "needs-attention", "--json");
    assertThat(listed.code()).as(listed.err()).isZero();
    JsonObject saga = new JsonObject(listed.out().lines().toList().getLast());
    assertThat(saga.getString("paymentId")).isEqualTo(idOf(stuck));
    String id = saga.getString("sagaId");
    assertThat(ducat("sagas", "list", "--payment", idOf(stuck)).out())
        .contains(id, "needs attention", "OUTCOME_UNKNOWN");
    assertThat(ducat("sagas", "list", "--stuck", "1h").out()).isEqualTo("no sagas\n");
    assertThat(ducat("sagas", "show", id, "--tenant", "stranger").err()).contains("NOT_FOUND");
    assertThat(ducat("sagas", "show", id).out())
        .contains("authorize of 12.50 EUR at simulator", "unknown since", "owner", "attempt 1");

    assertThat(ducat("sagas", "resolve", id, "--done", "x").err()).contains("--reason");
    assertThat(ducat("sagas", "resolve", id, "--reason", "r").err()).contains("--done");
    Result late = ducat("sagas", "retry", id, "--reason", "r", "--at-version", "1");
    assertThat(late.code()).isEqualTo(1);
    assertThat(late.err()).contains("VERSION_MISMATCH");
    Result resolved = ducat("sagas", "resolve", id, "--done", "psp-17", "--reason", "looked up");
    assertThat(resolved.code()).as(resolved.err()).isZero();
    await()
        .atMost(Duration.ofSeconds(20))
        .until(() -> ducat("get", idOf(stuck)).out().contains("SETTLED"));
    assertThat(ducat("sagas", "retry", id, "--reason", "r").err()).contains("SAGA_ENDED");
    Result back = ducat("sagas", "compensate", id, "--reason", "the payer withdrew");
    assertThat(back.code()).as(back.err()).isZero();
    assertThat(back.out()).contains("refund");
    await()
        .atMost(Duration.ofSeconds(20))
        .until(() -> ducat("get", idOf(stuck)).out().contains("refunded"));

    String other =
        new JsonObject(pay("stuck-2", "1", "sim_unknown_forever", "--json").out())
            .getString("paymentId");
    String second =
        new JsonObject(ducat("sagas", "list", "--payment", other, "--json").out())
            .getString("sagaId");
    assertThat(ducat("sagas", "resolve", second, "--declined", "NOT_TAKEN", "--reason", "r").code())
        .isZero();
    await()
        .atMost(Duration.ofSeconds(20))
        .until(() -> ducat("get", other).out().contains("NOT_TAKEN"));
  }

  @Test
  void theRelaysProgressIsShown() {
    pay("relay-1", "1", "sim_ok");
    await()
        .atMost(Duration.ofSeconds(20))
        .untilAsserted(
            () -> {
              Result status = ducat("relay", "status", "--streams");
              assertThat(status.code()).as(status.err()).isZero();
              assertThat(status.out()).contains("running", "payment.shard.0", "nothing waits");
            });
  }

  @Test
  void theBooksAreVerifiedAndASpoiledRowIsNamed() throws Exception {
    String payment = idOf(pay("verify-1", "12.50", "sim_ok", "--json"));
    Result right = ducat("verify");
    assertThat(right.code()).as(right.out() + right.err()).isZero();
    assertThat(right.out()).startsWith("the books are right: ");

    String row = " where reference = '" + payment + "' and kind = 3";
    String transfer = spoil("update ledger.transfer set amount = amount + 1" + row);
    try {
      Result wrong = ducat("verify");
      assertThat(wrong.code()).isEqualTo(1);
      assertThat(wrong.out()).contains("chain broken", transfer, "the books are wrong");

      Result json = ducat("verify", "--json");
      assertThat(json.code()).isEqualTo(1);
      JsonObject last = new JsonObject(json.out().lines().toList().getLast());
      assertThat(last.getBoolean("done")).isTrue();
      assertThat(Long.parseLong(last.getString("findingsTotal"))).isPositive();
      assertThat(ducat("verify", "--books", "nobody").code()).isZero();
    } finally {
      spoil("update ledger.transfer set amount = amount - 1" + row);
    }
    assertThat(ducat("verify").code()).isZero();
  }

  /** Changes one transfer past the triggers; returns its id. */
  private static String spoil(String update) throws SQLException {
    if (house == null) {
      throw new IllegalStateException("not started");
    }
    PgSettings postgres = house.foundation().services().postgres();
    try (Connection connection =
            DriverManager.getConnection(postgres.jdbcUrl(), postgres.user(), postgres.password());
        Statement statement = connection.createStatement()) {
      statement.execute("set session_replication_role = replica");
      try (ResultSet changed = statement.executeQuery(update + " returning transfer_id")) {
        assertThat(changed.next()).as(update).isTrue();
        return IdKind.TRANSFER.text(changed.getObject(1, UUID.class));
      }
    }
  }
}
