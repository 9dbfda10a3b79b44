package dev.ducat.torture.machine;

import dev.ducat.launcher.check.ClientHistory.Sent;
import dev.ducat.proto.payments.v1.ExplainPaymentRequest;
import dev.ducat.proto.payments.v1.GetPaymentRequest;
import dev.ducat.proto.payments.v1.ListPaymentsRequest;
import dev.ducat.proto.payments.v1.ListPaymentsResponse;
import dev.ducat.proto.payments.v1.LookupPaymentRequest;
import dev.ducat.proto.payments.v1.Payment;
import dev.ducat.proto.payments.v1.PaymentServiceGrpcClient;
import dev.ducat.proto.payments.v1.PaymentState;
import dev.ducat.proto.payments.v1.WatchPaymentRequest;
import dev.ducat.proto.payments.v1.WatchPaymentResponse;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;

/** Reads beside the writes: each must show what was acknowledged before, and never less. */
final class Reads {
  private static final int PAGE = 20;
  private static final int PAGES_MAX = 3;
  private static final Duration GLANCE = Duration.ofMillis(300);

  private final Random dice;
  private final Client client;

  Reads(Random dice, Client client) {
    this.dice = dice;
    this.client = client;
  }

  /** Reads a payment in one of the ways there are. */
  void any(Sent sent, Payment known) {
    switch (dice.nextInt(6)) {
      case 0 -> watch(sent, known, 0, GLANCE);
      case 1 -> watch(sent, known, 1, GLANCE);
      case 2 -> lookup(sent, known);
      case 3 -> byReference(sent, known);
      case 4 -> page();
      default -> explain(sent, known);
    }
  }

  /** The payment as it stands. */
  Optional<Payment> get(Sent sent, Payment known) {
    Optional<Payment> answer =
        client
            .ask(
                sent,
                PaymentServiceGrpcClient.GetPayment,
                GetPaymentRequest.newBuilder().setPaymentId(known.getPaymentId()).build())
            .answer();
    answer.ifPresent(one -> notOlder("GetPayment", known, one));
    return answer;
  }

  /** Follows a payment until it ends, or for a while; without a gap, in order. */
  Payment watch(Sent sent, Payment known, long after, Duration length) {
    List<WatchPaymentResponse> seen =
        client.follow(
            PaymentServiceGrpcClient.WatchPayment,
            WatchPaymentRequest.newBuilder()
                .setPaymentId(known.getPaymentId())
                .setAfterVersion(after)
                .build(),
            length);
    long version = after;
    Payment last = known;
    for (WatchPaymentResponse one : seen) {
      long next = one.getPayment().getVersion();
      // The snapshot of a watch from the beginning stands at whatever version it finds.
      client
          .witness()
          .require(
              next == version + 1 || (version == 0 && !one.hasEvent()),
              "P4",
              known.getPaymentId(),
              "watched version " + next + " after " + version);
      version = next;
      if (next >= last.getVersion()) {
        last = one.getPayment();
      }
    }
    // Resumed, a watch begins with what is long past: only a snapshot is news.
    if (after == 0 && !seen.isEmpty()) {
      notOlder("WatchPayment", known, seen.getFirst().getPayment());
      client.saw(sent, seen.getLast().getPayment());
    }
    return last;
  }

  private void lookup(Sent sent, Payment known) {
    client
        .ask(
            sent,
            PaymentServiceGrpcClient.LookupPayment,
            LookupPaymentRequest.newBuilder().setIdempotencyKey(sent.key()).build())
        .answer()
        .ifPresent(one -> notOlder("LookupPayment", known, one));
  }

  private void byReference(Sent sent, Payment known) {
    ListPaymentsRequest.Builder request = ListPaymentsRequest.newBuilder();
    request.getFilterBuilder().setReference(sent.key());
    client
        .ask(null, PaymentServiceGrpcClient.ListPayments, request.build())
        .answer()
        .ifPresent(
            list -> {
              client
                  .witness()
                  .require(
                      list.getPaymentsCount() == 1,
                      "P2",
                      known.getPaymentId(),
                      "is listed " + list.getPaymentsCount() + " times by its reference");
              list.getPaymentsList()
                  .forEach(
                      one -> {
                        notOlder("ListPayments", known, one);
                        client.saw(sent, one);
                      });
            });
  }

  /** Some pages while others insert: no payment twice, none that was not asked for. */
  private void page() {
    PaymentState state = PaymentState.PAYMENT_STATE_SETTLED;
    Set<String> seen = new HashSet<>();
    String token = "";
    for (int page = 0; page < PAGES_MAX; page++) {
      ListPaymentsRequest.Builder request =
          ListPaymentsRequest.newBuilder().setPageSize(PAGE).setPageToken(token);
      request.getFilterBuilder().setMerchantAccount(MixedPlan.MERCHANT).addStates(state);
      Optional<ListPaymentsResponse> answer =
          client.ask(null, PaymentServiceGrpcClient.ListPayments, request.build()).answer();
      if (answer.isEmpty()) {
        return;
      }
      for (Payment one : answer.get().getPaymentsList()) {
        client
            .witness()
            .require(
                seen.add(one.getPaymentId()) && one.getState() == state,
                "P6",
                one.getPaymentId(),
                "is on two pages of a list, or on the wrong list as " + one.getState());
      }
      token = answer.get().getNextPageToken();
      if (token.isEmpty()) {
        return;
      }
    }
  }

  private void explain(Sent sent, Payment known) {
    client
        .ask(
            null,
            PaymentServiceGrpcClient.ExplainPayment,
            ExplainPaymentRequest.newBuilder().setPaymentId(known.getPaymentId()).build())
        .answer()
        .ifPresent(
            timeline -> {
              notOlder("ExplainPayment", known, timeline.getPayment());
              client.saw(sent, timeline.getPayment());
            });
  }

  private void notOlder(String method, Payment known, Payment now) {
    client
        .witness()
        .require(
            now.getPaymentId().equals(known.getPaymentId())
                && now.getVersion() >= known.getVersion(),
            "P6",
            known.getPaymentId(),
            "%s shows %s at version %d after version %d was acknowledged"
                .formatted(method, now.getPaymentId(), now.getVersion(), known.getVersion()));
  }
}
