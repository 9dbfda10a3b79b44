package dev.ducat.torture.machine;

import dev.ducat.kernel.id.IdKind;
import dev.ducat.kernel.id.Ids;
import dev.ducat.kernel.time.SystemClock;
import dev.ducat.proto.ledger.v1.BalanceLimit;
import dev.ducat.proto.ledger.v1.CreateAccountRequest;
import dev.ducat.proto.ledger.v1.CreateTransfersRequest;
import dev.ducat.proto.ledger.v1.LedgerServiceGrpcClient;
import dev.ducat.proto.ledger.v1.NormalSide;
import dev.ducat.proto.ledger.v1.TransferKind;

/** The wallet that payments of the mixed load are paid from. */
final class Wallet {
  private static final String SOURCE = "wallet:torture-source";

  private Wallet() {}

  static void fill(Client client) {
    account(client, SOURCE, BalanceLimit.BALANCE_LIMIT_NONE);
    account(client, MixedPlan.WALLET, BalanceLimit.BALANCE_LIMIT_DEBITS_MUST_NOT_EXCEED_CREDITS);
    CreateTransfersRequest.Builder request = CreateTransfersRequest.newBuilder();
    request
        .addTransfersBuilder()
        .setTransferId(IdKind.TRANSFER.text(new Ids(new SystemClock()).next()))
        .setKind(TransferKind.TRANSFER_KIND_POST)
        .setDebitAccount(SOURCE)
        .setCreditAccount(MixedPlan.WALLET)
        .getAmountBuilder()
        .setCurrencyCode("EUR")
        .setMinorUnits(1_000_000_000);
    client.ask(null, LedgerServiceGrpcClient.CreateTransfers, request.build());
  }

  private static void account(Client client, String name, BalanceLimit limit) {
    client.ask(
        null,
        LedgerServiceGrpcClient.CreateAccount,
        CreateAccountRequest.newBuilder()
            .setName(name)
            .setCurrencyCode("EUR")
            .setNormalSide(NormalSide.NORMAL_SIDE_CREDIT)
            .setLimit(limit)
            .build());
  }
}
