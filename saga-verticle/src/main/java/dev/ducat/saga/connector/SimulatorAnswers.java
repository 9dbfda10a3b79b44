package dev.ducat.saga.connector;

import com.google.protobuf.Duration;
import com.google.protobuf.Timestamp;
import dev.ducat.proto.connector.v1.Declined;
import dev.ducat.proto.connector.v1.Done;
import dev.ducat.proto.connector.v1.NotFound;
import dev.ducat.proto.connector.v1.OperationKind;
import dev.ducat.proto.connector.v1.OperationResult;
import dev.ducat.proto.connector.v1.Pending;
import dev.ducat.proto.connector.v1.Retryable;
import dev.ducat.proto.payments.v1.NextAction;
import dev.ducat.proto.payments.v1.NextActionType;
import dev.ducat.proto.type.v1.Money;
import dev.ducat.saga.connector.JournalEntry.Kind;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Locale;
import java.util.UUID;

/** What the simulated PSP says about a line of its journal. */
final class SimulatorAnswers {
  private SimulatorAnswers() {}

  /** That no operation of this key is known. */
  static OperationResult notFound(String key, OperationKind kind) {
    return OperationResult.newBuilder()
        .setOperationKey(key)
        .setKind(kind)
        .setNotFound(NotFound.getDefaultInstance())
        .build();
  }

  /** What became of the operation of this line. */
  static OperationResult of(JournalEntry entry) {
    OperationResult.Builder answer =
        OperationResult.newBuilder()
            .setOperationKey(entry.operationKey())
            .setKind(kindOf(entry.kind()));
    return switch (entry.result()) {
      case DONE, TOMBSTONE -> answer.setDone(done(entry)).build();
      case PENDING -> answer.setPending(pending(entry)).build();
      case DECLINED ->
          answer
              .setDeclined(
                  Declined.newBuilder()
                      .setReasonCode(entry.detail())
                      .setMessage(messageOf(entry.detail())))
              .build();
      case RETRYABLE ->
          answer
              .setRetryable(
                  Retryable.newBuilder()
                      .setMessage("a simulated error")
                      .setRetryAfter(Duration.getDefaultInstance()))
              .build();
    };
  }

  /** The same with another amount than the one that moved. */
  static OperationResult withWrongAmount(OperationResult answer) {
    OperationResult.Builder wrong = answer.toBuilder();
    if (answer.hasDone()) {
      Money.Builder amount = wrong.getDoneBuilder().getAmountBuilder();
      amount.setMinorUnits(amount.getMinorUnits() + 1);
    }
    return wrong.build();
  }

  private static Done done(JournalEntry entry) {
    Instant time = entry.time();
    return Done.newBuilder()
        .setConnectorReference(reference(entry))
        .setAmount(
            Money.newBuilder().setCurrencyCode(entry.currency()).setMinorUnits(entry.amount()))
        .setTime(Timestamp.newBuilder().setSeconds(time.getEpochSecond()).setNanos(time.getNano()))
        .build();
  }

  private static Pending pending(JournalEntry entry) {
    String reference = reference(entry);
    return Pending.newBuilder()
        .setConnectorReference(reference)
        .setNextAction(
            NextAction.newBuilder()
                .setType(NextActionType.NEXT_ACTION_TYPE_THREE_D_SECURE)
                .setUrl("https://simulator.invalid/challenge/" + reference))
        .build();
  }

  /** The PSP's own name for an operation: the same whenever it is asked. */
  private static String reference(JournalEntry entry) {
    UUID name = UUID.nameUUIDFromBytes(entry.operationKey().getBytes(StandardCharsets.UTF_8));
    return "sim-"
        + entry.kind().name().toLowerCase(Locale.ROOT)
        + "-"
        + Long.toHexString(name.getMostSignificantBits());
  }

  private static String messageOf(String reason) {
    return switch (reason) {
      case "DECLINED" -> "declined by the simulator";
      case "INSUFFICIENT_FUNDS" -> "the simulated payer has not enough funds";
      default -> "declined by the simulator: " + reason;
    };
  }

  private static OperationKind kindOf(Kind kind) {
    return switch (kind) {
      case AUTHORIZE -> OperationKind.OPERATION_KIND_AUTHORIZE;
      case CAPTURE -> OperationKind.OPERATION_KIND_CAPTURE;
      case VOID -> OperationKind.OPERATION_KIND_VOID;
      case REFUND -> OperationKind.OPERATION_KIND_REFUND;
    };
  }
}
