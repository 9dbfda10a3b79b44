package dev.ducat.gateway;

import com.google.protobuf.Timestamp;
import dev.ducat.gateway.Check.Characters;
import dev.ducat.kernel.id.IdKind;
import dev.ducat.proto.ledger.v1.BalanceLimit;
import dev.ducat.proto.ledger.v1.CloseAccountRequest;
import dev.ducat.proto.ledger.v1.CreateAccountRequest;
import dev.ducat.proto.ledger.v1.CreateTransfersRequest;
import dev.ducat.proto.ledger.v1.GetAccountRequest;
import dev.ducat.proto.ledger.v1.GetBalanceRequest;
import dev.ducat.proto.ledger.v1.GetTransferRequest;
import dev.ducat.proto.ledger.v1.ListAccountsRequest;
import dev.ducat.proto.ledger.v1.ListTransfersRequest;
import dev.ducat.proto.ledger.v1.NewTransfer;
import dev.ducat.proto.ledger.v1.NormalSide;
import dev.ducat.proto.ledger.v1.TransferFilter;
import dev.ducat.proto.ledger.v1.TransferKind;
import java.time.Instant;

/**
 * What a request of LedgerService must keep to, before anybody is asked. What has a result of its
 * own among the ledger's (an amount of 0, an account that is not there) is the ledger's to say.
 */
final class LedgerValidation {
  private static final int NAME_CHARS_MAX = 255;
  private static final int REFERENCE_CHARS_MAX = 255;
  private static final int DESCRIPTION_CHARS_MAX = 1_000;

  /** One transaction of a lane, and what fits a message. */
  private static final int TRANSFERS_MAX = 1_000;

  private LedgerValidation() {}

  static void check(CreateAccountRequest request) {
    Check check = new Check();
    name(check, "name", request.getName());
    check.currency("currency_code", request.getCurrencyCode());
    check.that(
        request.getNormalSide() == NormalSide.NORMAL_SIDE_DEBIT
            || request.getNormalSide() == NormalSide.NORMAL_SIDE_CREDIT,
        "normal_side",
        "must be DEBIT or CREDIT");
    check.that(
        request.getLimit() != BalanceLimit.UNRECOGNIZED, "limit", "must be one of its values");
    check.done();
  }

  static void check(GetAccountRequest request) {
    account(request.getName(), request.getCurrencyCode());
  }

  static void check(CloseAccountRequest request) {
    account(request.getName(), request.getCurrencyCode());
  }

  private static void account(String name, String currency) {
    Check check = new Check();
    name(check, "name", name);
    check.currency("currency_code", currency);
    check.done();
  }

  static void check(ListAccountsRequest request) {
    Check check = new Check();
    check.text("name_prefix", request.getNamePrefix(), 0, NAME_CHARS_MAX, Characters.ACCOUNT);
    currencyIfGiven(check, "currency_code", request.getCurrencyCode());
    check.pageSize("page_size", request.getPageSize());
    check.pageToken("page_token", request.getPageToken());
    check.done();
  }

  static void check(GetTransferRequest request) {
    Check check = new Check();
    transferId(check, "transfer_id", request.getTransferId());
    check.done();
  }

  static void check(ListTransfersRequest request) {
    Check check = new Check();
    TransferFilter filter = request.getFilter();
    check.text("filter.account", filter.getAccount(), 0, NAME_CHARS_MAX, Characters.ACCOUNT);
    currencyIfGiven(check, "filter.currency_code", filter.getCurrencyCode());
    check.text("filter.reference", filter.getReference(), 0, REFERENCE_CHARS_MAX, Characters.LINE);
    if (filter.hasCreatedAfter()) {
      check.timestamp("filter.created_after", filter.getCreatedAfter());
    }
    if (filter.hasCreatedBefore()) {
      check.timestamp("filter.created_before", filter.getCreatedBefore());
    }
    check.pageSize("page_size", request.getPageSize());
    check.pageToken("page_token", request.getPageToken());
    check.done();
  }

  static void check(GetBalanceRequest request, Instant now) {
    Check check = new Check();
    name(check, "account", request.getAccount());
    check.currency("currency_code", request.getCurrencyCode());
    if (request.hasAsOf()) {
      check.timestamp("as_of", request.getAsOf());
      // An answer for a time that is not over yet could change.
      check.that(!isAfter(request.getAsOf(), now), "as_of", "must not be in the future");
    }
    check.done();
  }

  static void check(CreateTransfersRequest request) {
    Check check = new Check();
    int count = request.getTransfersCount();
    check.that(count >= 1 && count <= TRANSFERS_MAX, "transfers", "must be 1 to " + TRANSFERS_MAX);
    for (int i = 0; i < Math.min(count, TRANSFERS_MAX); i++) {
      transfer(check, "transfers[" + i + "].", request.getTransfers(i));
    }
    check.done();
  }

  private static void transfer(Check check, String at, NewTransfer transfer) {
    transferId(check, at + "transfer_id", transfer.getTransferId());
    switch (transfer.getKind()) {
      case TRANSFER_KIND_POST, TRANSFER_KIND_HOLD -> movement(check, at, transfer);
      case TRANSFER_KIND_POST_HOLD, TRANSFER_KIND_VOID_HOLD -> resolution(check, at, transfer);
      case TRANSFER_KIND_UNSPECIFIED, TRANSFER_KIND_EXPIRE_HOLD, UNRECOGNIZED ->
          check.that(false, at + "kind", "must be POST, HOLD, POST_HOLD or VOID_HOLD");
    }
    if (transfer.hasAmount()) {
      check.currency(at + "amount.currency_code", transfer.getAmount().getCurrencyCode());
    }
    check.text(at + "reference", transfer.getReference(), 0, REFERENCE_CHARS_MAX, Characters.LINE);
    check.text(
        at + "description", transfer.getDescription(), 0, DESCRIPTION_CHARS_MAX, Characters.TEXT);
    if (transfer.hasHoldExpireTime()) {
      check.timestamp(at + "hold_expire_time", transfer.getHoldExpireTime());
      check.that(
          transfer.getKind() == TransferKind.TRANSFER_KIND_HOLD,
          at + "hold_expire_time",
          "belongs to HOLD only");
    }
  }

  private static void movement(Check check, String at, NewTransfer transfer) {
    name(check, at + "debit_account", transfer.getDebitAccount());
    name(check, at + "credit_account", transfer.getCreditAccount());
    check.that(transfer.hasAmount(), at + "amount", "is required");
    check.that(transfer.getHoldId().isEmpty(), at + "hold_id", "belongs to the end of a hold only");
    noRemainder(check, at, transfer);
  }

  private static void resolution(Check check, String at, NewTransfer transfer) {
    check.text(
        at + "debit_account", transfer.getDebitAccount(), 0, NAME_CHARS_MAX, Characters.ACCOUNT);
    check.text(
        at + "credit_account", transfer.getCreditAccount(), 0, NAME_CHARS_MAX, Characters.ACCOUNT);
    transferId(check, at + "hold_id", transfer.getHoldId());
    if (transfer.getKind() == TransferKind.TRANSFER_KIND_VOID_HOLD) {
      check.that(!transfer.hasAmount(), at + "amount", "must be absent: a hold is voided whole");
    }
    if (transfer.getKind() == TransferKind.TRANSFER_KIND_POST_HOLD && transfer.getKeepRemainder()) {
      transferId(check, at + "remainder_hold_id", transfer.getRemainderHoldId());
    } else {
      noRemainder(check, at, transfer);
    }
  }

  private static void noRemainder(Check check, String at, NewTransfer transfer) {
    boolean post = transfer.getKind() == TransferKind.TRANSFER_KIND_POST_HOLD;
    check.that(
        post || !transfer.getKeepRemainder(), at + "keep_remainder", "belongs to POST_HOLD only");
    check.that(
        transfer.getRemainderHoldId().isEmpty(),
        at + "remainder_hold_id",
        "belongs to keep_remainder only");
  }

  private static void name(Check check, String field, String name) {
    check.text(field, name, 1, NAME_CHARS_MAX, Characters.ACCOUNT);
  }

  private static void transferId(Check check, String field, String id) {
    check.that(IdKind.TRANSFER.parse(id).isPresent(), field, "must be the id of a transfer, tr_…");
  }

  private static void currencyIfGiven(Check check, String field, String code) {
    if (!code.isEmpty()) {
      check.currency(field, code);
    }
  }

  private static boolean isAfter(Timestamp time, Instant now) {
    return time.getSeconds() > now.getEpochSecond()
        || (time.getSeconds() == now.getEpochSecond() && time.getNanos() > now.getNano());
  }
}
