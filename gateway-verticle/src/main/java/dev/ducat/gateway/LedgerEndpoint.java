package dev.ducat.gateway;

import dev.ducat.kernel.time.Clock;
import dev.ducat.proto.internal.v1.ApplyTransfers;
import dev.ducat.proto.internal.v1.CloseAccount;
import dev.ducat.proto.internal.v1.LedgerQueryReply;
import dev.ducat.proto.internal.v1.LedgerQueryReply.AnswerCase;
import dev.ducat.proto.internal.v1.LedgerQueryRequest;
import dev.ducat.proto.internal.v1.LedgerRequest;
import dev.ducat.proto.internal.v1.OpenAccount;
import dev.ducat.proto.internal.v1.TransferGroup;
import dev.ducat.proto.ledger.v1.Account;
import dev.ducat.proto.ledger.v1.Balance;
import dev.ducat.proto.ledger.v1.CloseAccountRequest;
import dev.ducat.proto.ledger.v1.CreateAccountRequest;
import dev.ducat.proto.ledger.v1.CreateTransfersRequest;
import dev.ducat.proto.ledger.v1.CreateTransfersResponse;
import dev.ducat.proto.ledger.v1.GetAccountRequest;
import dev.ducat.proto.ledger.v1.GetBalanceRequest;
import dev.ducat.proto.ledger.v1.GetTransferRequest;
import dev.ducat.proto.ledger.v1.LedgerServiceGrpcService;
import dev.ducat.proto.ledger.v1.ListAccountsRequest;
import dev.ducat.proto.ledger.v1.ListAccountsResponse;
import dev.ducat.proto.ledger.v1.ListTransfersRequest;
import dev.ducat.proto.ledger.v1.ListTransfersResponse;
import dev.ducat.proto.ledger.v1.Transfer;
import io.vertx.core.Future;
import java.util.List;
import java.util.function.Function;

/** LedgerService: checks, and passes on to the lane or the reader that owns the books. */
final class LedgerEndpoint {
  private static final String LANE = "the ledger's lane";

  private final Clock clock;
  private final ShardClient shards;

  LedgerEndpoint(Clock clock, ShardClient shards) {
    this.clock = clock;
    this.shards = shards;
  }

  List<Rpc> rpcs() {
    int max = Rpc.LEDGER_MESSAGE_BYTES_MAX;
    return List.of(
        Rpc.unary(
            LedgerServiceGrpcService.CreateAccount,
            CreateAccountRequest.getDefaultInstance(),
            max,
            this::createAccount),
        Rpc.unary(
            LedgerServiceGrpcService.GetAccount,
            GetAccountRequest.getDefaultInstance(),
            max,
            this::getAccount),
        Rpc.unary(
            LedgerServiceGrpcService.ListAccounts,
            ListAccountsRequest.getDefaultInstance(),
            max,
            this::listAccounts),
        Rpc.unary(
            LedgerServiceGrpcService.CloseAccount,
            CloseAccountRequest.getDefaultInstance(),
            max,
            this::closeAccount),
        Rpc.unary(
            LedgerServiceGrpcService.CreateTransfers,
            CreateTransfersRequest.getDefaultInstance(),
            max,
            this::createTransfers),
        Rpc.unary(
            LedgerServiceGrpcService.GetTransfer,
            GetTransferRequest.getDefaultInstance(),
            max,
            this::getTransfer),
        Rpc.unary(
            LedgerServiceGrpcService.ListTransfers,
            ListTransfersRequest.getDefaultInstance(),
            max,
            this::listTransfers),
        Rpc.unary(
            LedgerServiceGrpcService.GetBalance,
            GetBalanceRequest.getDefaultInstance(),
            max,
            this::getBalance));
  }

  private Future<Account> createAccount(
      UnaryCall<CreateAccountRequest, Account> call, CreateAccountRequest request) {
    LedgerValidation.check(request);
    LedgerRequest command =
        LedgerRequest.newBuilder()
            .setOpenAccount(
                OpenAccount.newBuilder().setTenant(call.caller().tenant()).setRequest(request))
            .build();
    return account(call, command);
  }

  private Future<Account> closeAccount(
      UnaryCall<CloseAccountRequest, Account> call, CloseAccountRequest request) {
    LedgerValidation.check(request);
    LedgerRequest command =
        LedgerRequest.newBuilder()
            .setCloseAccount(
                CloseAccount.newBuilder().setTenant(call.caller().tenant()).setRequest(request))
            .build();
    return account(call, command);
  }

  /** What a lane makes of one account. */
  private Future<Account> account(Call call, LedgerRequest command) {
    return shards
        .book(call, command)
        .compose(
            reply ->
                switch (reply.getAnswerCase()) {
                  case ACCOUNT -> Future.succeededFuture(reply.getAccount());
                  case REFUSAL -> PaymentEndpoint.refused(reply.getRefusal());
                  case APPLIED, SEALED, ANSWER_NOT_SET ->
                      Future.failedFuture(PaymentEndpoint.unreadable(LANE));
                });
  }

  private Future<CreateTransfersResponse> createTransfers(
      UnaryCall<CreateTransfersRequest, CreateTransfersResponse> call,
      CreateTransfersRequest request) {
    LedgerValidation.check(request);
    TransferGroup group =
        TransferGroup.newBuilder()
            .setTenant(call.caller().tenant())
            .setTraceparent(call.caller().traceparent())
            .setAtomic(request.getAtomic())
            .addAllTransfers(request.getTransfersList())
            .build();
    LedgerRequest command =
        LedgerRequest.newBuilder().setApply(ApplyTransfers.newBuilder().addGroups(group)).build();
    return shards
        .book(call, command)
        .compose(
            reply ->
                switch (reply.getAnswerCase()) {
                  case APPLIED ->
                      Future.succeededFuture(
                          CreateTransfersResponse.newBuilder()
                              .addAllOutcomes(reply.getApplied().getGroups(0).getOutcomesList())
                              .build());
                  case REFUSAL -> PaymentEndpoint.refused(reply.getRefusal());
                  case ACCOUNT, SEALED, ANSWER_NOT_SET ->
                      Future.failedFuture(PaymentEndpoint.unreadable(LANE));
                });
  }

  private Future<Account> getAccount(
      UnaryCall<GetAccountRequest, Account> call, GetAccountRequest request) {
    LedgerValidation.check(request);
    return ask(
        call, query(call).setGetAccount(request), AnswerCase.ACCOUNT, LedgerQueryReply::getAccount);
  }

  private Future<ListAccountsResponse> listAccounts(
      UnaryCall<ListAccountsRequest, ListAccountsResponse> call, ListAccountsRequest request) {
    LedgerValidation.check(request);
    int size = Check.effectivePageSize(request.getPageSize());
    return ask(
        call,
        query(call).setListAccounts(request.toBuilder().setPageSize(size)),
        AnswerCase.ACCOUNTS,
        LedgerQueryReply::getAccounts);
  }

  private Future<Transfer> getTransfer(
      UnaryCall<GetTransferRequest, Transfer> call, GetTransferRequest request) {
    LedgerValidation.check(request);
    return ask(
        call,
        query(call).setGetTransfer(request),
        AnswerCase.TRANSFER,
        LedgerQueryReply::getTransfer);
  }

  private Future<ListTransfersResponse> listTransfers(
      UnaryCall<ListTransfersRequest, ListTransfersResponse> call, ListTransfersRequest request) {
    LedgerValidation.check(request);
    int size = Check.effectivePageSize(request.getPageSize());
    return ask(
        call,
        query(call).setListTransfers(request.toBuilder().setPageSize(size)),
        AnswerCase.TRANSFERS,
        LedgerQueryReply::getTransfers);
  }

  private Future<Balance> getBalance(
      UnaryCall<GetBalanceRequest, Balance> call, GetBalanceRequest request) {
    LedgerValidation.check(request, clock.now());
    return ask(
        call, query(call).setGetBalance(request), AnswerCase.BALANCE, LedgerQueryReply::getBalance);
  }

  private <A> Future<A> ask(
      Call call,
      LedgerQueryRequest.Builder query,
      AnswerCase expected,
      Function<LedgerQueryReply, A> answer) {
    return shards
        .books(call, query.build())
        .compose(
            reply -> {
              if (reply.hasRefusal()) {
                return PaymentEndpoint.refused(reply.getRefusal());
              }
              if (reply.getAnswerCase() != expected) {
                return Future.failedFuture(PaymentEndpoint.unreadable(ShardClient.LEDGER_QUERY));
              }
              return Future.succeededFuture(answer.apply(reply));
            });
  }

  private static LedgerQueryRequest.Builder query(Call call) {
    return LedgerQueryRequest.newBuilder().setTenant(call.caller().tenant());
  }
}
