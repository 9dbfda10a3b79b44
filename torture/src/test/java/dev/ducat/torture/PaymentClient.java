package dev.ducat.torture;

import dev.ducat.proto.payments.v1.CreatePaymentRequest;
import dev.ducat.proto.payments.v1.GetPaymentRequest;
import dev.ducat.proto.payments.v1.LookupPaymentRequest;
import dev.ducat.proto.payments.v1.Payment;
import dev.ducat.proto.payments.v1.PaymentServiceGrpcClient;
import dev.ducat.proto.payments.v1.PaymentState;
import dev.ducat.torture.Rpc.Reply;
import io.vertx.core.net.SocketAddress;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;

/**
 * A client as the contract asks for one: it retries with the same key until the payment has ended,
 * at any node it knows, and writes down every call.
 */
final class PaymentClient implements AutoCloseable {
  /** A payment that these states do not describe is still under way. */
  static final Set<PaymentState> TERMINAL =
      EnumSet.of(
          PaymentState.PAYMENT_STATE_SETTLED,
          PaymentState.PAYMENT_STATE_FAILED,
          PaymentState.PAYMENT_STATE_CANCELED,
          PaymentState.PAYMENT_STATE_EXPIRED);

  /** Short, so that a frozen node costs a client little. */
  private static final Duration TIMEOUT = Duration.ofSeconds(4);

  private static final int BACKOFF_MIN_MS = 20;
  private static final int BACKOFF_MAX_MS = 200;

  private final Rpc rpc = new Rpc();
  private final String name;
  private final History history;
  private final Supplier<List<SocketAddress>> nodes;
  private final Random random;

  /**
   * Makes a client; it connects with its first call.
   *
   * @param name told apart from the tenant's other clients by it
   * @param nodes where gateways listen at the moment; any of them will do
   * @param random chooses the node and the pauses
   */
  PaymentClient(String name, History history, Supplier<List<SocketAddress>> nodes, Random random) {
    this.name = name;
    this.history = history;
    this.nodes = nodes;
    this.random = random;
  }

  /** A client of one node. */
  PaymentClient(String name, History history, SocketAddress node) {
    this(name, history, () -> List.of(node), new Random(0));
  }

  /** Asks once. */
  Reply<Payment> create(CreatePaymentRequest request) {
    List<SocketAddress> known = nodes.get();
    Reply<Payment> reply =
        rpc.call(
            known.get(random.nextInt(known.size())),
            PaymentServiceGrpcClient.CreatePayment,
            request,
            headers(),
            TIMEOUT);
    history.add(name, request, reply);
    return reply;
  }

  /**
   * Asks until the payment has ended.
   *
   * @throws AssertionError when it has not within {@code limit}, or a call was refused for good
   */
  Payment finish(CreatePaymentRequest request, Duration limit) {
    long end = System.nanoTime() + limit.toNanos();
    while (true) {
      Reply<Payment> reply = create(request);
      if (reply.ok() && TERMINAL.contains(reply.message().getState())) {
        return reply.message();
      }
      if (!reply.ok() && !History.UNKNOWN.contains(reply.status())) {
        throw new AssertionError(
            "the payment with key %s was refused: %s"
                .formatted(request.getIdempotencyKey(), reply));
      }
      if (System.nanoTime() > end) {
        throw new AssertionError(
            "the payment with key %s has not ended in %d s; last answer: %s %s"
                .formatted(
                    request.getIdempotencyKey(), limit.toSeconds(), reply, reply.messages()));
      }
      backOff();
    }
  }

  Reply<Payment> get(String paymentId) {
    return rpc.call(
        nodes.get().getFirst(),
        PaymentServiceGrpcClient.GetPayment,
        GetPaymentRequest.newBuilder().setPaymentId(paymentId).build(),
        headers(),
        TIMEOUT);
  }

  Reply<Payment> lookup(String key) {
    return rpc.call(
        nodes.get().getFirst(),
        PaymentServiceGrpcClient.LookupPayment,
        LookupPaymentRequest.newBuilder().setIdempotencyKey(key).build(),
        headers(),
        TIMEOUT);
  }

  @Override
  public void close() {
    rpc.close();
  }

  private Map<String, String> headers() {
    return Map.of("ducat-tenant", history.tenant());
  }

  /** A client's own pause between two tries; nothing in a test waits for it. */
  private void backOff() {
    LockSupport.parkNanos(
        TimeUnit.MILLISECONDS.toNanos(random.nextInt(BACKOFF_MIN_MS, BACKOFF_MAX_MS)));
  }
}
