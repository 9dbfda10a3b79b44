package dev.ducat.torture.machine;

import com.google.protobuf.Message;
import dev.ducat.launcher.check.ClientHistory;
import dev.ducat.launcher.check.ClientHistory.Answered;
import dev.ducat.launcher.check.ClientHistory.Refused;
import dev.ducat.launcher.check.ClientHistory.Sent;
import dev.ducat.launcher.check.ClientHistory.Unknown;
import dev.ducat.launcher.client.CallFailure;
import dev.ducat.launcher.client.DucatClient;
import dev.ducat.proto.payments.v1.Payment;
import io.vertx.grpc.common.ServiceMethod;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** A good client: the same key again, at another node, until there is an answer. */
final class Client implements AutoCloseable {
  private static final Duration CALL = Duration.ofSeconds(5);
  private static final Duration GIVE_UP = Duration.ofSeconds(60);
  private static final Duration PAUSE = Duration.ofMillis(200);

  private final String name;
  private final Cluster cluster;
  private final ClientHistory history;
  private final Timeline timeline;
  private final DucatClient grpc = new DucatClient("default");
  private int turn;

  Client(String name, int first, Cluster cluster, ClientHistory history, Timeline timeline) {
    this.name = name;
    this.turn = first;
    this.cluster = cluster;
    this.history = history;
    this.timeline = timeline;
  }

  /** Asks until the outcome is known; empty when it was refused or stayed unknown. */
  <Q extends Message, A extends Message> Optional<A> ask(
      @Nullable Sent sent, ServiceMethod<A, Q> method, Q request) {
    long limit = System.nanoTime() + GIVE_UP.toNanos();
    while (System.nanoTime() - limit < 0) {
      try {
        A answer =
            grpc.call(cluster.gateway(turn), method, request, CALL)
                .await(CALL.multipliedBy(3).toMillis(), TimeUnit.MILLISECONDS)
                .message();
        timeline.ended(method.methodName(), "ok");
        if (sent != null && answer instanceof Payment payment) {
          history.add(name, sent, told(payment));
        }
        return Optional.of(answer);
      } catch (CallFailure failure) {
        boolean definite = failure.isDefinite();
        timeline.ended(method.methodName(), definite ? "failed" : "unknown");
        if (sent != null) {
          history.add(
              name,
              sent,
              definite
                  ? new Refused(failure.details().reason())
                  : new Unknown(failure.status().name()));
        }
        if (definite) {
          return Optional.empty();
        }
      } catch (TimeoutException hanging) {
        throw new IllegalStateException("a call outlived its deadline", hanging);
      }
      turn++;
      Pause.of(PAUSE);
    }
    return Optional.empty();
  }

  /** Follows a stream for a moment. */
  <Q extends Message, A extends Message> void look(ServiceMethod<A, Q> method, Q request) {
    try {
      grpc.follow(cluster.gateway(turn), method, request, Duration.ofMillis(300), message -> {})
          .await(CALL.toMillis(), TimeUnit.MILLISECONDS);
      timeline.ended(method.methodName(), "ok");
    } catch (CallFailure ended) {
      timeline.ended(method.methodName(), "ended");
    } catch (TimeoutException hanging) {
      throw new IllegalStateException("a stream outlived its deadline", hanging);
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
