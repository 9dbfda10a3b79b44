package dev.ducat.torture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.ducat.proto.payments.v1.CreatePaymentRequest;
import dev.ducat.proto.payments.v1.Payment;
import dev.ducat.proto.payments.v1.PaymentState;
import dev.ducat.proto.type.v1.Money;
import io.vertx.core.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/**
 * Payments of every simulated kind from several clients at once, the same for the same seed. Some
 * are impatient (they do not wait for the outcome and ask again), some send everything twice at the
 * same time.
 */
final class Load implements AutoCloseable {
  /** Long enough for a take-over (12 s) after a fault that itself lasts a while. */
  private static final Duration FINISH_MAX = Duration.ofSeconds(60);

  private static final String[] MERCHANTS = {"acme", "globex", "initech"};
  private static final String[] CURRENCIES = {"EUR", "EUR", "USD", "JPY"};

  /** How much of what. */
  private static final String[] METHODS = {
    "sim_ok",
    "sim_ok",
    "sim_ok",
    "sim_ok",
    "sim_decline_authorize",
    "sim_decline_capture",
    "sim_error_1",
    "sim_error_2",
    "sim_slow_40",
    "sim_slow_150"
  };

  private final History history;
  private final int total;
  private final long seed;
  private final Supplier<List<SocketAddress>> nodes;
  private final long began = System.nanoTime();
  private final AtomicInteger next = new AtomicInteger();
  private final AtomicInteger finished = new AtomicInteger();
  private final Map<String, Payment> ended = new ConcurrentHashMap<>();
  private final Queue<Throwable> failures = new ConcurrentLinkedQueue<>();
  private final List<Thread> clients = new ArrayList<>();

  private Load(History history, int total, long seed, Supplier<List<SocketAddress>> nodes) {
    this.history = history;
    this.total = total;
    this.seed = seed;
    this.nodes = nodes;
  }

  /**
   * Starts the clients and returns at once.
   *
   * @param nodes asked before every call, so that a scenario may exchange them
   */
  static Load start(
      String tenant, int payments, int clients, long seed, Supplier<List<SocketAddress>> nodes) {
    System.out.printf("torture: tenant %s, %d payments, seed %d%n", tenant, payments, seed);
    Load load = new Load(Installation.shared().newHistory(tenant), payments, seed, nodes);
    for (int client = 0; client < clients; client++) {
      int number = client;
      load.clients.add(
          Thread.ofVirtual().name(tenant + "-client-" + client).start(() -> load.run(number)));
    }
    return load;
  }

  History history() {
    return history;
  }

  int finished() {
    return finished.get();
  }

  /** Payments that some client is waiting for right now. */
  int underWay() {
    return Math.min(next.get(), total) - finished.get();
  }

  /** Waits until so many payments have ended, so that a fault meets a running load. */
  Load awaitFinished(int count) {
    await(count + " payments of " + history.tenant() + " have ended")
        .atMost(FINISH_MAX)
        .pollInterval(Duration.ofMillis(10))
        .until(() -> finished.get() >= count || !failures.isEmpty());
    assertNoFailure();
    return this;
  }

  /** Asserts that a fault just made hit a moment in which it could hurt. */
  void assertUnderWay() {
    assertThat(underWay()).as("payments under way when the fault came").isPositive();
  }

  /**
   * Waits for every payment to end, and asserts that each ended as its method says and that the
   * history is consistent.
   */
  History join() {
    await("all payments of " + history.tenant() + " have ended")
        .atMost(FINISH_MAX.multipliedBy(2))
        .pollInterval(Duration.ofMillis(20))
        .until(() -> clients.stream().noneMatch(Thread::isAlive));
    assertNoFailure();
    assertThat(ended).as("payments that ended").hasSize(total);
    ended.forEach(
        (key, payment) ->
            assertThat(payment.getState())
                .as("%s (key %s, %s)", payment.getPaymentId(), key, payment.getPaymentMethod())
                .isEqualTo(expected(payment.getPaymentMethod())));
    history.assertConsistent();
    System.out.printf(
        "torture: tenant %s done in %d ms, calls %s%n",
        history.tenant(), Timing.since(began), history.statuses());
    return history;
  }

  /** Gives up what still runs. */
  @Override
  public void close() {
    clients.forEach(Thread::interrupt);
  }

  /** The n-th request: a function of the seed alone. */
  CreatePaymentRequest request(int index) {
    Random dice = new Random(seed * 1_000_003 + index);
    return CreatePaymentRequest.newBuilder()
        .setIdempotencyKey("%s-%d-%05d".formatted(history.tenant(), seed, index))
        .setAmount(
            Money.newBuilder()
                .setCurrencyCode(pick(CURRENCIES, dice))
                .setMinorUnits(1 + dice.nextInt(100_000)))
        .setPaymentMethod(pick(METHODS, dice))
        .setMerchantAccount(pick(MERCHANTS, dice))
        .setReference("order-" + index)
        .build();
  }

  private void run(int number) {
    Random dice = new Random(seed * 31 + number);
    try (PaymentClient client = new PaymentClient("client-" + number, history, nodes, dice);
        PaymentClient twin =
            new PaymentClient("twin-" + number, history, nodes, new Random(seed + number))) {
      for (int index = next.getAndIncrement(); index < total; index = next.getAndIncrement()) {
        CreatePaymentRequest request = request(index);
        Payment payment =
            switch (dice.nextInt(10)) {
              case 0 -> twice(client, twin, request);
              case 1 -> impatiently(client, request);
              default -> client.finish(request, FINISH_MAX);
            };
        ended.put(request.getIdempotencyKey(), payment);
        finished.incrementAndGet();
      }
    } catch (Throwable failure) {
      failures.add(failure);
    }
  }

  /** The same request on two connections at once: they must meet in one payment. */
  private Payment twice(PaymentClient client, PaymentClient twin, CreatePaymentRequest request)
      throws InterruptedException {
    Thread other =
        Thread.ofVirtual()
            .start(
                () -> {
                  try {
                    twin.finish(request, FINISH_MAX);
                  } catch (Throwable failure) {
                    failures.add(failure);
                  }
                });
    Payment payment = client.finish(request, FINISH_MAX);
    other.join();
    return payment;
  }

  /** max_wait is no part of the request: the same key may be asked with another. */
  private static Payment impatiently(PaymentClient client, CreatePaymentRequest request) {
    client.create(
        request.toBuilder().setMaxWait(com.google.protobuf.Duration.getDefaultInstance()).build());
    return client.finish(request, FINISH_MAX);
  }

  private void assertNoFailure() {
    Throwable first = failures.peek();
    if (first != null) {
      throw new AssertionError(
          "seed %d, %d of %d ended: %s".formatted(seed, finished.get(), total, first.getMessage()),
          first);
    }
  }

  private static PaymentState expected(String method) {
    return method.startsWith("sim_decline")
        ? PaymentState.PAYMENT_STATE_FAILED
        : PaymentState.PAYMENT_STATE_SETTLED;
  }

  private static String pick(String[] from, Random dice) {
    return from[dice.nextInt(from.length)];
  }
}
