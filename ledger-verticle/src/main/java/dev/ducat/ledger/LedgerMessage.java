package dev.ducat.ledger;

import dev.ducat.proto.internal.v1.LedgerReply;
import dev.ducat.proto.ledger.v1.BalanceLimit;
import dev.ducat.proto.ledger.v1.NormalSide;
import io.vertx.core.Promise;
import java.time.Instant;
import java.util.List;

/** What a ledger lane can be asked to do. */
sealed interface LedgerMessage {
  /**
   * The ledger lane, which is also the stream, whose books this is about: {@code ledger.lane.3}.
   */
  String stream();

  /** Completed once what the answer says is committed. */
  Promise<LedgerReply> answer();

  /** Groups that are independent of each other. */
  record ApplyTransfers(
      String stream, List<TransferGroupCommand> groups, Promise<LedgerReply> answer)
      implements LedgerMessage {}

  /** A client's account. */
  record OpenAccount(
      String stream,
      AccountKey key,
      NormalSide side,
      BalanceLimit limit,
      Promise<LedgerReply> answer)
      implements LedgerMessage {}

  /** A client's account that takes nothing new from then on. */
  record CloseAccount(String stream, AccountKey key, Promise<LedgerReply> answer)
      implements LedgerMessage {}

  /** From now on nothing is booked at {@code time} or earlier. */
  record SealTime(String stream, Instant time, Promise<LedgerReply> answer)
      implements LedgerMessage {}

  /** Holds whose time is over are to be released: some of them, more of them next time. */
  record SweepHolds(String stream, Promise<LedgerReply> answer) implements LedgerMessage {}
}
