package dev.ducat.ledger;

import static dev.ducat.ledger.Transfers.TENANT;
import static dev.ducat.ledger.Transfers.hold;
import static dev.ducat.ledger.Transfers.platform;
import static dev.ducat.ledger.Transfers.post;
import static dev.ducat.ledger.Transfers.postHold;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ducat.kernel.shard.UnitKind;
import dev.ducat.proto.internal.v1.LedgerQueryReply;
import dev.ducat.proto.internal.v1.LedgerQueryRequest;
import dev.ducat.proto.internal.v1.RefusalReason;
import dev.ducat.proto.internal.v1.TransferGroup;
import dev.ducat.proto.ledger.v1.Account;
import dev.ducat.proto.ledger.v1.Balance;
import dev.ducat.proto.ledger.v1.GetAccountRequest;
import dev.ducat.proto.ledger.v1.GetBalanceRequest;
import dev.ducat.proto.ledger.v1.GetTransferRequest;
import dev.ducat.proto.ledger.v1.ListAccountsRequest;
import dev.ducat.proto.ledger.v1.ListTransfersRequest;
import dev.ducat.proto.ledger.v1.NewTransfer;
import dev.ducat.proto.ledger.v1.Transfer;
import dev.ducat.proto.ledger.v1.TransferFilter;
import io.vertx.core.Vertx;
import io.vertx.junit5.VertxExtension;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.extension.ExtendWith;

/** Reads beside the lanes, on one ledger that all tests share. */
@ExtendWith(VertxExtension.class)
@TestInstance(Lifecycle.PER_CLASS)
final class LedgerQueriesTest {
  private static final String RECEIVABLE = "psp_receivable:simulator";
  private static final String PENDING = "merchant:shop:pending";

  private TestLedger ledger;
  private final List<Instant> times = new ArrayList<>();

  @BeforeAll
  void book(Vertx vertx) {
    ledger = TestLedger.start(vertx);
    book(hold(1, RECEIVABLE, PENDING, 100).setReference("pay_1"));
    book(postHold(2, 1, 60, 3).setReference("pay_1"));
    book(post(4, PENDING, "merchant:shop:available", 50).setReference("pay_2"));
    for (int i = 0; i < 25; i++) {
      book(post(100 + i, RECEIVABLE, "wallet:w" + (char) ('a' + i), 10));
    }
    ledger.apply(
        platform(post(1, RECEIVABLE, "wallet:theirs", 7)).toBuilder().setTenant("other").build());
  }

  private void book(NewTransfer.Builder transfer) {
    times.add(
        Wire.instant(
            ledger.apply(platform(transfer)).getFirst().getTransfer().getTimestamp(), "timestamp"));
  }

  @AfterAll
  void close() {
    ledger.close();
  }

  private static LedgerQueryRequest.Builder as(String tenant) {
    return LedgerQueryRequest.newBuilder().setTenant(tenant);
  }

  private static RefusalReason reason(LedgerQueryReply reply) {
    return reply.getRefusal().getReason();
  }

  private LedgerQueryReply account(String tenant, String name, String currency) {
    return ledger.query(
        as(tenant)
            .setGetAccount(GetAccountRequest.newBuilder().setName(name).setCurrencyCode(currency)));
  }

  @Test
  void anAccountShowsItsCounters() {
    Account account = account(TENANT, PENDING, "EUR").getAccount();
    assertThat(account.getCreditsPosted()).isEqualTo(60);
    assertThat(account.getDebitsPosted()).isEqualTo(50);
    assertThat(account.getCreditsPending()).isEqualTo(40);
    assertThat(account.getAccountId()).startsWith("acc_");
  }

  @Test
  void othersAccountsAreAsUnknownAsNone() {
    LedgerQueryReply theirs = account(TENANT, "wallet:theirs", "EUR");
    assertThat(reason(theirs)).isEqualTo(RefusalReason.REFUSAL_REASON_ACCOUNT_NOT_FOUND);
    assertThat(theirs).isEqualTo(account(TENANT, "wallet:nobody", "EUR"));
    assertThat(reason(account(TENANT, PENDING, "USD")))
        .isEqualTo(RefusalReason.REFUSAL_REASON_ACCOUNT_NOT_FOUND);
    assertThat(account("other", "wallet:theirs", "EUR").getAccount().getCreditsPosted())
        .isEqualTo(7);
  }

  private LedgerQueryReply transfer(String tenant, String id) {
    return ledger.query(
        as(tenant).setGetTransfer(GetTransferRequest.newBuilder().setTransferId(id)));
  }

  @Test
  void aTransferIsReadAsItWasBooked() {
    Transfer posted = transfer(TENANT, Transfers.id(2)).getTransfer();
    assertThat(posted.getAmount().getMinorUnits()).isEqualTo(60);
    assertThat(posted.getRemainderHoldId()).isEqualTo(Transfers.id(3));
    assertThat(posted)
        .isEqualTo(
            ledger
                .apply(platform(postHold(2, 1, 60, 3).setReference("pay_1")))
                .getFirst()
                .getTransfer());
    Transfer rest = transfer(TENANT, Transfers.id(3)).getTransfer();
    assertThat(rest.getAmount().getMinorUnits()).isEqualTo(40);
    for (LedgerQueryReply unknown :
        List.of(
            transfer("other", Transfers.id(2)),
            transfer(TENANT, Transfers.id(999)),
            transfer(TENANT, "nonsense"))) {
      assertThat(reason(unknown)).isEqualTo(RefusalReason.REFUSAL_REASON_TRANSFER_NOT_FOUND);
    }
  }

  private List<String> accountNames(ListAccountsRequest request) {
    List<String> names = new ArrayList<>();
    String token = "";
    do {
      LedgerQueryReply page =
          ledger.query(as(TENANT).setListAccounts(request.toBuilder().setPageToken(token)));
      assertThat(page.hasAccounts()).as("%s", page).isTrue();
      assertThat(page.getAccounts().getAccountsCount()).isLessThanOrEqualTo(request.getPageSize());
      page.getAccounts().getAccountsList().forEach(account -> names.add(account.getName()));
      token = page.getAccounts().getNextPageToken();
    } while (!token.isEmpty());
    return names;
  }

  @Test
  void accountsComeByNamePageByPage() {
    assertThat(accountNames(ListAccountsRequest.newBuilder().setPageSize(7).build()))
        .hasSize(28)
        .isSorted()
        .doesNotHaveDuplicates()
        .doesNotContain("wallet:theirs");
    assertThat(
            accountNames(
                ListAccountsRequest.newBuilder().setPageSize(2).setNamePrefix("merchant:").build()))
        .containsExactly("merchant:shop:available", "merchant:shop:pending");
    assertThat(
            accountNames(
                ListAccountsRequest.newBuilder().setPageSize(2).setCurrencyCode("USD").build()))
        .isEmpty();
  }

  private List<String> transferIds(ListTransfersRequest request) {
    List<String> ids = new ArrayList<>();
    String token = "";
    do {
      LedgerQueryReply page =
          ledger.query(as(TENANT).setListTransfers(request.toBuilder().setPageToken(token)));
      assertThat(page.hasTransfers()).as("%s", page).isTrue();
      page.getTransfers().getTransfersList().forEach(transfer -> ids.add(transfer.getTransferId()));
      token = page.getTransfers().getNextPageToken();
    } while (!token.isEmpty());
    return ids;
  }

  private List<String> transferIds(TransferFilter.Builder filter) {
    return transferIds(ListTransfersRequest.newBuilder().setPageSize(4).setFilter(filter).build());
  }

  private static List<String> ids(long... numbers) {
    return java.util.Arrays.stream(numbers).mapToObj(Transfers::id).toList();
  }

  @Test
  void transfersComeNewestFirstPageByPage() {
    assertThat(transferIds(TransferFilter.newBuilder()))
        .hasSize(29)
        .startsWith(Transfers.id(124), Transfers.id(123))
        .endsWith(Transfers.id(3), Transfers.id(2), Transfers.id(1))
        .doesNotHaveDuplicates();
    assertThat(transferIds(TransferFilter.newBuilder().setAccount(PENDING)))
        .isEqualTo(ids(4, 3, 2, 1));
    assertThat(transferIds(TransferFilter.newBuilder().setAccount(RECEIVABLE))).hasSize(28);
    assertThat(transferIds(TransferFilter.newBuilder().setReference("pay_1")))
        .isEqualTo(ids(3, 2, 1));
    assertThat(
            transferIds(TransferFilter.newBuilder().setReference("pay_2").setAccount(RECEIVABLE)))
        .isEmpty();
    assertThat(transferIds(TransferFilter.newBuilder().setReference("pay_2").setAccount(PENDING)))
        .isEqualTo(ids(4));
    assertThat(transferIds(TransferFilter.newBuilder().setCurrencyCode("USD"))).isEmpty();
    assertThat(transferIds(TransferFilter.newBuilder().setAccount("nobody"))).isEmpty();
  }

  @Test
  void transfersOfATimeIncludeItsBeginningAndNotItsEnd() {
    assertThat(
            transferIds(
                TransferFilter.newBuilder()
                    .setCreatedAfter(Wire.timestamp(times.get(0)))
                    .setCreatedBefore(Wire.timestamp(times.get(2)))))
        .isEqualTo(ids(3, 2, 1));
    assertThat(
            transferIds(
                TransferFilter.newBuilder()
                    .setAccount(PENDING)
                    .setCreatedAfter(Wire.timestamp(times.get(2)))))
        .isEqualTo(ids(4));
  }

  @Test
  void aPageTokenIsGoodForItsOwnListOnly() {
    ListTransfersRequest request = ListTransfersRequest.newBuilder().setPageSize(1).build();
    String token =
        ledger.query(as(TENANT).setListTransfers(request)).getTransfers().getNextPageToken();
    ListTransfersRequest next = request.toBuilder().setPageToken(token).build();
    for (LedgerQueryReply refused :
        List.of(
            ledger.query(as("other").setListTransfers(next)),
            ledger.query(
                as(TENANT)
                    .setListTransfers(
                        next.toBuilder().setFilter(TransferFilter.newBuilder().setReference("x")))),
            ledger.query(as(TENANT).setListTransfers(next.toBuilder().setPageToken("nonsense!"))),
            ledger.query(
                as(TENANT)
                    .setListAccounts(ListAccountsRequest.newBuilder().setPageToken(token))))) {
      assertThat(reason(refused)).isEqualTo(RefusalReason.REFUSAL_REASON_INVALID_ARGUMENT);
      assertThat(refused.getRefusal().getField()).isEqualTo("page_token");
    }
    assertThat(
            reason(ledger.query(as(TENANT).setListTransfers(request.toBuilder().setPageSize(-1)))))
        .isEqualTo(RefusalReason.REFUSAL_REASON_INVALID_ARGUMENT);
  }

  private LedgerQueryReply balance(String tenant, String account) {
    return balance(tenant, account, GetBalanceRequest.newBuilder());
  }

  private LedgerQueryReply balanceAt(String tenant, String account, Instant time) {
    return balance(tenant, account, GetBalanceRequest.newBuilder().setAsOf(Wire.timestamp(time)));
  }

  private LedgerQueryReply balance(
      String tenant, String account, GetBalanceRequest.Builder request) {
    return ledger.query(
        as(tenant).setGetBalance(request.setAccount(account).setCurrencyCode("EUR")));
  }

  @Test
  void aBalanceIsSeenFromTheNormalSide() {
    Balance receivable = balance(TENANT, RECEIVABLE).getBalance();
    assertThat(receivable.getPosted().getMinorUnits()).isEqualTo(60 + 250);
    assertThat(receivable.getAvailable().getMinorUnits()).isEqualTo(60 + 250);
    Balance pending = balance(TENANT, PENDING).getBalance();
    assertThat(pending.getPosted().getMinorUnits()).isEqualTo(10);
    assertThat(pending.getAvailable().getMinorUnits()).isEqualTo(10);
    assertThat(Wire.instant(pending.getAsOf(), "as_of")).isEqualTo(times.get(2));
  }

  @Test
  void holdsThatWouldLowerABalanceAreNotAvailable() {
    String funds = "merchant:shop:available";
    ledger.apply(of("holder", post(1, RECEIVABLE, funds, 50), hold(2, funds, RECEIVABLE, 20)));
    Balance balance = balance("holder", funds).getBalance();
    assertThat(balance.getPosted().getMinorUnits()).isEqualTo(50);
    assertThat(balance.getAvailable().getMinorUnits()).isEqualTo(30);
    Balance receivable = balance("holder", RECEIVABLE).getBalance();
    assertThat(receivable.getPosted().getMinorUnits()).isEqualTo(50);
    assertThat(receivable.getAvailable().getMinorUnits()).isEqualTo(30);
  }

  private static TransferGroup of(String tenant, NewTransfer.Builder... transfers) {
    return platform(transfers).toBuilder().setTenant(tenant).build();
  }

  @Test
  void aBalanceAsOfATimeHasAllTransfersUntilThen() {
    assertThat(
            balanceAt(TENANT, PENDING, times.get(0)).getBalance().getCounters().getCreditsPending())
        .isEqualTo(100);
    Balance second = balanceAt(TENANT, PENDING, times.get(1)).getBalance();
    assertThat(second.getPosted().getMinorUnits()).isEqualTo(60);
    assertThat(second.getAsOf()).isEqualTo(Wire.timestamp(times.get(1)));
    assertThat(balanceAt(TENANT, PENDING, times.get(2)).getBalance().getPosted().getMinorUnits())
        .isEqualTo(10);
    Instant opened =
        Wire.instant(account(TENANT, PENDING, "EUR").getAccount().getCreateTime(), "create_time");
    assertThat(balanceAt(TENANT, PENDING, opened).getBalance().getCounters().getVersion())
        .isEqualTo(1);
    assertThat(reason(balanceAt(TENANT, PENDING, opened.minus(1, ChronoUnit.MICROS))))
        .isEqualTo(RefusalReason.REFUSAL_REASON_ACCOUNT_NOT_FOUND);
    assertThat(reason(balanceAt(TENANT, PENDING, Instant.now().plusSeconds(60))))
        .isEqualTo(RefusalReason.REFUSAL_REASON_INVALID_ARGUMENT);
  }

  @Test
  void aBalanceAsOfJustNowNeverChanges() {
    ledger.apply(of("quiet", post(1, RECEIVABLE, "wallet:w", 1)));
    for (int i = 2; i < 12; i++) {
      Instant now = Instant.now().truncatedTo(ChronoUnit.MICROS);
      LedgerQueryReply before = balanceAt("quiet", "wallet:w", now);
      Instant booked =
          Wire.instant(
              ledger
                  .apply(of("quiet", post(i, RECEIVABLE, "wallet:w", 1)))
                  .getFirst()
                  .getTransfer()
                  .getTimestamp(),
              "timestamp");
      assertThat(booked).isAfter(now);
      assertThat(balanceAt("quiet", "wallet:w", now)).isEqualTo(before);
      assertThat(before.getBalance().getPosted().getMinorUnits()).isEqualTo(i - 1);
    }
  }

  @Test
  void aSealedTimeStaysSealedForTheNextOwner() {
    ledger.apply(of("sealed", post(1, RECEIVABLE, "wallet:w", 1)));
    Instant now = Instant.now().truncatedTo(ChronoUnit.MICROS);
    balanceAt("sealed", "wallet:w", now);
    int lane = UnitKind.hash(TestLedger.LANES, "sealed");
    assertThat(
            ledger.column(
                "select sealed_until >= '" + now + "' from ledger.lane_time where lane = " + lane))
        .containsExactly("true");
  }
}
