package dev.ducat.saga;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ducat.proto.payments.v1.Payment;
import dev.ducat.saga.Limits.Amount;
import dev.ducat.saga.Limits.Span;
import dev.ducat.saga.Limits.Velocity;
import dev.ducat.saga.Limits.Who;
import dev.ducat.saga.Limits.Window;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** Which limit counts for whom, and what a batch may admit. */
final class LimitsTest {
  private static final Instant NOW = Instant.parse("2026-11-29T10:17:42.5Z");
  private static final Instant MINUTE = Instant.parse("2026-11-29T10:17:00Z");
  private static final Instant DAY = Instant.parse("2026-11-29T00:00:00Z");

  private static Payment payment(String merchant, long minorUnits) {
    return Payment.newBuilder()
        .setMerchantAccount(merchant)
        .setAmount(Requests.payment("k", "sim_ok", minorUnits).getAmount())
        .build();
  }

  private static String codeOf(Limits limits, String tenant, String merchant, long minorUnits) {
    Outcome.Declined refused = limits.refusalOf(tenant, payment(merchant, minorUnits));
    return refused == null ? "" : refused.code();
  }

  @Test
  void theMostExactAmountLimitCountsAndTheTenantsBesideIt() {
    Limits limits =
        new Limits(
            List.of(
                new Amount(new Who("*", ""), "EUR", 10, 1_000),
                new Amount(new Who("*", "*"), "EUR", 1, 500),
                new Amount(new Who("*", "acme"), "EUR", 1, 700),
                new Amount(new Who("shop", "*"), "EUR", 1, 800),
                new Amount(new Who("shop", "acme"), "EUR", 1, 5_000),
                new Amount(new Who("*", ""), "USD", 1, 1)),
            List.of());

    assertThat(codeOf(limits, "t", "globex", 500)).isEmpty();
    assertThat(codeOf(limits, "t", "globex", 501)).isEqualTo("LIMIT_EXCEEDED");
    assertThat(codeOf(limits, "t", "acme", 700)).isEmpty();
    assertThat(codeOf(limits, "t", "acme", 701)).isEqualTo("LIMIT_EXCEEDED");
    assertThat(codeOf(limits, "shop", "globex", 800)).isEmpty();
    assertThat(codeOf(limits, "shop", "globex", 801)).isEqualTo("LIMIT_EXCEEDED");
    // The merchant may take more than its tenant allows for any of its payments.
    assertThat(codeOf(limits, "shop", "acme", 1_000)).isEmpty();
    assertThat(codeOf(limits, "shop", "acme", 1_001)).isEqualTo("LIMIT_EXCEEDED");
    assertThat(codeOf(limits, "t", "globex", 10)).isEmpty();
    assertThat(codeOf(limits, "t", "globex", 9)).isEqualTo("AMOUNT_BELOW_MINIMUM");
    assertThat(codeOf(Limits.NONE, "t", "globex", 1)).isEmpty();
  }

  @Test
  void windowsAreAlignedAndSeparateForEachTenantAndMerchant() {
    Limits limits =
        new Limits(
            List.of(),
            List.of(
                new Velocity(new Who("*", "*"), "", Span.MINUTE, 3),
                new Velocity(new Who("t", "acme"), "", Span.MINUTE, 9),
                new Velocity(new Who("t", ""), "EUR", Span.DAY, 100),
                new Velocity(new Who("t", ""), "USD", Span.DAY, 100)));

    assertThat(limits.windowsOf("t", "acme", "EUR", NOW))
        .isEqualTo(
            Map.of(
                new Window("t", "acme", "", Span.MINUTE, MINUTE),
                9L,
                new Window("t", "", "EUR", Span.DAY, DAY),
                100L));
    assertThat(limits.windowsOf("other", "globex", "EUR", NOW))
        .isEqualTo(Map.of(new Window("other", "globex", "", Span.MINUTE, MINUTE), 3L));
    assertThat(Limits.NONE.windowsOf("t", "acme", "EUR", NOW)).isEmpty();
  }

  @Test
  void whatDoesNotFitOneWindowCountsInNone() {
    Window count = new Window("t", "acme", "", Span.MINUTE, MINUTE);
    Window sum = new Window("t", "", "EUR", Span.DAY, DAY);
    Limits limits =
        new Limits(
            List.of(),
            List.of(
                new Velocity(new Who("t", "acme"), "", Span.MINUTE, 5),
                new Velocity(new Who("t", ""), "EUR", Span.DAY, 100)));
    VelocityCount velocity = new VelocityCount(limits, Map.of(count, 2L, sum, 30L));

    assertThat(velocity.admit("t", payment("acme", 71), NOW)).isNotNull();
    assertThat(velocity.additions()).isEmpty();
    assertThat(velocity.admit("t", payment("acme", 70), NOW)).isNull();
    assertThat(Objects.requireNonNull(velocity.additions().get(sum)).units()).isEqualTo(70);
    assertThat(Objects.requireNonNull(velocity.additions().get(count)).units()).isEqualTo(1);
    Outcome.Declined refused = velocity.admit("t", payment("acme", 1), NOW);
    assertThat(refused).isNotNull();
    assertThat(Objects.requireNonNull(refused).code()).isEqualTo("VELOCITY_EXCEEDED");
  }
}
