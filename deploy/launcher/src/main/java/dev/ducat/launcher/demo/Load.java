package dev.ducat.launcher.demo;

import com.google.protobuf.Message;
import dev.ducat.launcher.check.ClientHistory;
import dev.ducat.launcher.check.ClientHistory.Answered;
import dev.ducat.launcher.check.ClientHistory.Refused;
import dev.ducat.launcher.check.ClientHistory.Sent;
import dev.ducat.launcher.check.ClientHistory.Unknown;
import dev.ducat.launcher.client.Answer;
import dev.ducat.launcher.client.CallFailure;
import dev.ducat.launcher.client.DucatClient;
import dev.ducat.proto.payments.v1.CreatePaymentRequest;
import dev.ducat.proto.payments.v1.GetPaymentRequest;
import dev.ducat.proto.payments.v1.Payment;
import dev.ducat.proto.payments.v1.PaymentServiceGrpcClient;
import dev.ducat.proto.payments.v1.PaymentState;
import io.vertx.core.Vertx;
import io.vertx.core.net.SocketAddress;
import io.vertx.grpc.common.ServiceMethod;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;

/**
 * Clients that do what good clients do: one key per payment, and the same key again, at another
 * node, until there is an answer.
 */
final class Load {
  private static final Duration CALL = Duration.ofSeconds(4);
  private static final Duration PAUSE_FIRST = Duration.ofMillis(50);
  private static final Duration PAUSE_MAX = Duration.ofSeconds(1);

  /** A payment that does not rest by then is a finding of its own: the audit names it. */
  private static final Duration GIVE_UP = Duration.ofSeconds(60);

  /** One payment in this many is read again, at the other node. */
  private static final int READ_EVERY = 3;

  private final List<SocketAddress> nodes;
  private final ClientHistory history;
  private final Tally tally;
  private final Queue<Sent> orders;

  Load(List<Sent> orders, List<SocketAddress> nodes, ClientHistory history, Tally tally) {
    this.orders = new ConcurrentLinkedQueue<>(orders);
    this.nodes = List.copyOf(nodes);
    this.history = history;
    this.tally = tally;
  }

  /** Sends everything, by so many clients at a time; blocks until each order has its answer. */
  void run(int clients) {
    Vertx vertx = Vertx.vertx();
    List<Future<?>> working = new ArrayList<>();
    try (ExecutorService threads = Executors.newFixedThreadPool(clients)) {
      for (int i = 0; i < clients; i++) {
        int number = i;
        working.add(threads.submit(() -> work(vertx, number)));
      }
    }
    vertx.close();
    for (Future<?> each : working) {
      try {
        each.get();
      } catch (ExecutionException broken) {
        throw new IllegalStateException("a client of the demo broke", broken.getCause());
      } catch (InterruptedException stopped) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }

  private void work(Vertx vertx, int number) {
    int sent = 0;
    try (DucatClient client = DucatClient.on(vertx, "default")) {
      Sent order = orders.poll();
      while (order != null) {
        payUntilItRests(client, number, order, sent++);
        order = orders.poll();
      }
    }
  }

  private void payUntilItRests(DucatClient client, int number, Sent order, int round) {
    String name = "client-" + number;
    long start = System.nanoTime();
    Duration pause = PAUSE_FIRST;
    int attempt = number;
    while (System.nanoTime() - start < GIVE_UP.toNanos()) {
      SocketAddress node = nodes.get(attempt++ % nodes.size());
      try {
        Answer<Payment> answer =
            ask(client, node, PaymentServiceGrpcClient.CreatePayment, request(order));
        Payment payment = answer.message();
        history.add(name, order, told(payment));
        if (rests(payment)) {
          tally.rested(
              order.method(),
              outcome(payment),
              answer.replayed(),
              Duration.ofNanos(System.nanoTime() - start));
          if (round % READ_EVERY == 0) {
            readAgain(client, nodes.get(attempt % nodes.size()), name, order, payment);
          }
          return;
        }
      } catch (CallFailure failure) {
        history.add(name, order, told(failure));
        if (failure.isDefinite()) {
          tally.rested(
              order.method(),
              failure.details().reason(),
              false,
              Duration.ofNanos(System.nanoTime() - start));
          return;
        }
      }
      tally.retried();
      LockSupport.parkNanos(pause.toNanos());
      pause = pause.multipliedBy(2).compareTo(PAUSE_MAX) > 0 ? PAUSE_MAX : pause.multipliedBy(2);
    }
  }

  private void readAgain(
      DucatClient client, SocketAddress node, String name, Sent order, Payment payment) {
    try {
      Answer<Payment> read =
          ask(
              client,
              node,
              PaymentServiceGrpcClient.GetPayment,
              GetPaymentRequest.newBuilder().setPaymentId(payment.getPaymentId()).build());
      history.add(name, order, told(read.message()));
    } catch (CallFailure failure) {
      // That node may be the one that was killed; what matters is that no read goes back.
      history.add(name, order, new Unknown(failure.status().name()));
    }
  }

  private static <Q extends Message, A extends Message> Answer<A> ask(
      DucatClient client, SocketAddress node, ServiceMethod<A, Q> method, Q request) {
    try {
      return client
          .call(node, method, request, CALL)
          .await(CALL.multipliedBy(2).toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException hanging) {
      throw new IllegalStateException("a call outlived its deadline", hanging);
    }
  }

  static CreatePaymentRequest request(Sent order) {
    CreatePaymentRequest.Builder request =
        CreatePaymentRequest.newBuilder()
            .setIdempotencyKey(order.key())
            .setMerchantAccount(order.merchant())
            .setPaymentMethod(order.method());
    request.getAmountBuilder().setCurrencyCode(order.currency()).setMinorUnits(order.amount());
    return request.build();
  }

  private static Answered told(Payment payment) {
    return new Answered(
        payment.getPaymentId(),
        payment.getVersion(),
        payment.getState().name(),
        payment.getAmount().getMinorUnits(),
        payment.getAmount().getCurrencyCode());
  }

  private static ClientHistory.Told told(CallFailure failure) {
    return failure.isDefinite()
        ? new Refused(failure.details().reason())
        : new Unknown(failure.status().name());
  }

  private static boolean rests(Payment payment) {
    PaymentState state = payment.getState();
    return state == PaymentState.PAYMENT_STATE_SETTLED
        || state == PaymentState.PAYMENT_STATE_FAILED
        || state == PaymentState.PAYMENT_STATE_NEEDS_ATTENTION;
  }

  private static String outcome(Payment payment) {
    String state = payment.getState().name().replaceFirst("^PAYMENT_STATE_", "");
    return payment.hasFailure() ? state + " " + payment.getFailure().getCode() : state;
  }
}
