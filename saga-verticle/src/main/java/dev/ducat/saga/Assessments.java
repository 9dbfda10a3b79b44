package dev.ducat.saga;

import dev.ducat.kernel.bus.Bus;
import dev.ducat.proto.internal.v1.Assessment;
import dev.ducat.proto.internal.v1.Intent;
import dev.ducat.proto.internal.v1.RiskCall;
import dev.ducat.proto.payments.v1.Payment;
import dev.ducat.proto.risk.v1.AssessRequest;
import dev.ducat.proto.risk.v1.AssessResponse;
import dev.ducat.proto.risk.v1.Verdict;
import dev.ducat.saga.connector.GrpcRisk;
import io.vertx.core.Future;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What the risk service is asked, and what its answer means. */
final class Assessments {
  private static final Logger LOG = LoggerFactory.getLogger(Assessments.class);

  private Assessments() {}

  /** Asks on this node; whatever is no verdict is silence, never a failure. */
  static Future<Outcome.Assessed> ask(Bus bus, RiskCall asked) {
    return bus.askLocal(
            GrpcRisk.ADDRESS,
            asked,
            AssessResponse.getDefaultInstance(),
            Duration.ofMillis(asked.getDeadlineMs()))
        .map(Assessments::verdict)
        .otherwise(
            silent -> {
              LOG.debug("the risk service gave no verdict: {}", silent.toString());
              return silence(asked, String.valueOf(silent.getMessage()));
            });
  }

  /** The question, with what no answer to it will mean. */
  static Intent question(Claim claim, Payment payment, RiskTerms terms) {
    AssessRequest facts =
        AssessRequest.newBuilder()
            .setPaymentId(payment.getPaymentId())
            .setTenant(claim.tenant())
            .setMerchantAccount(payment.getMerchantAccount())
            .setAmount(payment.getAmount())
            .setPaymentMethod(payment.getPaymentMethod())
            .setConnector(payment.getConnector())
            .setCaptureMode(payment.getCaptureMode())
            .setReference(payment.getReference())
            .setDescription(payment.getDescription())
            .putAllMetadata(payment.getMetadataMap())
            .setCreateTime(payment.getCreateTime())
            .build();
    return Intent.newBuilder()
        .setRiskCall(
            RiskCall.newBuilder()
                .setRequest(facts)
                .setDeadlineMs(terms.deadline().toMillis())
                .setWhenSilent(
                    terms.allowWhenSilent() ? Verdict.VERDICT_ALLOW : Verdict.VERDICT_DECLINE))
        .build();
  }

  static Outcome.Assessed verdict(AssessResponse answer) {
    return new Outcome.Assessed(
        Assessment.newBuilder()
            .setVerdict(answer.getVerdict())
            .setReason(Failures.reference(answer.getReason()))
            .setMessage(Failures.text(answer.getMessage()))
            .setReference(Failures.reference(answer.getReference()))
            .build());
  }

  /** No verdict came. */
  static Outcome.Assessed silence(RiskCall asked, String why) {
    return new Outcome.Assessed(
        Assessment.newBuilder()
            .setVerdict(asked.getWhenSilent())
            .setMessage(Failures.text(why))
            .setSilent(true)
            .build());
  }

  /** Why a payment is declined, for its client: nothing about where the risk service is. */
  static String reasonOf(Assessment assessment) {
    if (assessment.getSilent()) {
      return "the risk service gave no verdict";
    }
    String reason = assessment.getReason();
    return reason.isEmpty() || assessment.getMessage().isEmpty()
        ? reason + assessment.getMessage()
        : reason + ": " + assessment.getMessage();
  }
}
