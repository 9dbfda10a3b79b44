package dev.ducat.gateway;

import dev.ducat.proto.events.v1.PaymentEvent;
import dev.ducat.proto.internal.v1.EventsAfter;
import dev.ducat.proto.internal.v1.PaymentEvents;
import dev.ducat.proto.internal.v1.PaymentQueryReply;
import dev.ducat.proto.payments.v1.Payment;
import dev.ducat.proto.payments.v1.PaymentChange;
import dev.ducat.proto.payments.v1.PaymentEventDetail;
import dev.ducat.proto.payments.v1.PaymentState;
import dev.ducat.proto.payments.v1.WatchPaymentRequest;
import dev.ducat.proto.payments.v1.WatchPaymentResponse;
import io.vertx.core.Vertx;

/**
 * One client that follows one payment. It reads the payment's history from where it stands and asks
 * again after a pause: short while things happen, longer while nothing does, so that many watchers
 * of resting payments cost little.
 */
final class PaymentWatch {
  private static final long PAUSE_MIN_MS = 20;
  private static final long PAUSE_MOVING_MAX_MS = 500;

  /** A resting payment waits for a person or a PSP: nobody sees a difference of a second. */
  private static final long PAUSE_RESTING_MAX_MS = 2_000;

  private static final int EVENTS_MAX = 100;

  private final Vertx vertx;
  private final ShardClient shards;
  private final StreamCall<WatchPaymentRequest, WatchPaymentResponse> call;
  private final String paymentId;
  private final boolean snapshotFirst;
  private long version;
  private long pauseMs = PAUSE_MIN_MS;
  private long timer = -1;

  PaymentWatch(
      Vertx vertx,
      ShardClient shards,
      StreamCall<WatchPaymentRequest, WatchPaymentResponse> call,
      WatchPaymentRequest request) {
    this.vertx = vertx;
    this.shards = shards;
    this.call = call;
    this.paymentId = request.getPaymentId();
    this.version = request.getAfterVersion();
    this.snapshotFirst = version == 0;
  }

  void begin() {
    call.whenDone(() -> vertx.cancelTimer(timer));
    var query = PaymentEndpoint.query(call).setPaymentId(paymentId).build();
    shards
        .payments(call, query)
        .onComplete(
            done -> {
              if (done.failed()) {
                call.fail(done.cause());
              } else {
                started(done.result());
              }
            });
  }

  private void started(PaymentQueryReply reply) {
    if (!reply.hasPayment()) {
      fail(reply);
      return;
    }
    Payment payment = reply.getPayment();
    if (version > payment.getVersion()) {
      call.fail(Problem.invalid("after_version", "must not be above the payment's version"));
      return;
    }
    if (snapshotFirst) {
      call.next(WatchPaymentResponse.newBuilder().setPayment(payment).build());
      version = payment.getVersion();
    }
    if (version > 0 && isTerminal(payment) && version == payment.getVersion()) {
      // Whether this was the last word is in the event that made this version.
      version--;
      read(false);
    } else {
      read(true);
    }
  }

  /** Reads the next events; sends them, or only learns from them whether it is over. */
  private void read(boolean send) {
    if (call.isDone()) {
      return;
    }
    var query =
        PaymentEndpoint.query(call)
            .setEvents(
                EventsAfter.newBuilder()
                    .setPaymentId(paymentId)
                    .setAfterVersion(version)
                    .setLimit(send ? EVENTS_MAX : 1))
            .build();
    shards
        .payments(call, query)
        .onComplete(
            done -> {
              if (done.failed()) {
                call.fail(done.cause());
              } else if (!done.result().hasEvents()) {
                fail(done.result());
              } else {
                take(done.result().getEvents(), done.result().getAtRest(), send);
              }
            });
  }

  private void take(PaymentEvents news, boolean atRest, boolean send) {
    boolean last = false;
    for (PaymentEvent event : news.getEventsList()) {
      if (send) {
        call.next(response(event));
      }
      version = event.getVersion();
      last = isTerminal(event.getPayment()) && closesSaga(event.getDetail());
    }
    if (last && version >= news.getPayment().getVersion()) {
      call.end();
      return;
    }
    boolean any = news.getEventsCount() > 0;
    pauseMs = any ? PAUSE_MIN_MS : Math.min(pauseMs * 2, pauseMax(atRest));
    if (call.isFull()) {
      // Who does not read is not read for.
      call.whenDrained(() -> read(true));
    } else if (news.getEventsCount() == EVENTS_MAX) {
      read(true);
    } else {
      timer = vertx.setTimer(pauseMs, fired -> read(true));
    }
  }

  private static long pauseMax(boolean atRest) {
    return atRest ? PAUSE_RESTING_MAX_MS : PAUSE_MOVING_MAX_MS;
  }

  private void fail(PaymentQueryReply reply) {
    call.fail(
        reply.hasRefusal()
            ? new Problem.Refused(reply.getRefusal()).asException()
            : PaymentEndpoint.unreadable(ShardClient.PAYMENT_QUERY));
  }

  private static WatchPaymentResponse response(PaymentEvent event) {
    return WatchPaymentResponse.newBuilder()
        .setPayment(event.getPayment())
        .setEvent(
            PaymentChange.newBuilder()
                .setEventId(event.getEventId())
                .setType(event.getType())
                .setVersion(event.getVersion())
                .setPaymentId(event.getPaymentId())
                .setOccurTime(event.getOccurTime())
                .setDetail(event.getDetail()))
        .build();
  }

  private static boolean isTerminal(Payment payment) {
    PaymentState state = payment.getState();
    return switch (state) {
      case PAYMENT_STATE_SETTLED,
          PAYMENT_STATE_CANCELED,
          PAYMENT_STATE_EXPIRED,
          PAYMENT_STATE_FAILED ->
          true;
      case PAYMENT_STATE_UNSPECIFIED,
          PAYMENT_STATE_PENDING,
          PAYMENT_STATE_REQUIRES_ACTION,
          PAYMENT_STATE_AUTHORIZED,
          PAYMENT_STATE_CAPTURED,
          PAYMENT_STATE_NEEDS_ATTENTION,
          UNRECOGNIZED ->
          false;
    };
  }

  /** Whether the saga says no more after this event; refunds only begin after that. */
  private static boolean closesSaga(PaymentEventDetail detail) {
    return switch (detail.getDetailCase()) {
      case COMPLETED,
          FAILED,
          CANCELED,
          EXPIRED,
          REFUND_CREATED,
          REFUND_SUCCEEDED,
          REFUND_FAILED,
          REFUND_NEEDS_ATTENTION ->
          true;
      case CREATED,
          REQUIRES_ACTION,
          AUTHORIZED,
          CAPTURED,
          REMAINDER_RELEASED,
          SETTLED,
          AUTHORIZATION_REVERSED,
          NEEDS_ATTENTION,
          RESUMED,
          CAPTURE_STARTED,
          CAPTURE_FAILED,
          RELEASE_STARTED,
          DETAIL_NOT_SET ->
          false;
    };
  }
}
