package dev.ducat.torture;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ducat.kernel.id.PaymentId;
import dev.ducat.proto.payments.v1.CaptureMode;
import dev.ducat.proto.payments.v1.CapturePaymentRequest;
import dev.ducat.proto.payments.v1.CreatePaymentRequest;
import dev.ducat.proto.payments.v1.Payment;
import dev.ducat.proto.payments.v1.PaymentServiceGrpcClient;
import dev.ducat.proto.payments.v1.PaymentState;
import dev.ducat.proto.type.v1.Money;
import dev.ducat.torture.Installation.Pair;
import dev.ducat.torture.Rpc.Reply;
import io.vertx.core.net.SocketAddress;
import io.vertx.grpc.common.GrpcStatus;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/**
 * The same call through two gateways at once: whichever node's lane has the key, all of them meet
 * there and hear of one outcome.
 */
final class DuplicatesTest {
  private static final String TENANT = "duplicates";
  private static final Duration TIMEOUT = Duration.ofSeconds(10);
  private static final int KEYS = 12;

  /** Of each gateway. */
  private static final int CALLS = 2;

  private final Installation installation = Installation.shared();

  @Test
  void duplicatesThroughTwoGatewaysJoinOneAnother() {
    Pair pair = installation.pair();
    History history = installation.newHistory(TENANT);
    try (Rpc rpc = new Rpc()) {
      Set<String> shards = new HashSet<>();
      long first = 0;
      for (int i = 0; i < KEYS; i++) {
        CreatePaymentRequest request = request("dup-" + i, CaptureMode.CAPTURE_MODE_AUTOMATIC);
        List<Reply<Payment>> replies =
            together(pair, gateway -> create(rpc, gateway, request), another(rpc, pair, request));
        replies.forEach(reply -> history.add("one", request, reply));
        Payment payment = assertOneOutcome(replies, PaymentState.PAYMENT_STATE_SETTLED);
        first += replies.stream().filter(reply -> !reply.replayed()).count();
        shards.add("payment.shard " + shard(payment));
      }
      assertThat(first).as("calls that are nobody's replay").isLessThanOrEqualTo((long) KEYS).isPositive();
      Units units = new Units(installation);
      for (NodeProcess node : List.of(pair.one(), pair.other())) {
        assertThat(units.ownedBy(node.nodeId()).keySet())
            .as("units of %s", node.nodeId())
            .containsAnyElementsOf(shards);
      }

      CreatePaymentRequest manual = request("dup-manual", CaptureMode.CAPTURE_MODE_MANUAL);
      Reply<Payment> open = create(rpc, pair.one().grpc(), manual);
      history.add("one", manual, open);
      CapturePaymentRequest capture =
          CapturePaymentRequest.newBuilder()
              .setPaymentId(open.message().getPaymentId())
              .setIdempotencyKey("dup-capture")
              .build();
      List<Reply<Payment>> captures =
          together(pair, gateway -> capture(rpc, gateway, capture), () -> {});
      captures.forEach(reply -> history.add("one", manual, reply));
      assertOneOutcome(captures, PaymentState.PAYMENT_STATE_SETTLED);
    }
    Proof.of(installation).assertAllHold(history);
  }

  /** A call by way of a gateway. */
  private interface ByGateway {
    Reply<Payment> call(SocketAddress gateway);
  }

  /** The replies to one call, made through both gateways at once. */
  private static List<Reply<Payment>> together(Pair pair, ByGateway call, Runnable beside) {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Callable<Reply<Payment>>> calls = new ArrayList<>();
      for (int i = 0; i < CALLS; i++) {
        pair.gateways().forEach(gateway -> calls.add(() -> call.call(gateway)));
      }
      List<Future<Reply<Payment>>> running = calls.stream().map(threads::submit).toList();
      beside.run();
      List<Reply<Payment>> replies = new ArrayList<>();
      for (Future<Reply<Payment>> each : running) {
        replies.add(each.get());
      }
      return replies;
    } catch (ExecutionException e) {
      throw new AssertionError(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted", e);
    }
  }

  /** The same key with another amount, by the other gateway: refused, whatever is under way. */
  private static Runnable another(Rpc rpc, Pair pair, CreatePaymentRequest request) {
    return () -> {
      CreatePaymentRequest other =
          request.toBuilder().setAmount(request.getAmount().toBuilder().setMinorUnits(1)).build();
      // Joins what is under way: from then on the key is taken.
      assertThat(create(rpc, pair.one().grpc(), now(request)).ok()).isTrue();
      assertThat(create(rpc, pair.other().grpc(), other).status())
          .isEqualTo(GrpcStatus.ALREADY_EXISTS);
    };
  }

  /** Answered after the commit, while the payment goes on. */
  private static CreatePaymentRequest now(CreatePaymentRequest request) {
    return request.toBuilder()
        .setMaxWait(com.google.protobuf.Duration.getDefaultInstance())
        .build();
  }

  private static Payment assertOneOutcome(List<Reply<Payment>> replies, PaymentState state) {
    assertThat(replies).allMatch(Reply::ok);
    List<Payment> answers = replies.stream().map(Reply::message).toList();
    assertThat(answers).hasSize(CALLS * 2);
    assertThat(answers).extracting(Payment::getState).containsOnly(state);
    assertThat(new HashSet<>(answers)).as("what they were told").hasSize(1);
    assertThat(replies.stream().filter(reply -> !reply.replayed()).count())
        .as("calls that began it")
        .isLessThanOrEqualTo(1);
    return answers.getFirst();
  }

  private static Reply<Payment> create(
      Rpc rpc, SocketAddress gateway, CreatePaymentRequest request) {
    return rpc.call(
        gateway,
        PaymentServiceGrpcClient.CreatePayment,
        request,
        Map.of("ducat-tenant", TENANT),
        TIMEOUT);
  }

  private static Reply<Payment> capture(
      Rpc rpc, SocketAddress gateway, CapturePaymentRequest request) {
    return rpc.call(
        gateway,
        PaymentServiceGrpcClient.CapturePayment,
        request,
        Map.of("ducat-tenant", TENANT),
        TIMEOUT);
  }

  private static CreatePaymentRequest request(String key, CaptureMode mode) {
    return CreatePaymentRequest.newBuilder()
        .setIdempotencyKey(key)
        .setAmount(Money.newBuilder().setCurrencyCode("EUR").setMinorUnits(1_000))
        .setPaymentMethod("sim_slow_300")
        .setMerchantAccount("acme")
        .setCaptureMode(mode)
        .build();
  }

  private static int shard(Payment payment) {
    return PaymentId.parse(payment.getPaymentId()).orElseThrow().shard();
  }
}
