package dev.ducat.ledger;

import dev.ducat.kernel.id.IdKind;
import dev.ducat.kernel.node.Node;
import dev.ducat.kernel.shard.UnitKind;
import dev.ducat.proto.internal.v1.LedgerQueryReply;
import dev.ducat.proto.internal.v1.LedgerQueryRequest;
import dev.ducat.proto.internal.v1.LedgerReply;
import dev.ducat.proto.internal.v1.LedgerRequest;
import dev.ducat.proto.internal.v1.RefusalReason;
import dev.ducat.proto.internal.v1.SealTime;
import dev.ducat.proto.ledger.v1.GetBalanceRequest;
import dev.ducat.proto.ledger.v1.ListAccountsRequest;
import dev.ducat.proto.ledger.v1.ListAccountsResponse;
import dev.ducat.proto.ledger.v1.ListTransfersRequest;
import dev.ducat.proto.ledger.v1.ListTransfersResponse;
import dev.ducat.proto.ledger.v1.TransferFilter;
import io.vertx.core.Future;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** Reads of the books, beside the lanes: any node answers, from the primary database. */
final class LedgerQueries {
  private static final int PAGE_DEFAULT = 50;
  private static final int PAGE_MAX = 1_000;

  /** A lane that does not seal a time in this time is moving: the caller asks again. */
  private static final Duration SEAL_MAX = Duration.ofSeconds(5);

  private final Node node;

  LedgerQueries(Node node) {
    this.node = node;
  }

  Future<LedgerQueryReply> answer(LedgerQueryRequest request) {
    try {
      String tenant = Wire.tenant(request.getTenant());
      return switch (request.getQueryCase()) {
        case GET_ACCOUNT ->
            account(
                key(
                    tenant,
                    request.getGetAccount().getName(),
                    "name",
                    request.getGetAccount().getCurrencyCode()));
        case LIST_ACCOUNTS -> accounts(tenant, request.getListAccounts());
        case GET_TRANSFER -> transfer(tenant, request.getGetTransfer().getTransferId());
        case LIST_TRANSFERS -> transfers(tenant, request.getListTransfers());
        case GET_BALANCE -> balance(tenant, request.getGetBalance());
        case QUERY_NOT_SET -> throw new InvalidRequest("query", "one is needed");
      };
    } catch (InvalidRequest invalid) {
      return Future.succeededFuture(Refusals.queryReply(invalid.toRefusal()));
    }
  }

  private Future<LedgerQueryReply> account(AccountKey key) {
    return LedgerReadStore.findAccounts(node.queries(), List.of(key))
        .map(
            found ->
                found.isEmpty()
                    ? noSuchAccount()
                    : LedgerQueryReply.newBuilder().setAccount(found.getFirst().toProto()).build());
  }

  private Future<LedgerQueryReply> accounts(String tenant, ListAccountsRequest request) {
    int size = pageSize(request.getPageSize());
    Wire.requireNameCharacters(request.getNamePrefix(), "name_prefix");
    String currency = currencyOrAny(request.getCurrencyCode());
    ListAccountsRequest filter = request.toBuilder().clearPageSize().clearPageToken().build();
    AccountKey after =
        request.getPageToken().isEmpty()
            ? null
            : accountPosition(tenant, PageToken.position(request.getPageToken(), tenant, filter));
    return LedgerPageStore.accounts(
            node.queries(), tenant, request.getNamePrefix(), currency, after, size + 1)
        .map(
            found -> {
              ListAccountsResponse.Builder page = ListAccountsResponse.newBuilder();
              found.stream().limit(size).map(Account::toProto).forEach(page::addAccounts);
              if (found.size() > size) {
                AccountKey last = found.get(size - 1).key();
                page.setNextPageToken(
                    PageToken.of(tenant, filter, last.name() + " " + last.currency()));
              }
              return LedgerQueryReply.newBuilder().setAccounts(page).build();
            });
  }

  private static AccountKey accountPosition(String tenant, String position) {
    int space = position.indexOf(' ');
    if (space < 0) {
      throw new InvalidRequest("page_token", "not a page token of this list");
    }
    return new AccountKey(tenant, position.substring(0, space), position.substring(space + 1));
  }

  private Future<LedgerQueryReply> transfer(String tenant, String text) {
    // An id of another kind names no transfer; that it is malformed is for the gateway to say.
    Optional<UUID> id = IdKind.TRANSFER.parse(text);
    if (id.isEmpty()) {
      return Future.succeededFuture(noSuchTransfer());
    }
    TransferKey key = new TransferKey(tenant, id.get());
    return LedgerReadStore.findTransfers(node.queries(), List.of(key))
        .map(
            found ->
                found.get(key) instanceof Entry.Booked booked
                    ? LedgerQueryReply.newBuilder().setTransfer(booked.transfer().toProto()).build()
                    : noSuchTransfer());
  }

  private Future<LedgerQueryReply> transfers(String tenant, ListTransfersRequest request) {
    int size = pageSize(request.getPageSize());
    ListTransfersRequest filter = request.toBuilder().clearPageSize().clearPageToken().build();
    LedgerPageStore.TransfersWanted wanted = wanted(tenant, request.getFilter());
    if (!request.getPageToken().isEmpty()) {
      Instant last = transferPosition(PageToken.position(request.getPageToken(), tenant, filter));
      wanted =
          new LedgerPageStore.TransfersWanted(
              tenant,
              wanted.account(),
              wanted.currency(),
              wanted.reference(),
              wanted.from(),
              last.isBefore(wanted.before()) ? last : wanted.before());
    }
    return LedgerPageStore.transfers(node.queries(), wanted, size + 1)
        .map(
            found -> {
              ListTransfersResponse.Builder page = ListTransfersResponse.newBuilder();
              found.stream().limit(size).map(BookedTransfer::toProto).forEach(page::addTransfers);
              if (found.size() > size) {
                Instant last = found.get(size - 1).bookedAt();
                page.setNextPageToken(
                    PageToken.of(
                        tenant, filter, "" + ChronoUnit.MICROS.between(Instant.EPOCH, last)));
              }
              return LedgerQueryReply.newBuilder().setTransfers(page).build();
            });
  }

  private static Instant transferPosition(String position) {
    try {
      return Instant.EPOCH.plus(Long.parseLong(position), ChronoUnit.MICROS);
    } catch (NumberFormatException | ArithmeticException | java.time.DateTimeException foreign) {
      throw new InvalidRequest("page_token", "not a page token of this list");
    }
  }

  private static LedgerPageStore.TransfersWanted wanted(String tenant, TransferFilter filter) {
    if (!filter.getAccount().isEmpty()) {
      Wire.accountName(filter.getAccount(), "filter.account");
    }
    return new LedgerPageStore.TransfersWanted(
        tenant,
        filter.getAccount(),
        currencyOrAny(filter.getCurrencyCode()),
        filter.getReference(),
        filter.hasCreatedAfter()
            ? Wire.instant(filter.getCreatedAfter(), "filter.created_after")
            : Instant.EPOCH,
        filter.hasCreatedBefore()
            ? Wire.instant(filter.getCreatedBefore(), "filter.created_before")
            : Wire.LATEST);
  }

  private Future<LedgerQueryReply> balance(String tenant, GetBalanceRequest request) {
    AccountKey key = key(tenant, request.getAccount(), "account", request.getCurrencyCode());
    if (!request.hasAsOf()) {
      return LedgerReadStore.findAccounts(node.queries(), List.of(key))
          .map(
              found ->
                  found.isEmpty()
                      ? noSuchAccount()
                      : Balances.reply(
                          found.getFirst(),
                          found.getFirst().counters(),
                          found.getFirst().updatedAt()));
    }
    Instant asOf = Wire.instant(request.getAsOf(), "as_of");
    if (asOf.isAfter(node.clock().now())) {
      throw new InvalidRequest("as_of", "lies in the future");
    }
    return balanceAt(key, asOf);
  }

  /**
   * An answer about the past must never change. Where the tenant's lane might still book something
   * at that time - it decides before it commits, and its clock may be behind ours - it is asked not
   * to, and the books are read again.
   */
  private Future<LedgerQueryReply> balanceAt(AccountKey key, Instant asOf) {
    int lane = UnitKind.hash(node.leases().settings().units(UnitKind.LEDGER_LANE), key.tenant());
    return LedgerTimeStore.findBalance(node.queries(), key, lane, asOf)
        .compose(
            found ->
                found.isEmpty() || found.get().isFinal()
                    ? Future.succeededFuture(found)
                    : seal(key.tenant(), lane, asOf)
                        .compose(
                            done -> LedgerTimeStore.findBalance(node.queries(), key, lane, asOf)))
        .map(found -> found.isEmpty() ? noSuchAccount() : shown(found.get(), asOf));
  }

  private static LedgerQueryReply shown(LedgerTimeStore.BalanceAt balance, Instant asOf) {
    Counters counters = balance.counters();
    if (counters != null) {
      return Balances.reply(balance.account(), counters, asOf);
    }
    return balance.account().createdAt().isAfter(asOf)
        ? noSuchAccount()
        : Balances.reply(balance.account(), Counters.ZERO, asOf);
  }

  private Future<LedgerReply> seal(String tenant, int lane, Instant time) {
    LedgerRequest request =
        LedgerRequest.newBuilder()
            .setSeal(SealTime.newBuilder().setTenant(tenant).setTime(Wire.timestamp(time)))
            .build();
    return node.bus()
        .ask(
            UnitKind.LEDGER_LANE.address(lane),
            request,
            LedgerReply.getDefaultInstance(),
            SEAL_MAX);
  }

  private static AccountKey key(String tenant, String name, String nameField, String currency) {
    return new AccountKey(
        tenant, Wire.accountName(name, nameField), Wire.currency(currency, "currency_code"));
  }

  private static String currencyOrAny(String code) {
    return code.isEmpty() ? code : Wire.currency(code, "currency_code");
  }

  private static int pageSize(int asked) {
    if (asked < 0) {
      throw new InvalidRequest("page_size", "must not be negative");
    }
    return asked == 0 ? PAGE_DEFAULT : Math.min(asked, PAGE_MAX);
  }

  private static LedgerQueryReply noSuchAccount() {
    return Refusals.queryReply(
        Refusals.of(
            RefusalReason.REFUSAL_REASON_ACCOUNT_NOT_FOUND,
            "",
            "no account of this name and currency"));
  }

  private static LedgerQueryReply noSuchTransfer() {
    return Refusals.queryReply(
        Refusals.of(RefusalReason.REFUSAL_REASON_TRANSFER_NOT_FOUND, "", "no transfer of this id"));
  }
}
