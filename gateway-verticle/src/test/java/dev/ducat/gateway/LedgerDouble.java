package dev.ducat.gateway;

import dev.ducat.kernel.node.Node;
import dev.ducat.kernel.shard.UnitKind;
import dev.ducat.kernel.testing.TestNode;
import dev.ducat.proto.internal.v1.AppliedTransfers;
import dev.ducat.proto.internal.v1.GroupOutcome;
import dev.ducat.proto.internal.v1.LedgerQueryReply;
import dev.ducat.proto.internal.v1.LedgerQueryRequest;
import dev.ducat.proto.internal.v1.LedgerReply;
import dev.ducat.proto.internal.v1.LedgerRequest;
import dev.ducat.proto.internal.v1.RefusalReason;
import dev.ducat.proto.ledger.v1.Account;
import dev.ducat.proto.ledger.v1.Balance;
import dev.ducat.proto.ledger.v1.ListAccountsResponse;
import dev.ducat.proto.ledger.v1.ListTransfersResponse;
import dev.ducat.proto.ledger.v1.Transfer;
import dev.ducat.proto.ledger.v1.TransferOutcome;
import dev.ducat.proto.ledger.v1.TransferResult;
import io.vertx.core.Future;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/** Stands in for the ledger: accounts in memory, every transfer is created. */
final class LedgerDouble {
  /** Everything that reached a lane, in order. */
  final List<LedgerRequest> asked = new CopyOnWriteArrayList<>();

  /** Everything that reached the reader, health checks left out. */
  final List<LedgerQueryRequest> queried = new CopyOnWriteArrayList<>();

  private final Map<String, Account> accounts = new ConcurrentHashMap<>();

  static LedgerDouble serve(Node node) {
    LedgerDouble ledger = new LedgerDouble();
    for (int lane = 0; lane < node.leases().settings().ledgerLanes(); lane++) {
      TestNode.await(
          node.bus()
              .serve(
                  UnitKind.LEDGER_LANE.address(lane),
                  LedgerRequest.getDefaultInstance(),
                  ledger::ask));
    }
    TestNode.await(
        node.bus()
            .serve(
                ShardClient.LEDGER_QUERY, LedgerQueryRequest.getDefaultInstance(), ledger::query));
    return ledger;
  }

  private Future<LedgerReply> ask(LedgerRequest request) {
    asked.add(request);
    LedgerReply.Builder reply = LedgerReply.newBuilder();
    switch (request.getCommandCase()) {
      case OPEN_ACCOUNT -> {
        var open = request.getOpenAccount();
        if (open.getRequest().getName().startsWith("merchant:")) {
          reply.setRefusal(
              PaymentsDouble.refusal(
                  RefusalReason.REFUSAL_REASON_PLATFORM_ACCOUNT, "is the platform's", "name"));
        } else {
          Account account =
              Account.newBuilder()
                  .setName(open.getRequest().getName())
                  .setCurrencyCode(open.getRequest().getCurrencyCode())
                  .setNormalSide(open.getRequest().getNormalSide())
                  .setVersion(1)
                  .build();
          accounts.put(open.getTenant() + "/" + account.getName(), account);
          reply.setAccount(account);
        }
      }
      case CLOSE_ACCOUNT -> {
        var close = request.getCloseAccount();
        Account closed =
            accounts.computeIfPresent(
                close.getTenant() + "/" + close.getRequest().getName(),
                (name, account) -> account.toBuilder().setClosed(true).build());
        if (close.getRequest().getName().equals("fees")) {
          reply.setRefusal(
              PaymentsDouble.refusal(
                  RefusalReason.REFUSAL_REASON_ACCOUNT_NOT_CLOSABLE, "stays open", "name"));
        } else if (closed == null) {
          reply.setRefusal(
              PaymentsDouble.refusal(
                  RefusalReason.REFUSAL_REASON_ACCOUNT_NOT_FOUND, "there is no such account", ""));
        } else {
          reply.setAccount(closed);
        }
      }
      case APPLY -> {
        AppliedTransfers.Builder applied = AppliedTransfers.newBuilder();
        for (var group : request.getApply().getGroupsList()) {
          GroupOutcome.Builder outcome = GroupOutcome.newBuilder();
          group
              .getTransfersList()
              .forEach(
                  transfer ->
                      outcome.addOutcomes(
                          TransferOutcome.newBuilder()
                              .setTransferId(transfer.getTransferId())
                              .setResult(TransferResult.TRANSFER_RESULT_CREATED)));
          applied.addGroups(outcome);
        }
        reply.setApplied(applied);
      }
      case SEAL, COMMAND_NOT_SET ->
          throw new IllegalArgumentException("no command of the gateway's: " + request);
    }
    return Future.succeededFuture(reply.build());
  }

  private Future<LedgerQueryReply> query(LedgerQueryRequest query) {
    if (!query.getTenant().equals("health")) {
      queried.add(query);
    }
    LedgerQueryReply.Builder reply = LedgerQueryReply.newBuilder();
    switch (query.getQueryCase()) {
      case GET_ACCOUNT -> {
        Account account = accounts.get(query.getTenant() + "/" + query.getGetAccount().getName());
        if (account == null) {
          reply.setRefusal(
              PaymentsDouble.refusal(
                  RefusalReason.REFUSAL_REASON_ACCOUNT_NOT_FOUND, "there is no such account", ""));
        } else {
          reply.setAccount(account);
        }
      }
      case LIST_ACCOUNTS ->
          reply.setAccounts(ListAccountsResponse.newBuilder().addAllAccounts(accounts.values()));
      case GET_TRANSFER ->
          reply.setTransfer(
              Transfer.newBuilder().setTransferId(query.getGetTransfer().getTransferId()));
      case LIST_TRANSFERS -> reply.setTransfers(ListTransfersResponse.getDefaultInstance());
      case GET_BALANCE ->
          reply.setBalance(Balance.newBuilder().setAccount(query.getGetBalance().getAccount()));
      case QUERY_NOT_SET -> throw new IllegalArgumentException("no query");
    }
    return Future.succeededFuture(reply.build());
  }
}
