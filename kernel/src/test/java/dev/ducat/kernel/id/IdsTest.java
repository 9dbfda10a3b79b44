package dev.ducat.kernel.id;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ducat.kernel.time.ManualClock;
import java.time.Duration;
import java.time.Instant;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class IdsTest {
  private final ManualClock clock = new ManualClock(Instant.parse("2026-11-23T12:00:00Z"));
  private final Ids ids = new Ids(clock);

  @Test
  void textRoundTripsForAnyBits() {
    Random random = new Random(7);
    for (int i = 0; i < 10_000; i++) {
      UUID uuid = new UUID(random.nextLong(), random.nextLong());
      String text = IdKind.TRANSFER.text(uuid);
      assertThat(text).hasSize(29).matches("tr_[0-9a-hjkmnp-tv-z]{26}");
      assertThat(IdKind.TRANSFER.parse(text)).contains(uuid);
    }
  }

  @Test
  void textSortsLikeTime() {
    String earlier = IdKind.EVENT.text(ids.next());
    clock.advance(Duration.ofMillis(1));
    assertThat(IdKind.EVENT.text(ids.next())).isGreaterThan(earlier);
  }

  @Test
  void refusesEverythingButTheCanonicalForm() {
    String text = IdKind.PAYMENT.text(ids.next());
    assertThat(IdKind.PAYMENT.parse(text)).isPresent();
    assertThat(IdKind.REFUND.parse(text)).isEmpty();
    assertThat(IdKind.PAYMENT.parse(text.toUpperCase(java.util.Locale.ROOT))).isEmpty();
    assertThat(IdKind.PAYMENT.parse(text + "0")).isEmpty();
    assertThat(IdKind.PAYMENT.parse(text.substring(0, 29))).isEmpty();
    assertThat(IdKind.PAYMENT.parse("pay_8zzzzzzzzzzzzzzzzzzzzzzzzz")).isEmpty();
    assertThat(IdKind.PAYMENT.parse("pay_7zzzzzzzzzzzzzzzzzzzzzzzzz")).isPresent();
    assertThat(IdKind.PAYMENT.parse("pay_0000000000000000000000000é")).isEmpty();
  }

  @Test
  void aPaymentIdCarriesItsShardAndStaysAVersion7Uuid() {
    for (int shard = 0; shard < PaymentId.SHARDS_MAX; shard++) {
      PaymentId id = ids.nextPayment(shard);
      assertThat(id.shard()).isEqualTo(shard);
      assertThat(id.uuid().version()).isEqualTo(7);
      assertThat(id.uuid().variant()).isEqualTo(2);
      assertThat(PaymentId.parse(id.text())).contains(id);
    }
  }

  @Test
  void derivedIdsAreTheSameForTheSameCauseAndDifferForAnother() {
    UUID saga = ids.next();
    assertThat(Ids.derive(saga, "authorize/hold")).isEqualTo(Ids.derive(saga, "authorize/hold"));
    assertThat(Ids.derive(saga, "authorize/hold")).isNotEqualTo(Ids.derive(saga, "capture/post"));
    assertThat(Ids.derive(saga, "authorize/hold"))
        .isNotEqualTo(Ids.derive(ids.next(), "authorize/hold"));
    assertThat(Ids.derive(saga, "x").version()).isEqualTo(8);
    // Written into databases: it may never come out differently.
    assertThat(Ids.derive(new UUID(1, 2), "authorize/hold"))
        .isEqualTo(UUID.fromString("00000000-0000-85ae-aebf-344df0123677"));
  }
}
