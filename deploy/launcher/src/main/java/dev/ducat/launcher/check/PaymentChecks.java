package dev.ducat.launcher.check;

import dev.ducat.launcher.check.ClientHistory.Answered;
import dev.ducat.launcher.check.ClientHistory.Call;
import dev.ducat.launcher.check.ClientHistory.Receipt;
import dev.ducat.launcher.check.ClientHistory.Sent;
import dev.ducat.launcher.check.Facts.OutboxRow;
import dev.ducat.launcher.check.Facts.PaymentRow;
import dev.ducat.launcher.check.Facts.RefundRow;
import dev.ducat.proto.payments.v1.Payment;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;

/** P1 to P6: what clients were promised about their payments. */
final class PaymentChecks {
  private static final Set<String> TERMINAL = Set.of("SETTLED", "CANCELED", "EXPIRED", "FAILED");

  /** From each state, where a payment may be found with its next event. Staying is always legal. */
  private static final Map<String, Set<String>> NEXT =
      Map.of(
          "PENDING",
              Set.of(
                  "REQUIRES_ACTION",
                  "AUTHORIZED",
                  "CANCELED",
                  "EXPIRED",
                  "FAILED",
                  "NEEDS_ATTENTION"),
          "REQUIRES_ACTION",
              Set.of("PENDING", "AUTHORIZED", "CANCELED", "EXPIRED", "FAILED", "NEEDS_ATTENTION"),
          "AUTHORIZED", Set.of("CAPTURED", "CANCELED", "EXPIRED", "FAILED", "NEEDS_ATTENTION"),
          "CAPTURED", Set.of("SETTLED", "NEEDS_ATTENTION"),
          "NEEDS_ATTENTION",
              Set.of(
                  "PENDING", "AUTHORIZED", "CAPTURED", "SETTLED", "CANCELED", "EXPIRED", "FAILED"));

  private final Facts facts;
  private final List<Call> calls;
  private final List<Receipt> receipts;
  private final Map<String, PaymentRow> rows;

  PaymentChecks(Facts facts, ClientHistory history) {
    this.facts = facts;
    this.calls = history.calls();
    this.receipts = history.receipts();
    this.rows =
        facts.payments().stream().collect(Collectors.toMap(PaymentRow::id, Function.identity()));
  }

  List<Finding> run() {
    return List.of(
        onePerKey(), acknowledged(), nothingUnasked(), paths(), amounts(), readsForward());
  }

  private record Key(String tenant, String key) {
    @Override
    public String toString() {
      return tenant + "/" + key;
    }
  }

  private Finding onePerKey() {
    Cases cases = new Cases("P1", "one payment per key, whatever was repeated");
    Map<Key, Set<String>> payments = new HashMap<>();
    for (Call call : calls) {
      Set<String> ids =
          payments.computeIfAbsent(
              new Key(call.sent().tenant(), call.sent().key()), none -> new TreeSet<>());
      if (call.told() instanceof Answered answered) {
        ids.add(answered.paymentId());
      }
    }
    for (PaymentRow row : facts.payments()) {
      if (row.key() != null) {
        payments
            .computeIfAbsent(new Key(row.tenant(), row.key()), none -> new TreeSet<>())
            .add(row.id());
      }
    }
    payments.forEach(
        (key, ids) -> {
          cases.look();
          cases.require(ids.size() <= 1, String.join(" and ", ids), "share the key " + key);
        });
    Map<String, String> refunds = new HashMap<>();
    for (Receipt receipt : receipts) {
      cases.look();
      String before = refunds.putIfAbsent(receipt.scope(), receipt.id());
      cases.require(
          before == null || before.equals(receipt.id()),
          before + " and " + receipt.id(),
          "share the key " + receipt.scope());
    }
    return cases.finding();
  }

  private Finding acknowledged() {
    Cases cases = new Cases("P2", "what was acknowledged is there, as it was asked for");
    Map<String, Call> acknowledged = new HashMap<>();
    for (Call call : calls) {
      if (call.told() instanceof Answered answered) {
        acknowledged.put(answered.paymentId(), call);
      }
    }
    acknowledged.forEach(
        (id, call) -> {
          cases.look();
          PaymentRow row = rows.get(id);
          cases.require(row != null, id, "was acknowledged and is not there");
          if (row != null && call.told() instanceof Answered answered) {
            cases.require(
                row.amount() == answered.amount()
                    && row.currency().equals(answered.currency())
                    && row.tenant().equals(call.sent().tenant())
                    && matches(row, call.sent()),
                id,
                "differs from what was acknowledged: " + row);
          }
        });
    receiptsAreGood(cases);
    return cases.finding();
  }

  private void receiptsAreGood(Cases cases) {
    Map<String, Long> amounts = new HashMap<>();
    facts.refunds().forEach(refund -> amounts.put(refund.id(), refund.amount()));
    facts.transfers().forEach(transfer -> amounts.put(transfer.id(), transfer.amount()));
    for (Receipt receipt : receipts) {
      cases.look();
      Long amount = amounts.get(receipt.id());
      cases.require(
          amount != null && amount == receipt.amount(),
          receipt.id(),
          "was acknowledged with " + receipt.amount() + ", and there is " + amount);
    }
  }

  private Finding nothingUnasked() {
    Cases cases = new Cases("P3", "every payment was asked for by somebody");
    Map<Key, List<Sent>> sent =
        calls.stream()
            .map(Call::sent)
            .distinct()
            .collect(Collectors.groupingBy(one -> new Key(one.tenant(), one.key())));
    for (PaymentRow row : facts.payments()) {
      cases.look();
      String key = String.valueOf(row.key());
      cases.require(
          sent.getOrDefault(new Key(row.tenant(), key), List.of()).stream()
              .anyMatch(one -> matches(row, one)),
          row.id(),
          "nobody sent such a request");
    }
    return cases.finding();
  }

  private static boolean matches(PaymentRow row, Sent sent) {
    return row.amount() == sent.amount()
        && row.currency().equals(sent.currency())
        && row.merchant().equals(sent.merchant())
        && row.method().equals(sent.method());
  }

  private Finding paths() {
    Cases cases = new Cases("P4", "only legal paths; versions without a gap");
    Map<String, List<OutboxRow>> histories = facts.historyByPayment();
    for (PaymentRow row : facts.payments()) {
      cases.look();
      List<OutboxRow> history = histories.getOrDefault(row.id(), List.of());
      cases.require(
          row.version() == history.size(),
          row.id(),
          "has version " + row.version() + " after " + history.size() + " events");
      String state = "PENDING";
      for (int i = 0; i < history.size(); i++) {
        OutboxRow event = history.get(i);
        cases.require(
            event.version() == i + 1,
            row.id(),
            "version " + event.version() + " stands where " + (i + 1) + " should");
        String next = stateOf(event);
        cases.require(
            next.equals(state) || NEXT.getOrDefault(state, Set.of()).contains(next),
            row.id(),
            "went from " + state + " to " + next);
        state = next;
      }
      cases.require(
          history.isEmpty() || state.equals(row.state()),
          row.id(),
          "is " + row.state() + " though its last event says " + state);
      cases.require(
          !TERMINAL.contains(row.state()) || row.resting(), row.id(), "ended but does not rest");
    }
    return cases.finding();
  }

  private static String stateOf(OutboxRow event) {
    Payment snapshot = event.snapshot();
    return snapshot == null ? "" : snapshot.getState().name().replaceFirst("^PAYMENT_STATE_", "");
  }

  private Finding amounts() {
    Cases cases = new Cases("P5", "refunded ≤ captured ≤ authorized, at every version");
    for (PaymentRow row : facts.payments()) {
      cases.look();
      cases.require(
          row.refunded() + row.pendingRefund() <= row.captured()
              && row.captured() + row.pendingCapture() <= row.authorized()
              && row.authorized() <= row.amount(),
          row.id(),
          "amounts out of order: " + row);
    }
    refundsAddUp(cases);
    for (OutboxRow event : facts.outbox()) {
      Payment snapshot = event.snapshot();
      if (snapshot != null) {
        cases.look();
        long captured = snapshot.getAmountCaptured().getMinorUnits();
        cases.require(
            snapshot.getAmountRefunded().getMinorUnits() <= captured
                && captured <= snapshot.getAmountAuthorized().getMinorUnits()
                && snapshot.getAmountAuthorized().getMinorUnits()
                    <= snapshot.getAmount().getMinorUnits(),
            event.key(),
            "amounts out of order at version " + event.version());
      }
    }
    return cases.finding();
  }

  /** Each refund counts once: as given back, or as reserved until that is known. */
  private void refundsAddUp(Cases cases) {
    Map<String, Long> succeeded = new HashMap<>();
    Map<String, Long> open = new HashMap<>();
    for (RefundRow refund : facts.refunds()) {
      cases.look();
      switch (refund.state()) {
        case "SUCCEEDED" -> succeeded.merge(refund.paymentId(), refund.amount(), Long::sum);
        case "PENDING", "NEEDS_ATTENTION" ->
            open.merge(refund.paymentId(), refund.amount(), Long::sum);
        default -> {}
      }
      cases.require(rows.containsKey(refund.paymentId()), refund.id(), "belongs to no payment");
    }
    for (PaymentRow row : facts.payments()) {
      cases.require(
          succeeded.getOrDefault(row.id(), 0L) == row.refunded()
              && open.getOrDefault(row.id(), 0L) == row.pendingRefund(),
          row.id(),
          "refunds of %d and open ones of %d do not add up to %s"
              .formatted(
                  succeeded.getOrDefault(row.id(), 0L), open.getOrDefault(row.id(), 0L), row));
    }
  }

  private Finding readsForward() {
    Cases cases = new Cases("P6", "no client sees a payment go back");
    Map<String, Long> seen = new HashMap<>();
    for (Call call : calls) {
      if (call.told() instanceof Answered answered) {
        Long before = seen.put(call.client() + " " + answered.paymentId(), answered.version());
        if (before != null) {
          cases.look();
          cases.require(
              answered.version() >= before,
              answered.paymentId(),
              call.client() + " saw version " + before + ", then " + answered.version());
        }
      }
    }
    return cases.finding();
  }
}
