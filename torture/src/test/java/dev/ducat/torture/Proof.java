package dev.ducat.torture;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ducat.kernel.id.IdKind;
import dev.ducat.launcher.check.Finding;
import dev.ducat.launcher.check.InvariantCheck;
import dev.ducat.proto.payments.v1.Payment;
import dev.ducat.saga.connector.JournalEntry;
import dev.ducat.saga.connector.JournalEntry.Kind;
import dev.ducat.saga.connector.JournalEntry.Result;
import dev.ducat.saga.connector.SimulatorJournal;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What every scenario ends with: nothing lost, nothing doubled, everywhere money leaves a trace.
 */
final class Proof {
  private final Installation installation;

  private Proof(Installation installation) {
    this.installation = installation;
  }

  static Proof of(Installation installation) {
    return new Proof(installation);
  }

  /**
   * Looks at the PSP, the ledger, the database and Kafka, each from outside: this scenario's
   * payments one by one, then every invariant over the whole installation.
   */
  void assertAllHold(History history) {
    long began = System.nanoTime();
    assertPaymentsAreThoseTheClientsSaw(history);
    assertPspActedOnce(history);
    EventLog.awaitAll(installation, history).assertOrderedAndOnce(history);
    assertInvariants();
    System.out.printf(
        "torture: tenant %s proved in %d ms%n", history.tenant(), Timing.since(began));
  }

  /** The installation is at rest: FAULTS' invariants, checked by the same program as the demo's. */
  private void assertInvariants() {
    installation.awaitRest();
    InvariantCheck.Report report =
        new InvariantCheck(
                installation.postgres(),
                installation.services().kafka().bootstrap(),
                installation.simulatorJournal())
            .run(installation.calls(), installation.samples());
    Set<String> asked = paymentsOfTenantsWithHistory();
    List<String> broken = new ArrayList<>();
    for (Finding finding : report.findings()) {
      for (Finding.Violation violation : finding.violations()) {
        // Who asked for a payment is known only where the clients kept a history.
        if (!finding.id().equals("P3") || asked.contains(violation.subject())) {
          broken.add(finding.id() + " (" + finding.promise() + "): " + violation);
        }
      }
    }
    assertThat(report.findings()).as("invariants that were looked at").hasSizeGreaterThan(10);
    assertThat(broken).as("broken invariants").isEmpty();
  }

  private Set<String> paymentsOfTenantsWithHistory() {
    Set<String> ids = new HashSet<>();
    installation
        .query("select payment_id, tenant from payment.payment")
        .forEach(
            row -> {
              if (installation.tenantsWithHistory().contains(String.valueOf(row.get(1)))) {
                ids.add(id(row.get(0)));
              }
            });
    return ids;
  }

  /** P1 and P2 against the database itself: a payment no client heard of would show here. */
  private void assertPaymentsAreThoseTheClientsSaw(History history) {
    Map<String, String> stored = new TreeMap<>();
    installation
        .query(
            "select idempotency_key, payment_id, state from payment.payment where tenant = ?",
            history.tenant())
        .forEach(
            row -> {
              String before =
                  stored.put(String.valueOf(row.get(0)), row.get(2) + " " + id(row.get(1)));
              assertThat(before).as("another payment under key %s", row.get(0)).isNull();
            });
    Map<String, String> told = new TreeMap<>();
    history
        .payments()
        .forEach(
            (key, payment) ->
                told.put(
                    key,
                    payment.getState().name().substring("PAYMENT_STATE_".length())
                        + " "
                        + payment.getPaymentId()));
    assertThat(stored).as("payments of %s in the database", history.tenant()).isEqualTo(told);
  }

  /**
   * P8 to P10 in the PSP's own journal: each kind of operation took effect at most once per
   * payment, and exactly as the payment's outcome says. Counted by payment, not by operation key,
   * so that a retry under a new key shows.
   */
  void assertPspActedOnce(History history) {
    Map<String, Map<Kind, List<JournalEntry>>> effects =
        SimulatorJournal.read(installation.simulatorJournal()).entries().stream()
            .filter(entry -> entry.result() == Result.DONE)
            .collect(
                Collectors.groupingBy(
                    JournalEntry::paymentId, Collectors.groupingBy(JournalEntry::kind)));
    for (Payment payment : history.payments().values()) {
      Map<Kind, List<Long>> moved = new TreeMap<>();
      effects
          .getOrDefault(payment.getPaymentId(), Map.of())
          .forEach(
              (kind, entries) ->
                  moved.put(kind, entries.stream().map(JournalEntry::amount).toList()));
      assertThat(moved)
          .as("what the PSP did for %s (%s)", payment.getPaymentId(), payment.getPaymentMethod())
          .isEqualTo(expected(payment));
    }
  }

  private static Map<Kind, List<Long>> expected(Payment payment) {
    List<Long> once = List.of(payment.getAmount().getMinorUnits());
    return switch (payment.getPaymentMethod()) {
      case "sim_decline_authorize" -> Map.of();
      case "sim_decline_capture" -> Map.of(Kind.AUTHORIZE, once, Kind.VOID, once);
      default -> Map.of(Kind.AUTHORIZE, once, Kind.CAPTURE, once);
    };
  }

  private static String id(@Nullable String uuid) {
    return IdKind.PAYMENT.text(UUID.fromString(String.valueOf(uuid)));
  }
}
