package dev.ducat.bench.load;

import io.netty.buffer.ByteBuf;

/** Makes the calls of a workload: messages made once, of which each call changes a few bytes. */
interface Requests {
  /** {@code /package.Service/Method}. */
  String path();

  /** Bytes of each message, without the five that gRPC puts before it. */
  int length();

  /** Writes the message of call {@code number}: another number, another message. */
  void write(long number, ByteBuf out);

  /**
   * What an answer says, as a small number: 0 = nothing to tell.
   *
   * @param message where the beginning of the answer lies
   */
  int outcome(ByteBuf message, int index, int length);

  /** Whether the outcome is what the workload is about. */
  boolean isGood(int outcome);

  static Requests of(Workload workload, long run) {
    return switch (workload) {
      case PAYMENTS_SPREAD -> new PaymentRequests(run, 1_000);
      case PAYMENTS_HOT -> new PaymentRequests(run, 1);
      case TRANSFERS -> new TransferRequests(run);
    };
  }
}
