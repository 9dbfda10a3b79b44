package dev.ducat.bench.suite;

import com.google.protobuf.Message;
import dev.ducat.bench.ducat.DucatProcess;
import dev.ducat.bench.load.Wallets;
import dev.ducat.kernel.id.IdKind;
import dev.ducat.kernel.id.Ids;
import dev.ducat.kernel.time.SystemClock;
import dev.ducat.launcher.client.DucatClient;
import dev.ducat.proto.ledger.v1.BalanceLimit;
import dev.ducat.proto.ledger.v1.CreateAccountRequest;
import dev.ducat.proto.ledger.v1.CreateTransfersRequest;
import dev.ducat.proto.ledger.v1.CreateTransfersResponse;
import dev.ducat.proto.ledger.v1.LedgerServiceGrpcClient;
import dev.ducat.proto.ledger.v1.NormalSide;
import dev.ducat.proto.ledger.v1.TransferKind;
import dev.ducat.proto.ledger.v1.TransferResult;
import io.vertx.core.net.SocketAddress;
import io.vertx.grpc.common.ServiceMethod;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Makes the wallets that transfers go between, with enough in each for any run. */
final class FilledWallets {
  private static final String SOURCE = "wallet:bench-source";
  private static final long AMOUNT = 1_000_000_000;
  private static final int BATCH = 500;
  private static final Duration ANSWER_MAX = Duration.ofSeconds(20);

  private FilledWallets() {}

  /** Asking twice fills them twice, which does no harm. */
  static void fill(DucatProcess node) {
    SocketAddress address = SocketAddress.inetSocketAddress(node.grpcPort(), node.host());
    Ids ids = new Ids(new SystemClock());
    try (DucatClient client = new DucatClient("default")) {
      var source = account(client, address, SOURCE, BalanceLimit.BALANCE_LIMIT_NONE);
      for (int first = 0; first < Wallets.COUNT; first += BATCH) {
        CreateTransfersRequest.Builder request = CreateTransfersRequest.newBuilder();
        for (int wallet = first; wallet < first + BATCH; wallet++) {
          var target =
              account(
                  client,
                  address,
                  Wallets.name(wallet),
                  BalanceLimit.BALANCE_LIMIT_DEBITS_MUST_NOT_EXCEED_CREDITS);
          request
              .addTransfersBuilder()
              .setTransferId(IdKind.TRANSFER.text(ids.next()))
              .setKind(TransferKind.TRANSFER_KIND_POST)
              .setDebitAccount(source.getName())
              .setCreditAccount(target.getName())
              .getAmountBuilder()
              .setCurrencyCode(Wallets.CURRENCY)
              .setMinorUnits(AMOUNT);
        }
        CreateTransfersResponse answer =
            ask(client, address, LedgerServiceGrpcClient.CreateTransfers, request.build());
        if (answer.getOutcomesList().stream()
            .anyMatch(one -> one.getResult() != TransferResult.TRANSFER_RESULT_CREATED)) {
          throw new IllegalStateException("the wallets cannot be filled");
        }
      }
    }
  }

  private static dev.ducat.proto.ledger.v1.Account account(
      DucatClient client, SocketAddress node, String name, BalanceLimit limit) {
    return ask(
        client,
        node,
        LedgerServiceGrpcClient.CreateAccount,
        CreateAccountRequest.newBuilder()
            .setName(name)
            .setCurrencyCode(Wallets.CURRENCY)
            .setNormalSide(NormalSide.NORMAL_SIDE_CREDIT)
            .setLimit(limit)
            .build());
  }

  private static <Q extends Message, A extends Message> A ask(
      DucatClient client, SocketAddress node, ServiceMethod<A, Q> method, Q request) {
    try {
      return client
          .call(node, method, request, ANSWER_MAX)
          .await(2 * ANSWER_MAX.toMillis(), TimeUnit.MILLISECONDS)
          .message();
    } catch (TimeoutException hanging) {
      throw new IllegalStateException("the node does not answer", hanging);
    }
  }
}
