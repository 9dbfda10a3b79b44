package dev.ducat.torture.machine;

import com.google.protobuf.Message;
import dev.ducat.launcher.check.ClientHistory.Answered;
import dev.ducat.launcher.check.ClientHistory.Refused;
import dev.ducat.launcher.check.ClientHistory.Sent;
import dev.ducat.launcher.check.ClientHistory.Told;
import dev.ducat.launcher.check.ClientHistory.Unknown;
import dev.ducat.launcher.client.Answer;
import dev.ducat.launcher.client.CallFailure;
import dev.ducat.launcher.client.DucatClient;
import dev.ducat.proto.payments.v1.Payment;
import io.vertx.core.Future;
import io.vertx.grpc.common.ServiceMethod;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A good client: the same key again, at another node, until there is an answer. */
final class Client implements AutoCloseable {
  private static final Duration CALL = Duration.ofSeconds(5);
  private static final Duration GIVE_UP = Duration.ofSeconds(60);
  private static final Duration PAUSE = Duration.ofMillis(200);

  private final String name;
  private final Cluster cluster;
  private final Witness witness;
  private final DucatClient grpc = new DucatClient("default");
  private final List<Supplier<End<?>>> open = new ArrayList<>();
  private int turn;

  Client(String name, int first, Cluster cluster, Witness witness) {
    this.name = name;
    this.turn = first;
    this.cluster = cluster;
    this.witness = witness;
  }

  Witness witness() {
    return witness;
  }

  String name() {
    return name;
  }

  /**
   * Asks until the outcome is known. What stayed open is asked once more by {@link #askOpenAgain}.
   *
   * @param sent the payment this is about, for the client's memory; null where it is about none
   */
  <Q extends Message, A extends Message> End<A> ask(
      @Nullable Sent sent, ServiceMethod<A, Q> method, Q request) {
    End<A> end = attempt(sent, method, request);
    if (end instanceof End.Open) {
      open.add(() -> attempt(sent, method, request));
    }
    return end;
  }

  /** What nobody answered while things broke must have an answer once they are whole. */
  void askOpenAgain() {
    for (Supplier<End<?>> again : open) {
      witness.require(
          !(again.get() instanceof End.Open), "S1", name, "never learned what became of a request");
    }
  }

  private <Q extends Message, A extends Message> End<A> attempt(
      @Nullable Sent sent, ServiceMethod<A, Q> method, Q request) {
    Timeline timeline = witness.timeline();
    double began = timeline.now();
    double doubt = Double.NaN;
    long limit = System.nanoTime() + GIVE_UP.toNanos();
    while (System.nanoTime() - limit < 0) {
      double called = timeline.now();
      try {
        A answer = await(grpc.call(cluster.gateway(turn), method, request, CALL));
        timeline.ended(method.methodName(), "ok", called, silent(sent));
        timeline.waited(began, doubt, true);
        remember(name, sent, answer);
        return new End.Told<>(answer);
      } catch (CallFailure failure) {
        boolean definite = failure.isDefinite();
        timeline.ended(method.methodName(), definite ? "refused" : "unknown", called, silent(sent));
        remember(name, sent, failure);
        if (definite) {
          timeline.waited(began, doubt, true);
          return new End.Refused<>(failure);
        }
        doubt = Double.isNaN(doubt) ? timeline.now() : doubt;
      }
      turn++;
      Pause.of(PAUSE);
    }
    timeline.waited(began, doubt, false);
    return new End.Open<>();
  }

  /**
   * Two requests at the same moment at two nodes: the same twice, or two that exclude each other.
   * The first is asked until it is known, the second once.
   */
  <Q extends Message, R extends Message> End<Payment> race(
      Sent sent,
      ServiceMethod<Payment, Q> method,
      Q request,
      ServiceMethod<Payment, R> otherMethod,
      R otherRequest) {
    double called = witness.timeline().now();
    Future<Answer<Payment>> other =
        grpc.call(cluster.gateway(turn + 1), otherMethod, otherRequest, CALL);
    End<Payment> end = ask(sent, method, request);
    String outcome;
    // Which of the two answers is the older one cannot be told: the other has a memory of its own.
    try {
      remember(name + "-twin", sent, await(other));
      outcome = "ok";
    } catch (CallFailure failure) {
      remember(name + "-twin", sent, failure);
      outcome = failure.isDefinite() ? "refused" : "unknown";
    }
    witness.timeline().ended(otherMethod.methodName(), outcome, called, silent(sent));
    return end;
  }

  /**
   * Follows a stream until it ends, at most for a while.
   *
   * @return what came, in order
   */
  <Q extends Message, A extends Message> List<A> follow(
      ServiceMethod<A, Q> method, Q request, Duration length) {
    Queue<A> seen = new ConcurrentLinkedQueue<>();
    double called = witness.timeline().now();
    String outcome = "ok";
    try {
      grpc.follow(cluster.gateway(turn), method, request, length, seen::add)
          .await(length.plus(CALL).toMillis(), TimeUnit.MILLISECONDS);
    } catch (CallFailure ended) {
      outcome = "ended";
    } catch (TimeoutException hanging) {
      throw new IllegalStateException("a stream outlived its deadline", hanging);
    }
    witness.timeline().ended(method.methodName(), outcome, called, false);
    return List.copyOf(seen);
  }

  /** Takes a payment that was seen into the client's memory. */
  void saw(Sent sent, Payment payment) {
    remember(name, sent, payment);
  }

  private static <A> A await(Future<Answer<A>> call) {
    try {
      return call.await(CALL.multipliedBy(3).toMillis(), TimeUnit.MILLISECONDS).message();
    } catch (TimeoutException hanging) {
      throw new IllegalStateException("a call outlived its deadline", hanging);
    }
  }

  private static boolean silent(@Nullable Sent sent) {
    return sent != null && MixedPlan.isSilent(sent.method());
  }

  private void remember(String who, @Nullable Sent sent, Message answer) {
    if (sent != null && answer instanceof Payment payment && !payment.getPaymentId().isEmpty()) {
      witness.history().add(who, sent, told(payment));
    }
  }

  private void remember(String who, @Nullable Sent sent, CallFailure failure) {
    if (sent != null) {
      Told told =
          failure.isDefinite()
              ? new Refused(failure.details().reason())
              : new Unknown(failure.status().name());
      witness.history().add(who, sent, told);
    }
  }

  private static Answered told(Payment payment) {
    return new Answered(
        payment.getPaymentId(),
        payment.getVersion(),
        payment.getState().name(),
        payment.getAmount().getMinorUnits(),
        payment.getAmount().getCurrencyCode());
  }

  @Override
  public void close() {
    grpc.close();
  }
}
