package dev.ducat.launcher.cli;

import com.google.protobuf.Duration;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.MessageOrBuilder;
import com.google.protobuf.Timestamp;
import com.google.protobuf.util.JsonFormat;
import dev.ducat.kernel.money.Currencies;
import dev.ducat.proto.payments.v1.Payment;
import dev.ducat.proto.payments.v1.PaymentState;
import dev.ducat.proto.type.v1.Money;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;

/** How values of the API look to people and to programs. */
public final class Shown {
  /** What {@code pay}, {@code get} and {@code watch} exit with. */
  public static final int DONE = 0;

  public static final int ERROR = 1;
  public static final int DECLINED = 2;
  public static final int RUNNING = 3;

  private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss");
  private static final JsonFormat.Printer JSON =
      JsonFormat.printer().omittingInsignificantWhitespace();

  private Shown() {}

  /** One line of proto3 JSON. */
  public static String json(MessageOrBuilder message) {
    try {
      return JSON.print(message);
    } catch (InvalidProtocolBufferException unprintable) {
      throw new IllegalArgumentException(unprintable);
    }
  }

  /** For example {@code 12.50 EUR}. */
  public static String money(Money money) {
    return money(money.getCurrencyCode(), money.getMinorUnits()) + " " + money.getCurrencyCode();
  }

  /** For example {@code 12.50}; may be negative. */
  public static String money(String currency, long minorUnits) {
    int digits = Currencies.minorDigits(currency).orElse(0);
    return BigDecimal.valueOf(minorUnits, digits).toPlainString();
  }

  /** In this machine's time zone. */
  public static String time(Timestamp time) {
    return TIME.format(
        Instant.ofEpochSecond(time.getSeconds(), time.getNanos()).atZone(ZoneId.systemDefault()));
  }

  /** For example {@code 3m}: the largest unit is enough. */
  public static String age(Duration duration) {
    long seconds = duration.getSeconds();
    if (seconds < 120) {
      return seconds + "s";
    }
    if (seconds < 7_200) {
      return seconds / 60 + "m";
    }
    return seconds < 172_800 ? seconds / 3_600 + "h" : seconds / 86_400 + "d";
  }

  /** For example {@code SETTLED}. */
  public static String state(PaymentState state) {
    return state.name().replaceFirst("^PAYMENT_STATE_", "");
  }

  /** A payment on several lines, what is empty left out. */
  public static String payment(Payment payment, boolean replayed) {
    Table table =
        new Table("", "")
            .row("payment", payment.getPaymentId())
            .row("state", state(payment.getState()))
            .row("amount", money(payment.getAmount()));
    if (payment.getAmountCapturable().getMinorUnits() > 0) {
      table.row("capturable", money(payment.getAmountCapturable()));
    }
    if (payment.getAmountCaptured().getMinorUnits() > 0) {
      table.row("captured", money(payment.getAmountCaptured()));
    }
    if (payment.getAmountRefunded().getMinorUnits() > 0) {
      table.row("refunded", money(payment.getAmountRefunded()));
    }
    if (payment.hasFailure()) {
      table.row(
          "failure",
          payment.getFailure().getCode()
              + " at "
              + payment.getFailure().getStep()
              + ": "
              + payment.getFailure().getMessage());
    }
    table
        .row("merchant", payment.getMerchantAccount())
        .row("method", payment.getPaymentMethod() + " at " + payment.getConnector())
        .row("key", payment.getIdempotencyKey() + (replayed ? "  (replayed)" : ""))
        .row("version", payment.getVersion())
        .row("created", time(payment.getCreateTime()));
    return table.toString();
  }

  /** What a command exits with that ends with this payment. */
  public static int exitCode(PaymentState state) {
    return switch (state) {
      case PAYMENT_STATE_SETTLED, PAYMENT_STATE_CAPTURED, PAYMENT_STATE_AUTHORIZED -> DONE;
      case PAYMENT_STATE_FAILED, PAYMENT_STATE_CANCELED, PAYMENT_STATE_EXPIRED -> DECLINED;
      case PAYMENT_STATE_PENDING, PAYMENT_STATE_REQUIRES_ACTION -> RUNNING;
      case PAYMENT_STATE_NEEDS_ATTENTION, PAYMENT_STATE_UNSPECIFIED, UNRECOGNIZED -> ERROR;
    };
  }
}
