package dev.ducat.launcher.check;

import dev.ducat.kernel.id.IdKind;
import dev.ducat.launcher.check.ClientHistory.Answered;
import dev.ducat.launcher.check.ClientHistory.Sent;
import dev.ducat.launcher.client.Addresses;
import dev.ducat.launcher.client.DucatClient;
import dev.ducat.launcher.testing.TestHouse;
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
import dev.ducat.proto.payments.v1.CreatePaymentRequest;
import dev.ducat.proto.payments.v1.Payment;
import dev.ducat.proto.payments.v1.PaymentServiceGrpcClient;
import dev.ducat.proto.payments.v1.Refund;
import dev.ducat.proto.payments.v1.RefundPaymentRequest;
import dev.ducat.proto.type.v1.Money;
import io.vertx.core.Future;
import io.vertx.core.net.SocketAddress;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Operations on payments for tests of the auditor, on a real node with the real ledger. */
final class Operations implements AutoCloseable {
  private static final String TENANT = "default";
  private static final Duration TIMEOUT = Duration.ofSeconds(15);

  private final DucatClient client = new DucatClient(TENANT);
  private final SocketAddress node;
  private final ClientHistory history;
  private int keys;

  Operations(TestHouse house, ClientHistory history) {
    this.node = Addresses.parse(house.node().info().grpc());
    this.history = history;
  }

  /** One payment of each way that operations can go. */
  static void run(TestHouse house, ClientHistory history) {
    try (Operations operations = new Operations(house, history)) {
      operations.authorize();
      operations.capture(operations.authorize(), 0, false);
      operations.refund(operations.capture(operations.authorize(), 600, false), 250);
      Payment partly = operations.capture(operations.authorize(), 300, true);
      operations.capture(partly, 400, true);
      operations.cancel(partly);
      operations.cancel(operations.authorize());
      Payment settled = operations.pay("acme", CaptureMode.CAPTURE_MODE_AUTOMATIC);
      operations.refund(settled, 100);
      operations.refund(settled, 200);
      // The fee is not returned, and this merchant has no other funds: refused by the ledger.
      operations.refund(operations.pay("poor", CaptureMode.CAPTURE_MODE_AUTOMATIC), 1_000);
      operations.fund("wallet:alice", 1_500);
      Payment fromWallet = operations.pay("acme", CaptureMode.CAPTURE_MODE_MANUAL, "wallet:alice");
      operations.capture(fromWallet, 700, false);
      operations.refund(fromWallet, 200);
      // 1,500 − 700 + 200 are left: once it suffices, the second time it does not.
      operations.pay("acme", CaptureMode.CAPTURE_MODE_AUTOMATIC, "wallet:alice");
      operations.pay("acme", CaptureMode.CAPTURE_MODE_AUTOMATIC, "wallet:alice");
    }
  }

  private Payment authorize() {
    return pay("acme", CaptureMode.CAPTURE_MODE_MANUAL);
  }

  /** Puts money into a wallet that cannot be overdrawn. */
  private void fund(String wallet, long amount) {
    account("bank", NormalSide.NORMAL_SIDE_DEBIT, BalanceLimit.BALANCE_LIMIT_NONE);
    account(
        wallet,
        NormalSide.NORMAL_SIDE_CREDIT,
        BalanceLimit.BALANCE_LIMIT_DEBITS_MUST_NOT_EXCEED_CREDITS);
    NewTransfer topUp =
        NewTransfer.newBuilder()
            .setTransferId(IdKind.TRANSFER.text(new UUID(0x0198c5a000007000L, 0x8000000000000001L)))
            .setKind(TransferKind.TRANSFER_KIND_POST)
            .setDebitAccount("bank")
            .setCreditAccount(wallet)
            .setAmount(eur(amount))
            .build();
    await(
        client.call(
            node,
            LedgerServiceGrpcClient.CreateTransfers,
            CreateTransfersRequest.newBuilder().addTransfers(topUp).build(),
            TIMEOUT));
  }

  private void account(String name, NormalSide side, BalanceLimit limit) {
    await(
        client.call(
            node,
            LedgerServiceGrpcClient.CreateAccount,
            CreateAccountRequest.newBuilder()
                .setName(name)
                .setCurrencyCode("EUR")
                .setNormalSide(side)
                .setLimit(limit)
                .build(),
            TIMEOUT));
  }

  private Payment pay(String merchant, CaptureMode mode) {
    return pay(merchant, mode, "sim_ok");
  }

  private Payment pay(String merchant, CaptureMode mode, String method) {
    CreatePaymentRequest request =
        CreatePaymentRequest.newBuilder()
            .setIdempotencyKey(key())
            .setAmount(eur(1_000))
            .setPaymentMethod(method)
            .setMerchantAccount(merchant)
            .setCaptureMode(mode)
            .build();
    Payment payment =
        await(client.call(node, PaymentServiceGrpcClient.CreatePayment, request, TIMEOUT))
            .message();
    history.add(
        "operator",
        new Sent(TENANT, request.getIdempotencyKey(), 1_000, "EUR", merchant, method),
        new Answered(
            payment.getPaymentId(), payment.getVersion(), payment.getState().name(), 1_000, "EUR"));
    return payment;
  }

  private Payment capture(Payment payment, long amount, boolean keep) {
    CapturePaymentRequest.Builder request =
        CapturePaymentRequest.newBuilder()
            .setPaymentId(payment.getPaymentId())
            .setIdempotencyKey(key())
            .setKeepRemainder(keep);
    if (amount > 0) {
      request.setAmount(eur(amount));
    }
    return await(
            client.call(node, PaymentServiceGrpcClient.CapturePayment, request.build(), TIMEOUT))
        .message();
  }

  private void cancel(Payment payment) {
    await(
        client.call(
            node,
            PaymentServiceGrpcClient.CancelPayment,
            CancelPaymentRequest.newBuilder()
                .setPaymentId(payment.getPaymentId())
                .setIdempotencyKey(key())
                .build(),
            TIMEOUT));
  }

  private Refund refund(Payment payment, long amount) {
    return await(
            client.call(
                node,
                PaymentServiceGrpcClient.RefundPayment,
                RefundPaymentRequest.newBuilder()
                    .setPaymentId(payment.getPaymentId())
                    .setIdempotencyKey(key())
                    .setAmount(eur(amount))
                    .build(),
                TIMEOUT))
        .message();
  }

  private String key() {
    return "operation-" + keys++;
  }

  private static Money eur(long minorUnits) {
    return Money.newBuilder().setCurrencyCode("EUR").setMinorUnits(minorUnits).build();
  }

  private static <T> T await(Future<T> future) {
    try {
      return future.await(TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException hanging) {
      throw new AssertionError(hanging);
    }
  }

  @Override
  public void close() {
    client.close();
  }
}
