package dev.ducat.launcher.demo;

import dev.ducat.launcher.cli.Shown;
import dev.ducat.launcher.cli.Table;
import dev.ducat.proto.connector.v1.Done;
import dev.ducat.proto.operations.v1.CompensateSagaRequest;
import dev.ducat.proto.operations.v1.GetSagaRequest;
import dev.ducat.proto.operations.v1.ListSagasRequest;
import dev.ducat.proto.operations.v1.OperationsServiceGrpcClient;
import dev.ducat.proto.operations.v1.ResolveSagaRequest;
import dev.ducat.proto.operations.v1.Saga;
import dev.ducat.proto.operations.v1.SagaFilter;
import dev.ducat.proto.operations.v1.SagaState;
import dev.ducat.proto.payments.v1.CaptureMode;
import dev.ducat.proto.payments.v1.Payment;
import dev.ducat.proto.payments.v1.PaymentState;
import dev.ducat.saga.connector.JournalEntry;
import dev.ducat.saga.connector.SimulatorJournal;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;

/**
 * Payments whose outcome nobody can tell, begun before the kill: the PSP did what it was asked for
 * and does not say so. Where it answers when it is asked again, Ducat finds out by itself; where it
 * never does, an operator looks it up.
 */
final class Doubts {
  private static final long AMOUNT = 4_200;

  private final Hand hand;
  private final Path journal;
  private final Table table = new Table("unknown", "state", "how it became known");
  private final Payment charged;
  private final Payment resolved;
  private final Payment compensated;

  /** Begins them; nobody waits. */
  Doubts(Hand hand, Path journal) {
    this.hand = hand;
    this.journal = journal;
    this.charged = begin("sim_timeout_capture");
    this.resolved = begin("sim_unknown_forever");
    this.compensated = begin("sim_unknown_forever");
  }

  private Payment begin(String method) {
    return hand.pay(method, AMOUNT, CaptureMode.CAPTURE_MODE_AUTOMATIC, Duration.ZERO);
  }

  /** Waits for what becomes known by itself, decides the rest, and returns what is to be shown. */
  Table end() {
    row("charged, the answer lost", ended(charged), "by itself: the PSP was asked again");

    Saga first = parked(resolved);
    row("never a word", hand.get(resolved), standsStill(first));
    hand.operate(
        OperationsServiceGrpcClient.ResolveSaga,
        ResolveSagaRequest.newBuilder()
            .setSagaId(first.getSagaId())
            .setOperationKey(first.getOperationKey())
            .setReason("found in the PSP's journal")
            .setIdempotencyKey(hand.key())
            .setDone(found(first))
            .build());
    row("", ended(resolved), "an operator found it in the PSP's journal: resolve --done");

    Saga second = parked(compensated);
    row("never a word", hand.get(compensated), standsStill(second));
    hand.operate(
        OperationsServiceGrpcClient.CompensateSaga,
        CompensateSagaRequest.newBuilder()
            .setSagaId(second.getSagaId())
            .setReason("the payer does not want to wait")
            .setIdempotencyKey(hand.key())
            .build());
    row("", ended(compensated), "an operator gave it up: compensate voids what may be there");
    return table;
  }

  /** What an operator sees of it. */
  private static String standsStill(Saga saga) {
    return "%s: %s, attempt %d, unchanged for %s, shard %d of %s"
        .formatted(
            saga.getFailure().getCode(),
            saga.getStep(),
            saga.getAttempt(),
            Shown.age(saga.getUnchangedFor()),
            saga.getShard(),
            saga.getNodeId());
  }

  private Saga parked(Payment payment) {
    hand.await(payment, Set.of(PaymentState.PAYMENT_STATE_NEEDS_ATTENTION));
    List<Saga> found =
        hand.operate(
                OperationsServiceGrpcClient.ListSagas,
                ListSagasRequest.newBuilder()
                    .setFilter(
                        SagaFilter.newBuilder()
                            .addStates(SagaState.SAGA_STATE_NEEDS_ATTENTION)
                            .setPaymentId(payment.getPaymentId()))
                    .build())
            .getSagasList();
    if (found.size() != 1) {
      throw new IllegalStateException("no operator was called for " + payment.getPaymentId());
    }
    return hand.operate(
        OperationsServiceGrpcClient.GetSaga,
        GetSagaRequest.newBuilder().setSagaId(found.getFirst().getSagaId()).build());
  }

  /** What the PSP did under this saga's key, by its own journal. */
  private Done found(Saga saga) {
    JournalEntry effect =
        SimulatorJournal.read(journal).entries().stream()
            .filter(
                entry ->
                    entry.operationKey().equals(saga.getOperationKey())
                        && entry.result() == JournalEntry.Result.DONE)
            .findFirst()
            .orElseThrow(
                () -> new IllegalStateException("not in the journal: " + saga.getOperationKey()));
    return Done.newBuilder()
        .setConnectorReference("journal of " + effect.time())
        .setAmount(Hand.eur(effect.amount()))
        .build();
  }

  private Payment ended(Payment payment) {
    return hand.await(
        payment, Set.of(PaymentState.PAYMENT_STATE_SETTLED, PaymentState.PAYMENT_STATE_FAILED));
  }

  private void row(String what, Payment now, String how) {
    table.row(what, Shown.state(now.getState()), how);
  }
}
