package dev.ducat.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Duration;
import dev.ducat.proto.payments.v1.CaptureMode;
import dev.ducat.proto.payments.v1.CreatePaymentRequest;
import java.util.HexFormat;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class CanonicalTest {
  private static final CreatePaymentRequest REQUEST =
      Requests.create("k").putMetadata("a", "1").putMetadata("b", "2").build();

  @Test
  void forgetsTheKeyAndTheWait() throws Exception {
    CreatePaymentRequest other =
        REQUEST.toBuilder()
            .setIdempotencyKey("another")
            .setMaxWait(Duration.newBuilder().setSeconds(3))
            .setCaptureMode(CaptureMode.CAPTURE_MODE_AUTOMATIC)
            .build();
    assertThat(Canonical.of(other)).isEqualTo(Canonical.of(REQUEST));
    CreatePaymentRequest read = CreatePaymentRequest.parseFrom(Canonical.of(REQUEST).bytes());
    assertThat(read.getIdempotencyKey()).isEmpty();
    assertThat(read.getAmount()).isEqualTo(REQUEST.getAmount());
  }

  @Test
  void sortsTheMetadata() {
    CreatePaymentRequest reversed =
        Requests.create("k").putMetadata("b", "2").putMetadata("a", "1").build();
    assertThat(Canonical.of(reversed)).isEqualTo(Canonical.of(REQUEST));
  }

  static Stream<UnaryOperator<CreatePaymentRequest.Builder>> otherRequests() {
    return Stream.of(
        r -> r.setAmount(r.getAmount().toBuilder().setMinorUnits(1)),
        r -> r.setAmount(r.getAmount().toBuilder().setCurrencyCode("USD")),
        r -> r.setPaymentMethod("sim_slow_10"),
        r -> r.setMerchantAccount("other"),
        r -> r.setCaptureMode(CaptureMode.CAPTURE_MODE_MANUAL),
        r -> r.setConnector("simulator"),
        r -> r.setReference("r"),
        r -> r.setDescription("d"),
        r -> r.putMetadata("a", "2"),
        r -> r.removeMetadata("a"));
  }

  @ParameterizedTest
  @MethodSource
  void otherRequests(UnaryOperator<CreatePaymentRequest.Builder> change) {
    CreatePaymentRequest other = change.apply(REQUEST.toBuilder()).build();
    assertThat(Canonical.of(other).fingerprint()).isNotEqualTo(Canonical.of(REQUEST).fingerprint());
  }

  /** Keys live for days: a new build must recognize what an old one has recorded. */
  @Test
  void neverChanges() {
    assertThat(HexFormat.of().formatHex(Canonical.of(REQUEST).fingerprint().toByteArray()))
        .isEqualTo("bf147c493def7d709c99ab1293207060ef9ec2cb2a423b1a834f19a5a884e6c0");
  }
}
