package dev.ducat.ledger;

import com.google.protobuf.Timestamp;
import dev.ducat.kernel.id.IdKind;
import dev.ducat.kernel.money.Currencies;
import dev.ducat.proto.internal.v1.TransferGroup;
import dev.ducat.proto.ledger.v1.NewTransfer;
import dev.ducat.proto.ledger.v1.TransferKind;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Reads what came over the bus, and refuses what has the wrong form with {@link InvalidRequest}.
 */
final class Wire {
  static final int NAME_MAX = 255;
  static final int TENANT_MAX = 64;
  static final int REFERENCE_MAX = 255;
  static final int DESCRIPTION_MAX = 1_000;

  /** Postgres keeps times up to far beyond this; Protobuf's own range ends here. */
  static final Instant LATEST = Instant.parse("9999-12-31T23:59:59Z");

  private Wire() {}

  static Timestamp timestamp(Instant time) {
    return Timestamp.newBuilder()
        .setSeconds(time.getEpochSecond())
        .setNanos(time.getNano())
        .build();
  }

  /** Whole microseconds, which is what is stored. */
  static Instant instant(Timestamp timestamp, String field) {
    try {
      Instant time = Instant.ofEpochSecond(timestamp.getSeconds(), timestamp.getNanos());
      if (time.isBefore(Instant.EPOCH) || time.isAfter(LATEST)) {
        throw new InvalidRequest(field, "a time between 1970 and 9999 is needed");
      }
      return time.truncatedTo(ChronoUnit.MICROS);
    } catch (DateTimeException | ArithmeticException outOfRange) {
      throw new InvalidRequest(field, "not a time");
    }
  }

  static String tenant(String tenant) {
    if (tenant.isEmpty() || tenant.length() > TENANT_MAX) {
      throw new InvalidRequest("tenant", "1 to " + TENANT_MAX + " characters");
    }
    return tenant;
  }

  static String accountName(String name, String field) {
    if (name.isEmpty() || name.length() > NAME_MAX) {
      throw new InvalidRequest(field, "1 to " + NAME_MAX + " characters");
    }
    requireNameCharacters(name, field);
    return name;
  }

  static void requireNameCharacters(String name, String field) {
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      boolean allowed =
          (c >= 'a' && c <= 'z')
              || (c >= 'A' && c <= 'Z')
              || (c >= '0' && c <= '9')
              || c == '.'
              || c == '_'
              || c == ':'
              || c == '-';
      if (!allowed) {
        throw new InvalidRequest(field, "only letters, digits and ._:- are allowed");
      }
    }
  }

  static String currency(String code, String field) {
    if (!Currencies.isKnown(code)) {
      throw new InvalidRequest(field, "not an ISO 4217 currency code");
    }
    return code;
  }

  static UUID transferId(String text, String field) {
    return IdKind.TRANSFER
        .parse(text)
        .orElseThrow(() -> new InvalidRequest(field, "not a transfer id"));
  }

  static TransferGroupCommand group(TransferGroup group) {
    int count = group.getTransfersCount();
    if (count == 0) {
      throw new InvalidRequest("transfers", "at least one is needed");
    }
    List<TransferCommand> transfers = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      NewTransfer transfer = group.getTransfers(i);
      boolean linked = group.getAtomic() ? i < count - 1 : transfer.getLinked();
      try {
        transfers.add(transfer(transfer, linked));
      } catch (InvalidRequest wrong) {
        throw wrong.within("transfers[" + i + "]");
      }
    }
    return new TransferGroupCommand(
        tenant(group.getTenant()), transfers, group.getPlatform(), group.getTraceparent());
  }

  static TransferCommand transfer(NewTransfer transfer, boolean linked) {
    boolean resolution =
        switch (transfer.getKind()) {
          case TRANSFER_KIND_POST, TRANSFER_KIND_HOLD -> false;
          case TRANSFER_KIND_POST_HOLD, TRANSFER_KIND_VOID_HOLD -> true;
          case TRANSFER_KIND_UNSPECIFIED, TRANSFER_KIND_EXPIRE_HOLD, UNRECOGNIZED ->
              throw new InvalidRequest("kind", "POST, HOLD, POST_HOLD or VOID_HOLD");
        };
    boolean isPostHold = transfer.getKind() == TransferKind.TRANSFER_KIND_POST_HOLD;
    boolean isHold = transfer.getKind() == TransferKind.TRANSFER_KIND_HOLD;
    forbid(!resolution && !transfer.getHoldId().isEmpty(), "hold_id");
    forbid(transfer.getKeepRemainder() && !isPostHold, "keep_remainder");
    forbid(
        !transfer.getKeepRemainder() && !transfer.getRemainderHoldId().isEmpty(),
        "remainder_hold_id");
    forbid(transfer.hasHoldExpireTime() && !isHold, "hold_expire_time");
    forbid(transfer.hasAmount() && resolution && !isPostHold, "amount");
    return new TransferCommand(
        transferId(transfer.getTransferId(), "transfer_id"),
        transfer.getKind(),
        side(transfer.getDebitAccount(), resolution, "debit_account"),
        side(transfer.getCreditAccount(), resolution, "credit_account"),
        transfer.hasAmount() ? (Long) transfer.getAmount().getMinorUnits() : null,
        transfer.hasAmount()
            ? currency(transfer.getAmount().getCurrencyCode(), "amount.currency_code")
            : "",
        resolution ? transferId(transfer.getHoldId(), "hold_id") : null,
        linked,
        transfer.getKeepRemainder(),
        transfer.getKeepRemainder()
            ? transferId(transfer.getRemainderHoldId(), "remainder_hold_id")
            : null,
        text(transfer.getReference(), REFERENCE_MAX, "reference"),
        text(transfer.getDescription(), DESCRIPTION_MAX, "description"),
        expiry(transfer, "hold_expire_time"),
        transfer);
  }

  private static @Nullable Instant expiry(NewTransfer transfer, String field) {
    return transfer.hasHoldExpireTime() ? instant(transfer.getHoldExpireTime(), field) : null;
  }

  private static String side(String name, boolean mayBeEmpty, String field) {
    return mayBeEmpty && name.isEmpty() ? name : accountName(name, field);
  }

  private static String text(String text, int max, String field) {
    if (text.length() > max) {
      throw new InvalidRequest(field, "at most " + max + " characters");
    }
    if (text.indexOf('\0') >= 0) {
      throw new InvalidRequest(field, "the character 0 cannot be stored");
    }
    return text;
  }

  private static void forbid(boolean given, String field) {
    if (given) {
      throw new InvalidRequest(field, "not with this kind of transfer");
    }
  }
}
