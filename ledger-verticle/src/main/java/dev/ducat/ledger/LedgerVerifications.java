package dev.ducat.ledger;

import dev.ducat.kernel.bus.BusException;
import dev.ducat.kernel.bus.BusFailure;
import dev.ducat.kernel.bus.Registration;
import dev.ducat.kernel.node.Node;
import dev.ducat.proto.internal.v1.BooksVerified;
import dev.ducat.proto.internal.v1.VerifyBooks;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Verifications of the books that others ask for: one at a time on a node, since each reads all
 * there is. Beside the lanes, which know nothing of it.
 */
final class LedgerVerifications {
  /** Any node begins one; how it goes on is asked of that node under an address of its own. */
  static final String ADDRESS = "ledger.verify";

  /** How long an answer waits for the end, so that whoever asks need not ask too often. */
  private static final Duration PACE = Duration.ofSeconds(1);

  private final Node node;
  private final LedgerSettings settings;
  private final String own;
  private @Nullable Vertx vertx;
  private Future<Registration> all = Future.failedFuture("not started");
  private Future<Registration> mine = Future.failedFuture("not started");

  // Guarded by this.
  private @Nullable Running running;

  private record Running(String id, LedgerVerification verification) {}

  LedgerVerifications(Node node, LedgerSettings settings) {
    this.node = node;
    this.settings = settings;
    this.own = ADDRESS + "." + node.leases().owner();
  }

  Future<?> serve(Vertx on) {
    vertx = on;
    VerifyBooks request = VerifyBooks.getDefaultInstance();
    all = node.bus().serve(ADDRESS, request, this::answer);
    mine = node.bus().serve(own, request, this::answer);
    return Future.all(all, mine);
  }

  Future<Void> close() {
    Running now = current();
    if (now != null) {
      now.verification().cancel();
    }
    return Future.join(all.compose(Registration::close), mine.compose(Registration::close))
        .mapEmpty();
  }

  private Future<BooksVerified> answer(VerifyBooks request) {
    if (request.getVerification().isEmpty()) {
      return begin(request.getTenant());
    }
    Running now = current();
    if (now == null || !now.id().equals(request.getVerification())) {
      return Future.failedFuture(
          new BusException(BusFailure.UNAVAILABLE, "no such verification here"));
    }
    if (request.getCancel()) {
      now.verification().cancel();
      return Future.succeededFuture(BooksVerified.getDefaultInstance());
    }
    return now.verification()
        .ended()
        .timeout(PACE.toMillis(), TimeUnit.MILLISECONDS)
        .recover(
            failure ->
                failure instanceof TimeoutException
                    ? Future.succeededFuture()
                    : Future.failedFuture(
                        new BusException(BusFailure.UNAVAILABLE, "the verification broke off")))
        .map(still -> shown(now));
  }

  private synchronized Future<BooksVerified> begin(String tenant) {
    if (running != null && !running.verification().ended().isComplete()) {
      return Future.failedFuture(new BusException(BusFailure.BUSY, own));
    }
    Running begun =
        new Running(node.ids().next().toString(), new LedgerVerification(node, settings, tenant));
    running = begun;
    Vertx on = vertx;
    if (on == null) {
      throw new IllegalStateException("not served");
    }
    begun.verification().begin(on);
    return Future.succeededFuture(shown(begun));
  }

  private BooksVerified shown(Running now) {
    return BooksVerified.newBuilder()
        .setAddress(own)
        .setVerification(now.id())
        .setProgress(now.verification().progress())
        .build();
  }

  private synchronized @Nullable Running current() {
    return running;
  }
}
