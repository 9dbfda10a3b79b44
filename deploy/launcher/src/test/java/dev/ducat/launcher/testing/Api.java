package dev.ducat.launcher.testing;

import dev.ducat.kernel.id.IdKind;
import dev.ducat.kernel.id.Ids;
import dev.ducat.kernel.time.SystemClock;
import dev.ducat.launcher.client.Addresses;
import dev.ducat.launcher.client.CallFailure;
import dev.ducat.launcher.client.DucatClient;
import dev.ducat.proto.ledger.v1.BalanceLimit;
import dev.ducat.proto.ledger.v1.CreateAccountRequest;
import dev.ducat.proto.ledger.v1.CreateTransfersRequest;
import dev.ducat.proto.ledger.v1.LedgerServiceGrpcClient;
import dev.ducat.proto.ledger.v1.NewTransfer;
import dev.ducat.proto.ledger.v1.NormalSide;
import dev.ducat.proto.ledger.v1.TransferKind;
import dev.ducat.proto.ledger.v1.TransferOutcome;
import dev.ducat.proto.ledger.v1.TransferResult;
import dev.ducat.proto.operations.v1.LedgerFinding;
import dev.ducat.proto.operations.v1.OperationsServiceGrpcClient;
import dev.ducat.proto.operations.v1.VerifyLedgerRequest;
import dev.ducat.proto.operations.v1.VerifyLedgerResponse;
import dev.ducat.proto.type.v1.Money;
import io.vertx.core.Future;
import io.vertx.core.net.SocketAddress;
import io.vertx.grpc.common.ServiceMethod;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.function.IntFunction;

/** A client of a running house, over gRPC and nothing else. All money is in euros. */
public final class Api implements AutoCloseable {
  private static final Duration TIMEOUT = Duration.ofSeconds(30);

  private final DucatClient client = new DucatClient("default");
  private final Ids ids = new Ids(new SystemClock());
  private final SocketAddress node;
  private final SocketAddress operations;

  public Api(TestHouse house) {
    node = Addresses.parse(house.node().info().grpc());
    operations = Addresses.parse(house.node().info().operations());
  }

  public static Money eur(long minorUnits) {
    return Money.newBuilder().setCurrencyCode("EUR").setMinorUnits(minorUnits).build();
  }

  public <Q extends com.google.protobuf.Message, A extends com.google.protobuf.Message>
      Future<A> call(ServiceMethod<A, Q> method, Q request) {
    return client.call(node, method, request, TIMEOUT).map(answer -> answer.message());
  }

  public <Q extends com.google.protobuf.Message, A extends com.google.protobuf.Message> A ask(
      ServiceMethod<A, Q> method, Q request) {
    return await(call(method, request));
  }

  /** A call to the operators' port. */
  public <Q extends com.google.protobuf.Message, A extends com.google.protobuf.Message> A operate(
      ServiceMethod<A, Q> method, Q request) {
    return await(client.call(operations, method, request, TIMEOUT).map(answer -> answer.message()));
  }

  public static <T> T await(Future<T> future) {
    try {
      return future.await(TIMEOUT.plusSeconds(5).toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException hanging) {
      throw new AssertionError(hanging);
    }
  }

  /** Makes {@code count} calls at once; how many ended in each way, refusals by their reason. */
  public static <A> Map<String, Integer> race(
      int count, IntFunction<Future<A>> call, Function<A, String> outcome) {
    List<Future<A>> calls = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      calls.add(call.apply(i));
    }
    Map<String, Integer> outcomes = new TreeMap<>();
    for (Future<A> each : calls) {
      String ended =
          await(
              each.map(outcome)
                  .recover(
                      failure ->
                          failure instanceof CallFailure refused && refused.isDefinite()
                              ? Future.succeededFuture(refused.details().reason())
                              : Future.failedFuture(failure)));
      outcomes.merge(ended, 1, Integer::sum);
    }
    return outcomes;
  }

  public void account(String name, BalanceLimit limit) {
    ask(
        LedgerServiceGrpcClient.CreateAccount,
        CreateAccountRequest.newBuilder()
            .setName(name)
            .setCurrencyCode("EUR")
            .setNormalSide(NormalSide.NORMAL_SIDE_CREDIT)
            .setLimit(limit)
            .build());
  }

  /** An account that cannot be overdrawn, with this much on it. */
  public void fund(String name, long amount) {
    account("bank", BalanceLimit.BALANCE_LIMIT_NONE);
    account(name, BalanceLimit.BALANCE_LIMIT_DEBITS_MUST_NOT_EXCEED_CREDITS);
    TransferOutcome funded = transfers(false, List.of(post("bank", name, amount).build())).get(0);
    if (funded.getResult() != TransferResult.TRANSFER_RESULT_CREATED) {
      throw new AssertionError(funded);
    }
  }

  public NewTransfer.Builder post(String debit, String credit, long amount) {
    return transfer(TransferKind.TRANSFER_KIND_POST)
        .setDebitAccount(debit)
        .setCreditAccount(credit)
        .setAmount(eur(amount));
  }

  /** With an id of its own. */
  public NewTransfer.Builder transfer(TransferKind kind) {
    return NewTransfer.newBuilder().setTransferId(id()).setKind(kind);
  }

  public String id() {
    return IdKind.TRANSFER.text(ids.next());
  }

  public List<TransferOutcome> transfers(boolean atomic, List<NewTransfer> transfers) {
    return ask(
            LedgerServiceGrpcClient.CreateTransfers,
            CreateTransfersRequest.newBuilder()
                .setAtomic(atomic)
                .addAllTransfers(transfers)
                .build())
        .getOutcomesList();
  }

  /** What VerifyLedger finds. */
  public List<LedgerFinding> verify() {
    List<VerifyLedgerResponse> answers = new CopyOnWriteArrayList<>();
    await(
        client.follow(
            operations,
            OperationsServiceGrpcClient.VerifyLedger,
            VerifyLedgerRequest.getDefaultInstance(),
            TIMEOUT,
            answers::add));
    if (answers.isEmpty() || !answers.getLast().getDone()) {
      throw new AssertionError("not verified to the end: " + answers);
    }
    return answers.stream().flatMap(answer -> answer.getFindingsList().stream()).toList();
  }

  @Override
  public void close() {
    client.close();
  }
}
