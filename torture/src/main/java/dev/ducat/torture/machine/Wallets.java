package dev.ducat.torture.machine;

import dev.ducat.kernel.id.IdKind;
import dev.ducat.kernel.id.Ids;
import dev.ducat.kernel.time.SystemClock;
import dev.ducat.launcher.check.ClientHistory.Receipt;
import dev.ducat.proto.ledger.v1.BalanceLimit;
import dev.ducat.proto.ledger.v1.CreateAccountRequest;
import dev.ducat.proto.ledger.v1.CreateTransfersRequest;
import dev.ducat.proto.ledger.v1.LedgerServiceGrpcClient;
import dev.ducat.proto.ledger.v1.NewTransfer;
import dev.ducat.proto.ledger.v1.NormalSide;
import dev.ducat.proto.ledger.v1.TransferKind;
import dev.ducat.proto.ledger.v1.TransferOutcome;
import dev.ducat.proto.ledger.v1.TransferResult;
import java.util.List;
import java.util.Random;
import java.util.Set;

/** The wallets that payments are paid from: topped up, paid out, and moved between. */
final class Wallets {
  private static final int COUNT = 4;
  private static final String NAME = "wallet:torture-";
  private static final String SOURCE = "wallet:torture-source";
  private static final String SINK = "wallet:torture-sink";

  /** Low enough to run dry now and then: payments and payouts must be refused, too. */
  private static final long START = 200_000;

  /** What may become of a transfer here: booked, or refused for want of money. */
  private static final Set<TransferResult> EXPECTED =
      Set.of(
          TransferResult.TRANSFER_RESULT_CREATED,
          TransferResult.TRANSFER_RESULT_EXISTS,
          TransferResult.TRANSFER_RESULT_EXCEEDS_CREDITS,
          TransferResult.TRANSFER_RESULT_LINKED_TRANSFER_FAILED);

  private final Random dice;
  private final Client client;
  private final Ids ids = new Ids(new SystemClock());

  Wallets(Random dice, Client client) {
    this.dice = dice;
    this.client = client;
  }

  /** A wallet to pay from. */
  static String any(Random dice) {
    return NAME + dice.nextInt(COUNT);
  }

  /** Opens the accounts and puts something in. */
  void open() {
    account(SOURCE, BalanceLimit.BALANCE_LIMIT_NONE);
    account(SINK, BalanceLimit.BALANCE_LIMIT_NONE);
    for (int number = 0; number < COUNT; number++) {
      account(NAME + number, BalanceLimit.BALANCE_LIMIT_DEBITS_MUST_NOT_EXCEED_CREDITS);
      book(List.of(post(SOURCE, NAME + number, START).build()));
    }
  }

  /** Tops a wallet up, pays one out, or moves money through one to another, all or nothing. */
  void move() {
    String wallet = any(dice);
    long amount = 1L + dice.nextInt(60_000);
    switch (dice.nextInt(4)) {
      case 0, 1 -> book(List.of(post(SOURCE, wallet, amount).build()));
      case 2 -> book(List.of(post(wallet, SINK, amount).build()));
      default -> {
        String other = NAME + (wallet.endsWith("0") ? 1 : 0);
        book(
            List.of(
                post(SOURCE, wallet, amount).setLinked(true).build(),
                post(wallet, other, 2 * amount).build()));
      }
    }
  }

  private void book(List<NewTransfer> transfers) {
    CreateTransfersRequest request =
        CreateTransfersRequest.newBuilder().addAllTransfers(transfers).build();
    client
        .ask(null, LedgerServiceGrpcClient.CreateTransfers, request)
        .answer()
        .ifPresent(answer -> answer.getOutcomesList().forEach(one -> booked(one, transfers)));
  }

  private void booked(TransferOutcome outcome, List<NewTransfer> transfers) {
    Witness witness = client.witness();
    String id = outcome.getTransferId();
    witness.require(EXPECTED.contains(outcome.getResult()), "L2", id, "got " + outcome.getResult());
    boolean there =
        outcome.getResult() == TransferResult.TRANSFER_RESULT_CREATED
            || outcome.getResult() == TransferResult.TRANSFER_RESULT_EXISTS;
    for (NewTransfer asked : transfers) {
      if (there && asked.getTransferId().equals(id)) {
        witness.history().add(new Receipt(id, id, asked.getAmount().getMinorUnits()));
      }
    }
  }

  private NewTransfer.Builder post(String from, String to, long amount) {
    NewTransfer.Builder transfer =
        NewTransfer.newBuilder()
            .setTransferId(IdKind.TRANSFER.text(ids.next()))
            .setKind(TransferKind.TRANSFER_KIND_POST)
            .setDebitAccount(from)
            .setCreditAccount(to);
    transfer.getAmountBuilder().setCurrencyCode("EUR").setMinorUnits(amount);
    return transfer;
  }

  private void account(String name, BalanceLimit limit) {
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
