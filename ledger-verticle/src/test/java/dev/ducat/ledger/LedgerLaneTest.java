package dev.ducat.ledger;

import static dev.ducat.ledger.Transfers.client;
import static dev.ducat.ledger.Transfers.hold;
import static dev.ducat.ledger.Transfers.platform;
import static dev.ducat.ledger.Transfers.post;
import static dev.ducat.ledger.Transfers.postHold;
import static dev.ducat.ledger.Transfers.voidHold;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ducat.kernel.testing.TestNode;
import dev.ducat.proto.internal.v1.LedgerReply;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The lane against a real database: what was answered is what is stored, once. */
final class LedgerLaneTest {
  private static final String RECEIVABLE = "psp_receivable:simulator";
  private static final String PENDING = "merchant:shop:pending";
  private static final String AVAILABLE = "merchant:shop:available";

  private final TestLedger ledger = TestLedger.start();

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

  private static String resultOf(Future<LedgerReply> reply) {
    return MemoryBooks.nameOf(reply.result().getApplied().getGroups(0).getOutcomes(0).getResult());
  }
}
