package dev.ducat.ledger;

import static dev.ducat.ledger.Transfers.client;
import static dev.ducat.ledger.Transfers.hold;
import static dev.ducat.ledger.Transfers.platform;
import static dev.ducat.ledger.Transfers.post;
import static dev.ducat.ledger.Transfers.postHold;
import static dev.ducat.ledger.Transfers.voidHold;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.ducat.kernel.id.IdKind;
import dev.ducat.kernel.shard.UnitKind;
import dev.ducat.kernel.testing.TestNode;
import dev.ducat.proto.events.v1.TransferEvent;
import dev.ducat.proto.internal.v1.ApplyTransfers;
import dev.ducat.proto.internal.v1.CloseAccount;
import dev.ducat.proto.internal.v1.LedgerReply;
import dev.ducat.proto.internal.v1.LedgerRequest;
import dev.ducat.proto.internal.v1.OpenAccount;
import dev.ducat.proto.internal.v1.RefusalReason;
import dev.ducat.proto.internal.v1.TransferGroup;
import dev.ducat.proto.ledger.v1.Account;
import dev.ducat.proto.ledger.v1.BalanceLimit;
import dev.ducat.proto.ledger.v1.CloseAccountRequest;
import dev.ducat.proto.ledger.v1.CreateAccountRequest;
import dev.ducat.proto.ledger.v1.NewTransfer;
import dev.ducat.proto.ledger.v1.NormalSide;
import dev.ducat.proto.ledger.v1.TransferOutcome;
import dev.ducat.proto.ledger.v1.TransferResult;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.junit5.VertxExtension;
import io.vertx.sqlclient.Row;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The lane against a real database: what was answered is what is stored, once. */
@ExtendWith(VertxExtension.class)
final class LedgerLaneTest {
  private static final String RECEIVABLE = "psp_receivable:simulator";
  private static final String PENDING = "merchant:shop:pending";
  private static final String AVAILABLE = "merchant:shop:available";

  private TestLedger ledger;

  @BeforeEach
  void start(Vertx vertx) {
    ledger = TestLedger.start(vertx);
  }

  @AfterEach
  void close() {
    ledger.close();
  }

  @Test
  void aPaymentMovesThroughTheChart() {
    assertThat(ledger.results(platform(hold(1, RECEIVABLE, PENDING, 100))))
        .containsExactly("CREATED");
    assertThat(ledger.results(platform(postHold(2, 1)))).containsExactly("CREATED");
    assertThat(
            ledger.results(
                platform(
                    post(3, PENDING, AVAILABLE, 100).setLinked(true),
                    post(4, AVAILABLE, "fees", 3))))
        .containsExactly("CREATED", "CREATED");

    assertThat(
            ledger.column(
                "select name || ' ' || debits_posted || ' ' || credits_posted || ' ' || debits_pending || ' '"
                    + " || credits_pending || ' v' || version from ledger.account order by name"))
        .containsExactly(
            "fees 0 3 0 0 v2",
            AVAILABLE + " 3 100 0 0 v3",
            PENDING + " 100 100 0 0 v4",
            RECEIVABLE + " 100 0 0 0 v3");
    assertThat(
            ledger.column(
                "select type || ' ' || seq from outbox.event where topic = 'ducat.ledger.v1' order by seq"))
        .containsExactly(
            "dev.ducat.transfer.held.v1 1",
            "dev.ducat.transfer.hold_posted.v1 2",
            "dev.ducat.transfer.posted.v1 3",
            "dev.ducat.transfer.posted.v1 4");
  }

  @Test
  void askingTwiceBooksOnce() {
    LedgerReply first = TestNode.await(ledger.send(platform(hold(1, RECEIVABLE, PENDING, 100))));
    LedgerReply second = TestNode.await(ledger.send(platform(hold(1, RECEIVABLE, PENDING, 100))));

    assertThat(first.getApplied().getGroups(0).getOutcomes(0).getTransfer())
        .isEqualTo(second.getApplied().getGroups(0).getOutcomes(0).getTransfer());
    assertThat(ledger.number("select count(*) from ledger.transfer")).isEqualTo(1);
    assertThat(ledger.number("select count(*) from outbox.event")).isEqualTo(1);
  }

  @Test
  void askingManyTimesAtOnceBooksOnce() {
    List<Future<LedgerReply>> replies = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      replies.add(ledger.send(platform(hold(1, RECEIVABLE, PENDING, 100))));
    }
    TestNode.await(Future.join(replies));

    assertThat(
            replies.stream()
                .map(r -> r.result().getApplied().getGroups(0).getOutcomes(0).getResult())
                .filter(r -> r.getNumber() == 1))
        .hasSize(1);
    assertThat(ledger.number("select count(*) from ledger.transfer")).isEqualTo(1);
  }

  @Test
  void oneOfAHundredDebitsFitsTheFunds() {
    ledger.apply(
        platform(post(1, RECEIVABLE, "wallet:alice", 100), post(2, RECEIVABLE, "wallet:bob", 1)));
    List<Future<LedgerReply>> replies = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      replies.add(ledger.send(client(post(100 + i, "wallet:alice", "wallet:bob", 60))));
    }
    TestNode.await(Future.join(replies));

    assertThat(replies.stream().map(LedgerLaneTest::resultOf).filter("CREATED"::equals)).hasSize(1);
    assertThat(replies.stream().map(LedgerLaneTest::resultOf).filter("EXCEEDS_CREDITS"::equals))
        .hasSize(99);
    assertThat(
            ledger.column("select debits_posted from ledger.account where name = 'wallet:alice'"))
        .containsExactly("60");
  }

  @Test
  void whatFailedForLackOfFundsStaysFailed() {
    ledger.apply(
        platform(post(1, RECEIVABLE, "wallet:alice", 10), post(2, RECEIVABLE, "wallet:bob", 1)));
    assertThat(ledger.results(client(post(3, "wallet:alice", "wallet:bob", 60))))
        .containsExactly("EXCEEDS_CREDITS");
    ledger.apply(platform(post(4, RECEIVABLE, "wallet:alice", 100)));

    assertThat(ledger.results(client(post(3, "wallet:alice", "wallet:bob", 60))))
        .containsExactly("EXCEEDS_CREDITS");
    assertThat(ledger.results(client(post(5, "wallet:alice", "wallet:bob", 60))))
        .containsExactly("CREATED");
  }

  @Test
  void aVoidThatCameFirstRefusesTheHold() {
    assertThat(ledger.results(platform(voidHold(2, 1)))).containsExactly("HOLD_NOT_FOUND");
    assertThat(ledger.results(platform(hold(1, RECEIVABLE, PENDING, 100))))
        .containsExactly("HOLD_VOIDED_BEFORE_CREATION");
    assertThat(ledger.number("select count(*) from ledger.transfer")).isEqualTo(0);
    assertThat(ledger.number("select count(*) from ledger.account")).isEqualTo(0);
  }

  @Test
  void aChainIsStoredAsAWholeOrNotAtAll() {
    ledger.apply(platform(post(1, RECEIVABLE, "wallet:alice", 10)));
    assertThat(
            ledger.results(
                platform(
                    post(2, RECEIVABLE, AVAILABLE, 5).setLinked(true),
                    post(3, "wallet:alice", AVAILABLE, 11))))
        .containsExactly("LINKED_TRANSFER_FAILED", "EXCEEDS_CREDITS");
    assertThat(ledger.number("select count(*) from ledger.transfer")).isEqualTo(1);
    assertThat(ledger.number("select count(*) from ledger.refusal")).isEqualTo(1);
    assertThat(
            ledger.results(
                platform(
                    post(2, RECEIVABLE, AVAILABLE, 5).setLinked(true),
                    post(4, "wallet:alice", AVAILABLE, 10))))
        .containsExactly("CREATED", "CREATED");
    assertThat(ledger.wrongs()).isEmpty();
  }

  @Test
  void theBooksOfTwoTenantsAreSeparate() {
    TransferGroup mine = platform(hold(1, RECEIVABLE, PENDING, 100));
    TransferGroup theirs = mine.toBuilder().setTenant("other").build();
    assertThat(ledger.results(mine)).containsExactly("CREATED");
    assertThat(ledger.results(theirs.toBuilder().setTransfers(0, voidHold(2, 1)).build()))
        .containsExactly("HOLD_NOT_FOUND");
    assertThat(
            ledger.results(
                theirs.toBuilder().setTransfers(0, hold(3, RECEIVABLE, PENDING, 7)).build()))
        .containsExactly("CREATED");

    assertThat(
            ledger.column(
                "select tenant || ' ' || debits_pending from ledger.account where name like 'psp%' order by 1"))
        .containsExactly("acme 100", "other 7");
    assertThat(ledger.results(platform(postHold(4, 1)))).containsExactly("CREATED");
  }

  @Test
  void booksAreKeptByOneLaneOnly() {
    TransferGroup group = platform(hold(1, RECEIVABLE, PENDING, 100));
    LedgerRequest request =
        LedgerRequest.newBuilder().setApply(ApplyTransfers.newBuilder().addGroups(group)).build();
    int wrong = (UnitKind.hash(TestLedger.LANES, Transfers.TENANT) + 1) % TestLedger.LANES;
    LedgerReply reply = TestNode.await(ledger.ask(UnitKind.LEDGER_LANE.address(wrong), request));
    assertThat(reply.getRefusal().getReason())
        .isEqualTo(RefusalReason.REFUSAL_REASON_INVALID_ARGUMENT);
    assertThat(ledger.number("select count(*) from ledger.transfer")).isEqualTo(0);
  }

  @Test
  void whatHasTheWrongFormIsRefusedWithTheFieldsName() {
    TransferGroup group = platform(hold(1, RECEIVABLE, PENDING, 1), hold(2, "a b", PENDING, 1));
    LedgerReply reply = TestNode.await(ledger.send(group));
    assertThat(reply.getRefusal().getField()).isEqualTo("transfers[1].debit_account");
  }

  @Test
  void anAccountIsOpenedOnce() {
    CreateAccountRequest.Builder request =
        CreateAccountRequest.newBuilder()
            .setName("wallet:alice")
            .setCurrencyCode("EUR")
            .setNormalSide(NormalSide.NORMAL_SIDE_CREDIT);
    LedgerReply first = open(request);
    assertThat(first.getAccount().getVersion()).isEqualTo(1);
    assertThat(first.getAccount().getLimit()).isEqualTo(BalanceLimit.BALANCE_LIMIT_NONE);
    assertThat(open(request)).isEqualTo(first);
    assertThat(open(request.setNormalSide(NormalSide.NORMAL_SIDE_DEBIT)).getRefusal().getReason())
        .isEqualTo(RefusalReason.REFUSAL_REASON_ACCOUNT_EXISTS_DIFFERENT);
    for (String reserved : List.of("fees", "merchant:x", "psp_receivable:x")) {
      assertThat(open(request.setName(reserved)).getRefusal().getReason())
          .isEqualTo(RefusalReason.REFUSAL_REASON_PLATFORM_ACCOUNT);
    }
    assertThat(ledger.number("select count(*) from ledger.account")).isEqualTo(1);
  }

  private LedgerReply open(CreateAccountRequest.Builder request) {
    LedgerRequest open =
        LedgerRequest.newBuilder()
            .setOpenAccount(
                OpenAccount.newBuilder().setTenant(Transfers.TENANT).setRequest(request))
            .build();
    return TestNode.await(ledger.ask(TestLedger.address(Transfers.TENANT), open));
  }

  @Test
  void closedAccountsTakeNothingNewButEndTheirHolds() {
    ledger.apply(platform(hold(1, RECEIVABLE, PENDING, 10)));
    // A client may not close it; by hand, the version tells the lane to read again.
    ledger.sql(
        "update ledger.account set closed = true, version = version + 1 where name = '"
            + PENDING
            + "'");
    assertThat(ledger.results(platform(hold(2, RECEIVABLE, PENDING, 10))))
        .containsExactly("CREDIT_ACCOUNT_CLOSED");
    assertThat(ledger.results(platform(postHold(3, 1)))).containsExactly("CREATED");
  }

  /**
   * Closes among transfers, many to a batch and in no order that is known: what was booked was
   * booked before the close, in memory and in the database.
   */
  @Test
  void anAccountIsClosedInItsTurn() {
    ledger.apply(platform(hold(1, RECEIVABLE, "wallet:0", 10)));
    String address = TestLedger.address(Transfers.TENANT);
    List<Future<LedgerReply>> posts = new ArrayList<>();
    List<Future<LedgerReply>> closes = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      String wallet = "wallet:" + i;
      ledger.apply(platform(post(100 + i, RECEIVABLE, wallet, 1)));
    }
    for (int i = 0; i < 40; i++) {
      String wallet = "wallet:" + i;
      posts.add(ledger.send(platform(post(200 + i, RECEIVABLE, wallet, 1))));
      closes.add(ledger.ask(address, close(wallet)));
      posts.add(ledger.send(platform(post(300 + i, RECEIVABLE, wallet, 1))));
      closes.add(ledger.ask(address, close(wallet)));
    }
    TestNode.await(Future.join(posts));
    TestNode.await(Future.join(closes));
    for (int i = 0; i < 40; i++) {
      Account closed = closes.get(2 * i).result().getAccount();
      assertThat(closed.getClosed()).isTrue();
      assertThat(closes.get(2 * i + 1).result().getAccount()).isEqualTo(closed);
      long booked =
          posts.subList(2 * i, 2 * i + 2).stream()
              .map(post -> post.result().getApplied().getGroups(0).getOutcomes(0).getResult())
              .filter(result -> result == TransferResult.TRANSFER_RESULT_CREATED)
              .count();
      assertThat(closed.getCreditsPosted()).isEqualTo(1 + booked);
    }
    assertThat(ledger.number("select count(*) from ledger.account where closed")).isEqualTo(40);
    assertThat(ledger.results(platform(post(400, RECEIVABLE, "wallet:0", 1))))
        .containsExactly("CREDIT_ACCOUNT_CLOSED");
    assertThat(ledger.results(platform(postHold(401, 1)))).containsExactly("CREATED");
    assertThat(ledger.wrongs()).isEmpty();
  }

  @Test
  void whatIsNotAClientsAccountIsNotClosed() {
    ledger.apply(platform(hold(1, RECEIVABLE, PENDING, 10)));
    String address = TestLedger.address(Transfers.TENANT);
    assertThat(TestNode.await(ledger.ask(address, close("wallet:nobody"))).getRefusal().getReason())
        .isEqualTo(RefusalReason.REFUSAL_REASON_ACCOUNT_NOT_FOUND);
    assertThat(TestNode.await(ledger.ask(address, close(PENDING))).getRefusal().getReason())
        .isEqualTo(RefusalReason.REFUSAL_REASON_ACCOUNT_NOT_CLOSABLE);
    assertThat(ledger.number("select count(*) from ledger.account where closed")).isZero();
  }

  private static LedgerRequest close(String name) {
    return LedgerRequest.newBuilder()
        .setCloseAccount(
            CloseAccount.newBuilder()
                .setTenant(Transfers.TENANT)
                .setRequest(CloseAccountRequest.newBuilder().setName(name).setCurrencyCode("EUR")))
        .build();
  }

  @Test
  void aRowChangedBehindTheLanesBackIsNoticedAndReadAgain() {
    ledger.apply(
        platform(post(1, RECEIVABLE, "wallet:alice", 100), post(2, RECEIVABLE, "wallet:bob", 1)));
    ledger.sql(
        "update ledger.account set debits_posted = 90, version = version + 1 where name = 'wallet:alice'");
    assertThat(
            ledger.results(
                client(
                    post(3, "wallet:alice", "wallet:bob", 11),
                    post(4, "wallet:alice", "wallet:bob", 10))))
        .containsExactly("EXCEEDS_CREDITS", "CREATED");
  }

  @Test
  void aHoldResolvedBehindTheLanesBackIsNotResolvedAgain() {
    ledger.apply(platform(hold(1, RECEIVABLE, PENDING, 100)));
    ledger.sql(
        """
        insert into ledger.transfer
        select tenant, '01900000-0000-7000-8000-0000000000ff', lane, 4, debit_account, credit_account, amount, currency,
               transfer_id, false, false, null, '', '', null, booked_at + interval '1 microsecond',
               0, 0, 0, 0, 3, 0, 0, 0, 0, 3, chain
          from ledger.transfer
        """);
    assertThat(ledger.results(platform(postHold(2, 1)))).containsExactly("HOLD_ALREADY_VOIDED");
  }

  @Test
  void theDatabaseItselfRefusesToForget() {
    ledger.apply(platform(hold(1, RECEIVABLE, PENDING, 100)));
    ledger.results(platform(voidHold(3, 2)));
    for (String forbidden :
        List.of(
            "update ledger.transfer set amount = 1",
            "delete from ledger.transfer",
            "truncate ledger.transfer",
            "update ledger.refusal set result = 50",
            "delete from ledger.refusal",
            "truncate ledger.refusal",
            "delete from ledger.account",
            "truncate ledger.account")) {
      assertThatThrownBy(() -> ledger.sql(forbidden))
          .as(forbidden)
          .hasMessageContaining("is append-only");
    }
    assertThatThrownBy(
            () -> ledger.sql("update ledger.account set debits_posted = 1, balance_limit = 2"))
        .hasMessageContaining("account_keeps_its_limit");
  }

  @Test
  void eachTransferHasAnEventWithTheTransferAsStored() throws InvalidProtocolBufferException {
    TransferOutcome outcome = ledger.apply(platform(hold(1, RECEIVABLE, PENDING, 100))).getFirst();
    Row row =
        ledger
            .sql("select key, topic, tenant, payload, event_id from outbox.event")
            .iterator()
            .next();
    TransferEvent event = TransferEvent.parseFrom(row.getBuffer(3).getBytes());
    assertThat(row.getString(0)).isEqualTo(outcome.getTransferId());
    assertThat(row.getString(1)).isEqualTo("ducat.ledger.v1");
    assertThat(row.getString(2)).isEqualTo(Transfers.TENANT);
    assertThat(event.getTransfer()).isEqualTo(outcome.getTransfer());
    assertThat(event.getEventId()).isEqualTo(IdKind.EVENT.text(row.getUUID(4)));
  }

  @Test
  void aThousandTransfersAreOneCommit() {
    NewTransfer.Builder[] thousand = new NewTransfer.Builder[1_000];
    for (int i = 0; i < thousand.length; i++) {
      thousand[i] = post(i + 1, RECEIVABLE, "wallet:w" + i % 10, 1);
    }
    assertThat(ledger.results(platform(thousand))).hasSize(1_000).containsOnly("CREATED");
    assertThat(ledger.number("select max(n) from outbox.stream where head = 1000")).isLessThan(5);
    assertThat(ledger.wrongs()).isEmpty();
  }

  private static String resultOf(Future<LedgerReply> reply) {
    return MemoryBooks.nameOf(reply.result().getApplied().getGroups(0).getOutcomes(0).getResult());
  }
}
