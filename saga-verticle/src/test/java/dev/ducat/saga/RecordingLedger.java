package dev.ducat.saga;

import dev.ducat.kernel.bus.Registration;
import dev.ducat.kernel.node.Node;
import dev.ducat.kernel.shard.UnitKind;
import dev.ducat.kernel.testing.TestNode;
import dev.ducat.proto.internal.v1.AppliedTransfers;
import dev.ducat.proto.internal.v1.GroupOutcome;
import dev.ducat.proto.internal.v1.LedgerReply;
import dev.ducat.proto.internal.v1.LedgerRequest;
import dev.ducat.proto.internal.v1.TransferGroup;
import dev.ducat.proto.ledger.v1.NewTransfer;
import dev.ducat.proto.ledger.v1.TransferOutcome;
import dev.ducat.proto.ledger.v1.TransferResult;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Stands where ledger-verticle stands, which this module must not import: books every transfer once
 * by its id, keeps no balances, and refuses what a test tells it to. The chain with the real ledger
 * is tested in torture.
 */
final class RecordingLedger {
  private final Map<String, NewTransfer> booked = new ConcurrentHashMap<>();
  private final List<TransferGroup> asked = Collections.synchronizedList(new ArrayList<>());
  private final Map<String, TransferResult> refusals = new ConcurrentHashMap<>();

  /** Serves every ledger lane of a node. */
  List<Registration> serve(Node node) {
    List<Registration> served = new ArrayList<>();
    for (int lane = 0; lane < node.leases().settings().ledgerLanes(); lane++) {
      served.add(
          TestNode.await(
              node.bus()
                  .serve(
                      UnitKind.LEDGER_LANE.address(lane),
                      LedgerRequest.getDefaultInstance(),
                      request -> Future.succeededFuture(answer(request)))));
    }
    return served;
  }

  /** Answers transfers that debit this account with a refusal. */
  void refuse(String debitAccount, TransferResult result) {
    refusals.put(debitAccount, result);
  }

  Map<String, NewTransfer> booked() {
    return booked;
  }

  /** All transfers booked for a payment. */
  List<NewTransfer> of(String paymentId) {
    return booked.values().stream().filter(t -> t.getReference().equals(paymentId)).toList();
  }

  List<TransferGroup> asked() {
    return asked;
  }

  private LedgerReply answer(LedgerRequest request) {
    AppliedTransfers.Builder applied = AppliedTransfers.newBuilder();
    for (TransferGroup group : request.getApply().getGroupsList()) {
      asked.add(group);
      GroupOutcome.Builder outcome = GroupOutcome.newBuilder();
      for (NewTransfer transfer : group.getTransfersList()) {
        outcome.addOutcomes(
            TransferOutcome.newBuilder()
                .setTransferId(transfer.getTransferId())
                .setResult(book(transfer)));
      }
      applied.addGroups(outcome);
    }
    return LedgerReply.newBuilder().setApplied(applied).build();
  }

  private TransferResult book(NewTransfer transfer) {
    TransferResult refusal = refusals.get(transfer.getDebitAccount());
    if (refusal != null) {
      return refusal;
    }
    NewTransfer before = booked.putIfAbsent(transfer.getTransferId(), transfer);
    if (before == null) {
      return TransferResult.TRANSFER_RESULT_CREATED;
    }
    return before.equals(transfer)
        ? TransferResult.TRANSFER_RESULT_EXISTS
        : TransferResult.TRANSFER_RESULT_EXISTS_WITH_DIFFERENT_AMOUNT;
  }
}
