package dev.ducat.torture;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ducat.proto.payments.v1.CreatePaymentRequest;
import dev.ducat.proto.payments.v1.Payment;
import dev.ducat.proto.type.v1.Money;
import dev.ducat.torture.Rpc.Reply;
import io.vertx.core.net.SocketAddress;
import io.vertx.grpc.common.GrpcStatus;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** T1: a tenant sees, changes and infers nothing of another. */
final class TenantsTest {
  private static final Duration LIMIT = Duration.ofSeconds(20);

  private static final CreatePaymentRequest REQUEST =
      CreatePaymentRequest.newBuilder()
          .setIdempotencyKey("one-key-for-both")
          .setAmount(Money.newBuilder().setCurrencyCode("EUR").setMinorUnits(4_200))
          .setPaymentMethod("sim_ok")
          .setMerchantAccount("acme")
          .build();

  private final Installation installation = Installation.shared();

  @Test
  void oneKeyOfTwoTenantsIsTwoPayments() {
    SocketAddress node = installation.steadyNode().grpc();
    History north = installation.newHistory("tenant-north");
    History south = installation.newHistory("tenant-south");
    try (PaymentClient one = new PaymentClient("only", north, node);
        PaymentClient other = new PaymentClient("only", south, node)) {
      Payment ones = one.finish(REQUEST, LIMIT);
      Payment others = other.finish(REQUEST, LIMIT);
      assertThat(others.getPaymentId()).isNotEqualTo(ones.getPaymentId());
      assertThat(one.lookup(REQUEST.getIdempotencyKey()).message()).isEqualTo(ones);
      assertThat(other.lookup(REQUEST.getIdempotencyKey()).message()).isEqualTo(others);
      Proof.of(installation).assertAllHold(north);
      Proof.of(installation).assertAllHold(south);
    }
  }

  @Test
  void anothersPaymentIsNotFoundLikeOneThatNeverWas() {
    SocketAddress node = installation.steadyNode().grpc();
    try (PaymentClient owner =
            new PaymentClient("only", installation.newHistory("tenant-owner"), node);
        PaymentClient stranger =
            new PaymentClient("only", installation.newHistory("tenant-stranger"), node)) {
      Payment payment = owner.finish(REQUEST, LIMIT);
      String never = neighbor(payment.getPaymentId());
      assertNotFoundAlike(
          stranger.get(payment.getPaymentId()), payment.getPaymentId(), stranger.get(never), never);
      assertNotFoundAlike(
          stranger.lookup(REQUEST.getIdempotencyKey()),
          REQUEST.getIdempotencyKey(),
          stranger.lookup("never-used"),
          "never-used");
    }
  }

  /** The same text, whatever id it may quote. */
  private static void assertNotFoundAlike(
      Reply<Payment> others, String othersName, Reply<Payment> never, String neverName) {
    assertThat(others.status()).as("%s", others).isEqualTo(GrpcStatus.NOT_FOUND);
    assertThat(never.status()).as("%s", never).isEqualTo(GrpcStatus.NOT_FOUND);
    assertThat(others.text().replace(othersName, "…"))
        .isEqualTo(never.text().replace(neverName, "…"));
  }

  /** Another id of the same shard, which is in the last two characters. */
  private static String neighbor(String id) {
    int place = id.length() - 5;
    char other = id.charAt(place) == '0' ? '1' : '0';
    return id.substring(0, place) + other + id.substring(place + 1);
  }
}
