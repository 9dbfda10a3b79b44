package dev.ducat.launcher.demo;

import static dev.ducat.launcher.demo.Hand.eur;

import dev.ducat.kernel.id.IdKind;
import dev.ducat.kernel.id.Ids;
import dev.ducat.kernel.time.SystemClock;
import dev.ducat.launcher.cli.Shown;
import dev.ducat.launcher.cli.Table;
import dev.ducat.proto.ledger.v1.BalanceLimit;
import dev.ducat.proto.ledger.v1.CreateAccountRequest;
import dev.ducat.proto.ledger.v1.CreateTransfersRequest;
import dev.ducat.proto.ledger.v1.LedgerServiceGrpcClient;
import dev.ducat.proto.ledger.v1.NewTransfer;
import dev.ducat.proto.ledger.v1.NormalSide;
import dev.ducat.proto.ledger.v1.TransferKind;
import dev.ducat.proto.payments.v1.CancelPaymentRequest;
import dev.ducat.proto.payments.v1.CaptureMode;
import dev.ducat.proto.payments.v1.CapturePaymentRequest;
import dev.ducat.proto.payments.v1.Payment;
import dev.ducat.proto.payments.v1.PaymentServiceGrpcClient;
import dev.ducat.proto.payments.v1.PaymentState;
import dev.ducat.proto.payments.v1.RefundPaymentRequest;
import java.time.Duration;
import java.util.Set;

/** The operations of a payment, one after the other, each with what it leaves. */
final class Tour {
  private static final Duration WAIT = Duration.ofSeconds(10);
  private static final String WALLET = "wallet:alice";

  private final Hand hand;
  private final Table table =
      new Table("by hand", "state", ">capturable", ">captured", ">refunded", "");

  Tour(Hand hand) {
    this.hand = hand;
  }

  /** Does everything, and returns what is to be shown. */
  Table run() {
    captureInParts();
    Payment canceled = authorize("authorize 80.00", 8_000);
    row(
        "cancel it",
        hand.ask(
            PaymentServiceGrpcClient.CancelPayment,
            CancelPaymentRequest.newBuilder()
                .setPaymentId(canceled.getPaymentId())
                .setIdempotencyKey(hand.key())
                .setReason("out of stock")
                .build()));
    threeDSecure();
    payFromWallet();
    return table;
  }

  private void captureInParts() {
    Payment payment = authorize("authorize 100.00", 10_000);
    row("capture 40.00, keep the rest", capture(payment, 4_000, true));
    row("capture 25.00, free the rest", capture(payment, 2_500, false));
    hand.ask(
        PaymentServiceGrpcClient.RefundPayment,
        RefundPaymentRequest.newBuilder()
            .setPaymentId(payment.getPaymentId())
            .setIdempotencyKey(hand.key())
            .setAmount(eur(1_500))
            .setReason("one came broken")
            .build());
    row("refund 15.00", hand.get(payment));
  }

  private Payment authorize(String what, long amount) {
    Payment payment = hand.pay("sim_ok", amount, CaptureMode.CAPTURE_MODE_MANUAL, WAIT);
    row(what, payment);
    return payment;
  }

  private Payment capture(Payment payment, long amount, boolean keep) {
    return hand.ask(
        PaymentServiceGrpcClient.CapturePayment,
        CapturePaymentRequest.newBuilder()
            .setPaymentId(payment.getPaymentId())
            .setIdempotencyKey(hand.key())
            .setAmount(eur(amount))
            .setKeepRemainder(keep)
            .build());
  }

  private void threeDSecure() {
    Payment asked = hand.pay("sim_action_500", 6_000, CaptureMode.CAPTURE_MODE_AUTOMATIC, WAIT);
    row("pay 60.00 with 3-D Secure", asked);
    row("the payer confirms", hand.await(asked, Set.of(PaymentState.PAYMENT_STATE_SETTLED)));
  }

  private void payFromWallet() {
    account("bank", NormalSide.NORMAL_SIDE_DEBIT, BalanceLimit.BALANCE_LIMIT_NONE);
    account(
        WALLET,
        NormalSide.NORMAL_SIDE_CREDIT,
        BalanceLimit.BALANCE_LIMIT_DEBITS_MUST_NOT_EXCEED_CREDITS);
    NewTransfer topUp =
        NewTransfer.newBuilder()
            .setTransferId(IdKind.TRANSFER.text(new Ids(new SystemClock()).next()))
            .setKind(TransferKind.TRANSFER_KIND_POST)
            .setDebitAccount("bank")
            .setCreditAccount(WALLET)
            .setAmount(eur(5_000))
            .build();
    hand.ask(
        LedgerServiceGrpcClient.CreateTransfers,
        CreateTransfersRequest.newBuilder().addTransfers(topUp).build());
    row(
        "pay 30.00 from a wallet with 50.00",
        hand.pay(WALLET, 3_000, CaptureMode.CAPTURE_MODE_AUTOMATIC, WAIT));
    row(
        "pay 30.00 from it again",
        hand.pay(WALLET, 3_000, CaptureMode.CAPTURE_MODE_AUTOMATIC, WAIT));
  }

  private void account(String name, NormalSide side, BalanceLimit limit) {
    hand.ask(
        LedgerServiceGrpcClient.CreateAccount,
        CreateAccountRequest.newBuilder()
            .setName(name)
            .setCurrencyCode("EUR")
            .setNormalSide(side)
            .setLimit(limit)
            .build());
  }

  private void row(String what, Payment after) {
    table.row(
        what,
        Shown.state(after.getState()),
        Shown.money("EUR", after.getAmountCapturable().getMinorUnits()),
        Shown.money("EUR", after.getAmountCaptured().getMinorUnits()),
        Shown.money("EUR", after.getAmountRefunded().getMinorUnits()),
        after.getFailure().getCode());
  }
}
