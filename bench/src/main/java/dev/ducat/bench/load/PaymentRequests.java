package dev.ducat.bench.load;

import dev.ducat.proto.payments.v1.CreatePaymentRequest;
import dev.ducat.proto.payments.v1.PaymentState;
import io.netty.buffer.ByteBuf;

/** CreatePayment: each with a key of its own, merchants in turn. */
public final class PaymentRequests implements Requests {
  /** Amount of every payment, in minor units. */
  public static final long AMOUNT = 1_250;

  static final String CURRENCY = "EUR";

  private static final int RUN_LETTERS = 8;
  private static final int NUMBER_LETTERS = 10;
  private static final int MERCHANT_LETTERS = 4;

  private final Template template;
  private final int merchants;
  private final int numberAt;
  private final int merchantAt;

  PaymentRequests(long run, int merchants) {
    this.merchants = merchants;
    String key = "k".repeat(RUN_LETTERS + NUMBER_LETTERS);
    String merchant = "m".repeat(MERCHANT_LETTERS);
    CreatePaymentRequest.Builder request =
        CreatePaymentRequest.newBuilder()
            .setIdempotencyKey(key)
            .setPaymentMethod("sim_ok")
            .setMerchantAccount("shop-" + merchant);
    request.getAmountBuilder().setCurrencyCode(CURRENCY).setMinorUnits(AMOUNT);
    template = new Template(request.build().toByteArray());
    int keyAt = template.find(key);
    template.letters(keyAt, RUN_LETTERS, run);
    numberAt = keyAt + RUN_LETTERS;
    merchantAt = template.find(merchant);
  }

  @Override
  public String path() {
    return "/ducat.payments.v1.PaymentService/CreatePayment";
  }

  @Override
  public int length() {
    return template.bytes.length;
  }

  @Override
  public void write(long number, ByteBuf out) {
    template.letters(numberAt, NUMBER_LETTERS, number);
    template.letters(merchantAt, MERCHANT_LETTERS, number % merchants);
    out.writeBytes(template.bytes);
  }

  /** The payment's state: the second field, behind the id. */
  @Override
  public int outcome(ByteBuf message, int index, int length) {
    if (length < 4 || message.getByte(index) != 0x0a) {
      return 0;
    }
    int state = index + 2 + message.getUnsignedByte(index + 1);
    boolean there = state + 1 < index + length && message.getByte(state) == 0x10;
    return there ? message.getByte(state + 1) : 0;
  }

  @Override
  public boolean isGood(int outcome) {
    return outcome == PaymentState.PAYMENT_STATE_SETTLED.getNumber();
  }
}
