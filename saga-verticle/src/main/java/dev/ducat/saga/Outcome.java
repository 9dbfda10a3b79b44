package dev.ducat.saga;

import dev.ducat.proto.connector.v1.OperationResult;
import dev.ducat.proto.internal.v1.Assessment;
import dev.ducat.proto.ledger.v1.TransferResult;
import dev.ducat.proto.payments.v1.NextAction;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** What became of an action, as far as it is known. */
public sealed interface Outcome {
  /**
   * It happened, exactly as asked, on the ledger and at the PSP.
   *
   * @param connectorReference the PSP's own name for it; empty for actions without PSP
   */
  record Done(String connectorReference, @Nullable Instant authorizationExpireTime)
      implements Outcome {}

  /** The capture happened, and what the settle step books is booked with it. */
  record Settled(Done capture) implements Outcome {}

  /** The PSP refused it for good. */
  record Declined(String code, String message) implements Outcome {}

  /** The PSP decides later; the payer may have to act first. */
  record Pending(String connectorReference, @Nullable NextAction nextAction) implements Outcome {}

  /**
   * It certainly did not happen, and may be tried again.
   *
   * @param code the PSP's reason, machine-readable; empty where it gives none
   */
  record Retryable(String code, String message, @Nullable Duration retryAfter) implements Outcome {}

  /** No answer: it may have happened. */
  record Unknown(String message) implements Outcome {}

  /** The PSP knows no operation of this key (yet). */
  record NotFound() implements Outcome {}

  /** Nothing was sent, because the unit may not be ours any more. */
  record NotSent() implements Outcome {}

  /** The ledger refused what had to come before the PSP call: nothing happened anywhere. */
  record LedgerRefused(TransferResult result) implements Outcome {}

  /** The PSP reports by itself that it is done, exactly as asked. */
  record Told(OperationResult report) implements Outcome {}

  /** The PSP reported the settlement of a capture, and that is recorded. */
  record SettlementReported() implements Outcome {}

  /** The risk service's verdict, or what stands for its silence. */
  record Assessed(Assessment assessment) implements Outcome {}

  /** What it waited for has come: its time, or the end that somebody else puts to it. */
  record TimeUp() implements Outcome {}

  /** A person wants it tried once more, now. */
  record Retried() implements Outcome {}

  /** A person gives it up: what was done is undone. */
  record GivenUp() implements Outcome {}

  /** An answer that does not belong to what was asked: for a person, never booked. */
  record Mismatch(String message) implements Outcome {}
}
