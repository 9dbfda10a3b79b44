package dev.ducat.relay;

import dev.ducat.kernel.bus.BusException;
import dev.ducat.kernel.bus.BusFailure;
import dev.ducat.proto.internal.v1.DeadEventsReply;
import dev.ducat.proto.internal.v1.RedriveCommand;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/** What operators asked of a slot, until the slot's thread has recorded it. */
final class Wishes {
  private final Queue<Wish> waiting = new ConcurrentLinkedQueue<>();

  private record Wish(RedriveCommand command, Promise<DeadEventsReply> answer) {}

  /** From any thread. */
  Future<DeadEventsReply> add(RedriveCommand command) {
    Wish wish = new Wish(command, Promise.promise());
    waiting.add(wish);
    return wish.answer().future();
  }

  /** Records all of them. */
  void answer(SlotSession session) {
    for (Wish wish = waiting.poll(); wish != null; wish = waiting.poll()) {
      try {
        wish.answer().complete(session.askRedrive(wish.command()));
      } catch (RuntimeException failed) {
        // Whether it was recorded is unknown, and asking again settles it.
        wish.answer().fail(new BusException(BusFailure.TIMEOUT, failed.toString()));
        throw failed;
      }
    }
  }

  /** There is nobody who could record them. */
  void refuse(SlotStatus why) {
    for (Wish wish = waiting.poll(); wish != null; wish = waiting.poll()) {
      wish.answer().fail(unavailableNow(why));
    }
  }

  static Future<DeadEventsReply> unavailable(SlotStatus why) {
    return Future.failedFuture(unavailableNow(why));
  }

  private static BusException unavailableNow(SlotStatus why) {
    return new BusException(BusFailure.UNAVAILABLE, "the slot publishes nothing: " + why.reason());
  }
}
