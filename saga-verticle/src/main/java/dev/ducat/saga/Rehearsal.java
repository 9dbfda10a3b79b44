package dev.ducat.saga;

import com.google.protobuf.ByteString;
import dev.ducat.kernel.id.PaymentId;
import dev.ducat.kernel.node.Node;
import dev.ducat.proto.internal.v1.PaymentQueryReply;
import dev.ducat.proto.internal.v1.Refusal;
import dev.ducat.proto.internal.v1.RiskCall;
import dev.ducat.proto.internal.v1.SagaData;
import dev.ducat.proto.payments.v1.CreatePaymentRequest;
import dev.ducat.proto.payments.v1.Payment;
import dev.ducat.proto.payments.v1.PaymentState;
import dev.ducat.proto.risk.v1.Verdict;
import io.vertx.core.Future;
import java.time.Instant;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A request with {@code validate_only}: the validate step on its own. The same checks in the same
 * order as {@link PaymentSaga#start} makes, against the same counters, of which none is moved.
 */
final class Rehearsal {
  /** No payment has it. */
  private static final PaymentId NO_PAYMENT = new PaymentId(new UUID(0, 0));

  private final Node node;
  private final SagaSettings settings;

  Rehearsal(Node node, SagaSettings settings) {
    this.node = node;
    this.settings = settings;
  }

  /** The payment as it would begin, or as it would fail, or why there would be none. */
  Future<PaymentQueryReply> of(String tenant, CreatePaymentRequest request) {
    @Nullable Refusal refusal = Validation.refusalOf(request, settings);
    if (refusal != null) {
      return Future.succeededFuture(PaymentQueryReply.newBuilder().setRefusal(refusal).build());
    }
    Instant now = node.clock().now();
    Claim claim =
        new Claim(
            NO_PAYMENT.uuid(),
            SagaKind.PAYMENT,
            PaymentSaga.DEFINITION_VERSION,
            tenant,
            0,
            NO_PAYMENT,
            request.getIdempotencyKey(),
            now,
            ByteString.EMPTY,
            ByteString.EMPTY,
            "",
            now);
    Payment payment = Validation.draft(claim, request, settings).payment();
    return refusedBy(claim, payment, now)
        .map(
            refused -> {
              Payment.Builder shown =
                  payment.toBuilder()
                      .clearPaymentId()
                      .clearCreateTime()
                      .clearUpdateTime()
                      .clearState();
              if (refused instanceof Refused why) {
                Saga saga =
                    new Saga(
                        claim, Step.VALIDATE, Phase.ACT, 0, null, 0, SagaData.getDefaultInstance());
                shown
                    .setState(PaymentState.PAYMENT_STATE_FAILED)
                    .setFailure(Failures.of(saga, why.outcome()));
              }
              return PaymentQueryReply.newBuilder().setPayment(shown).setAtRest(true).build();
            });
  }

  private sealed interface Verdicted {}

  private record Passed() implements Verdicted {}

  private record Refused(Outcome outcome) implements Verdicted {}

  private Future<Verdicted> refusedBy(Claim claim, Payment payment, Instant now) {
    Outcome.@Nullable Declined refused = Validation.check(claim.tenant(), payment, settings);
    if (refused != null) {
      return Future.succeededFuture(new Refused(refused));
    }
    Set<Limits.Window> windows =
        settings
            .limits()
            .windowsOf(
                claim.tenant(),
                payment.getMerchantAccount(),
                payment.getAmount().getCurrencyCode(),
                now)
            .keySet();
    return VelocityStore.peek(node.queries(), windows)
        .compose(
            used -> {
              VelocityCount velocity = new VelocityCount(settings.limits(), used);
              Outcome.@Nullable Declined full = velocity.admit(claim.tenant(), payment, now);
              return full == null
                  ? assessed(claim, payment)
                  : Future.succeededFuture(new Refused(full));
            });
  }

  private Future<Verdicted> assessed(Claim claim, Payment payment) {
    RiskTerms terms = settings.risk();
    if (terms == null) {
      return Future.succeededFuture(new Passed());
    }
    RiskCall.Builder asked = Assessments.question(claim, payment, terms).getRiskCall().toBuilder();
    // There is no payment, and the risk service is told so.
    asked.getRequestBuilder().clearPaymentId();
    return Assessments.ask(node.bus(), asked.build())
        .map(
            outcome ->
                outcome.assessment().getVerdict() == Verdict.VERDICT_DECLINE
                    ? new Refused(outcome)
                    : new Passed());
  }
}
