package dev.ducat.ledger;

import static dev.ducat.ledger.Transfers.client;
import static dev.ducat.ledger.Transfers.hold;
import static dev.ducat.ledger.Transfers.money;
import static dev.ducat.ledger.Transfers.platform;
import static dev.ducat.ledger.Transfers.post;
import static dev.ducat.ledger.Transfers.postHold;
import static dev.ducat.ledger.Transfers.voidHold;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Timestamp;
import dev.ducat.proto.ledger.v1.BalanceLimit;
import dev.ducat.proto.ledger.v1.NewTransfer;
import dev.ducat.proto.ledger.v1.NormalSide;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What may be booked, in the order of precedence of the results. */
final class LedgerRulesTest {
  private static final long MAX = Long.MAX_VALUE;

  /**
   * Books in which every result can be had: a and b are plain, poor cannot be overdrawn, full is an
   * asset that cannot be, shut and shut2 are closed, rich is close to the end of counting. Hold 10
   * (a to b, 50) is open, 11 is posted by 21, 12 voided by 22, 13 lapsed, 14 the platform's; 30 is
   * a post; 40 failed for lack of funds; hold 50 was voided before it came.
   */
  private static MemoryBooks books() {
    MemoryBooks books =
        new MemoryBooks()
            .open("a")
            .open("b")
            .open("shut")
            .open("shut2")
            .open("rich")
            .open(
                "poor",
                NormalSide.NORMAL_SIDE_CREDIT,
                BalanceLimit.BALANCE_LIMIT_DEBITS_MUST_NOT_EXCEED_CREDITS)
            .open(
                "full",
                NormalSide.NORMAL_SIDE_DEBIT,
                BalanceLimit.BALANCE_LIMIT_CREDITS_MUST_NOT_EXCEED_DEBITS);
    Timestamp soon = Wire.timestamp(books.now().plusSeconds(1));
    expectCreated(books, client(hold(10, "a", "b", 50).setReference("r").setDescription("d")));
    expectCreated(books, client(hold(11, "a", "b", 50), postHold(21, 11)));
    expectCreated(books, client(hold(12, "a", "b", 50), voidHold(22, 12)));
    expectCreated(books, client(hold(13, "a", "b", 50).setHoldExpireTime(soon)));
    expectCreated(books, platform(hold(14, "psp_receivable:x", "merchant:m:pending", 50)));
    expectCreated(books, client(post(30, "a", "b", 50).setReference("r").setDescription("d")));
    expectCreated(books, client(post(31, "rich", "a", MAX - 500)));
    expectCreated(books, client(hold(15, "shut", "shut2", 50)));
    expectCreated(books, client(hold(16, "a", "b", 50), postHold(23, 16, 20, 17)));
    assertThat(books.results(client(post(40, "poor", "a", 5)))).containsExactly("EXCEEDS_CREDITS");
    assertThat(books.results(client(voidHold(41, 50)))).containsExactly("HOLD_NOT_FOUND");
    books.close("shut");
    books.close("shut2");
    books.advance(Duration.ofSeconds(2));
    return books;
  }

  private static void expectCreated(
      MemoryBooks books, dev.ducat.proto.internal.v1.TransferGroup group) {
    assertThat(books.results(group)).containsOnly("CREATED");
  }

  /** Where several results apply, each row's is the smallest of them. */
  static Stream<Arguments> resultsInOrderOfPrecedence() {
    return Stream.of(
        row("EXISTS", post(30, "a", "b", 50).setReference("r").setDescription("d")),
        row("EXISTS", postHold(21, 11)),
        row("EXISTS", postHold(21, 11, 50)),
        row("EXISTS", postHold(21, 11).setDebitAccount("a").setCreditAccount("b")),
        row("EXISTS", postHold(23, 16, 20, 17)),
        row("EXISTS", voidHold(22, 12)),
        // The same id with everything different, then with one thing after the other made equal.
        row("EXISTS_WITH_DIFFERENT_KIND", hold(30, "b", "a", 1)),
        row("EXISTS_WITH_DIFFERENT_KIND", voidHold(50, 10)),
        row("EXISTS_WITH_DIFFERENT_KIND", voidHold(40, 10)),
        row("EXISTS_WITH_DIFFERENT_HOLD_ID", postHold(21, 12, 1).setDebitAccount("x")),
        row("EXISTS_WITH_DIFFERENT_HOLD_ID", voidHold(41, 51)),
        row("EXISTS_WITH_DIFFERENT_DEBIT_ACCOUNT", post(30, "b", "a", 1)),
        row("EXISTS_WITH_DIFFERENT_DEBIT_ACCOUNT", postHold(21, 11, 1).setDebitAccount("b")),
        row("EXISTS_WITH_DIFFERENT_CREDIT_ACCOUNT", post(30, "a", "c", 1)),
        row("EXISTS_WITH_DIFFERENT_AMOUNT", post(30, "a", "b", 1)),
        row("EXISTS_WITH_DIFFERENT_AMOUNT", post(30, "a", "b", 50).setAmount(money("USD", 50))),
        row("EXISTS_WITH_DIFFERENT_AMOUNT", post(30, "a", "b", 50).clearAmount()),
        row("EXISTS_WITH_DIFFERENT_AMOUNT", postHold(21, 11, 49, 99)),
        row("EXISTS_WITH_DIFFERENT_AMOUNT", postHold(23, 16)),
        row("EXISTS_WITH_DIFFERENT_AMOUNT", post(40, "poor", "a", 4)),
        row("EXISTS_WITH_DIFFERENT_REMAINDER", postHold(21, 11, 50, 99).setReference("x")),
        row("EXISTS_WITH_DIFFERENT_REMAINDER", postHold(23, 16, 20, 18)),
        row("EXISTS_WITH_DIFFERENT_REMAINDER", postHold(23, 16, 20)),
        row(
            "EXISTS_WITH_DIFFERENT_HOLD_EXPIRE_TIME",
            hold(10, "a", "b", 50).setHoldExpireTime(Timestamp.newBuilder().setSeconds(5))),
        row("EXISTS_WITH_DIFFERENT_REFERENCE", post(30, "a", "b", 50)),
        row("EXISTS_WITH_DIFFERENT_DESCRIPTION", post(30, "a", "b", 50).setReference("r")),
        row("EXISTS_WITH_DIFFERENT_REFERENCE", voidHold(22, 12).setReference("x")),
        row("LINKED_CHAIN_OPEN", post(90, "a", "a", 0).setLinked(true)),
        row("HOLD_VOIDED_BEFORE_CREATION", hold(50, "a", "a", 0)),
        row("AMOUNT_NOT_POSITIVE", post(90, "fees", "fees", 0)),
        row("AMOUNT_NOT_POSITIVE", post(90, "fees", "fees", -1)),
        row("AMOUNT_NOT_POSITIVE", post(90, "fees", "fees", 1).clearAmount()),
        row("AMOUNT_NOT_POSITIVE", hold(90, "fees", "fees", 0)),
        row(
            "AMOUNT_NOT_POSITIVE",
            postHold(90, 99, 0).setDebitAccount("fees").setCreditAccount("fees")),
        row("ACCOUNTS_SAME", post(90, "fees", "fees", 1)),
        row("ACCOUNTS_SAME", postHold(90, 99, 1).setDebitAccount("fees").setCreditAccount("fees")),
        row("ACCOUNT_RESERVED", post(90, "nobody", "fees", 1)),
        row("ACCOUNT_RESERVED", post(90, "merchant:m:available", "nobody", 1)),
        row("ACCOUNT_RESERVED", hold(90, "psp_receivable:x", "nobody", 1)),
        row("ACCOUNT_RESERVED", voidHold(90, 99).setDebitAccount("merchant:m:pending")),
        row("ACCOUNT_RESERVED", voidHold(90, 14)),
        row("ACCOUNT_RESERVED", postHold(90, 14, 99)),
        row("DEBIT_ACCOUNT_NOT_FOUND", post(90, "nobody", "no", 1)),
        row("DEBIT_ACCOUNT_NOT_FOUND", post(90, "a", "b", 1).setAmount(money("USD", 1))),
        row("DEBIT_ACCOUNT_NOT_FOUND", post(90, "wallet:new", "a", 1)),
        row("CREDIT_ACCOUNT_NOT_FOUND", post(90, "shut", "nobody", 1)),
        row("HOLD_NOT_FOUND", voidHold(90, 99)),
        row("HOLD_NOT_FOUND", voidHold(90, 50)),
        row("HOLD_NOT_FOUND", postHold(90, 50)),
        row("HOLD_NOT_FOUND", postHold(90, 30)),
        row("HOLD_NOT_FOUND", postHold(90, 40)),
        row("HOLD_ALREADY_POSTED", postHold(90, 11, 99, 10).setDebitAccount("b")),
        row("HOLD_ALREADY_POSTED", voidHold(90, 11)),
        row("HOLD_ALREADY_VOIDED", postHold(90, 12, 99)),
        row("HOLD_ALREADY_EXPIRED", postHold(90, 13, 99)),
        row("HOLD_ALREADY_EXPIRED", voidHold(90, 13)),
        row("ACCOUNTS_DIFFER_FROM_HOLD", postHold(90, 10, 99).setDebitAccount("b")),
        row("ACCOUNTS_DIFFER_FROM_HOLD", voidHold(90, 10).setCreditAccount("a")),
        row("CURRENCY_MISMATCH", postHold(90, 10).setAmount(money("USD", 99))),
        row("EXCEEDS_HOLD", postHold(90, 10, 51, 30)),
        row("REMAINDER_HOLD_EXISTS", postHold(90, 10, 20, 30)),
        row("REMAINDER_HOLD_EXISTS", postHold(90, 10, 20, 40)),
        row("REMAINDER_HOLD_EXISTS", postHold(90, 10, 20, 50)),
        row("REMAINDER_HOLD_EXISTS", postHold(90, 10, 20, 90)),
        row("DEBIT_ACCOUNT_CLOSED", post(90, "shut", "shut2", MAX)),
        row("CREDIT_ACCOUNT_CLOSED", post(90, "rich", "shut", MAX)),
        row("CREDIT_ACCOUNT_CLOSED", hold(90, "a", "shut", 1)),
        row("OVERFLOW", post(90, "poor", "a", MAX)),
        row("OVERFLOW", hold(90, "rich", "b", 501)),
        row("EXCEEDS_CREDITS", post(90, "poor", "full", 1)),
        row("EXCEEDS_CREDITS", hold(90, "poor", "a", 1)),
        row("EXCEEDS_DEBITS", post(90, "a", "full", 1)),
        row("EXCEEDS_DEBITS", hold(90, "a", "full", 1)),
        row("CREATED", post(90, "a", "b", 1)),
        row("CREATED", post(90, "full", "poor", 1)),
        row("CREATED", hold(90, "rich", "b", 500)),
        row("CREATED", postHold(90, 15)),
        row("CREATED", voidHold(90, 15)),
        row("CREATED", postHold(90, 10)),
        row("CREATED", postHold(90, 10, 50, 99)),
        row("CREATED", voidHold(90, 17)));
  }

  private static Arguments row(String result, NewTransfer.Builder transfer) {
    return Arguments.of(result, transfer.build());
  }

  @ParameterizedTest(name = "{0} {index}")
  @MethodSource
  void resultsInOrderOfPrecedence(String expected, NewTransfer transfer) {
    MemoryBooks books = books();
    assertThat(books.results(client(transfer.toBuilder()))).containsExactly(expected);
    // And the same request again: booked once, refused for good, or refused for the same reason.
    String again = expected.equals("CREATED") ? "EXISTS" : expected;
    assertThat(books.results(client(transfer.toBuilder()))).containsExactly(again);
  }

  @Test
  void holdsCountUntilTheyEnd() {
    MemoryBooks books = new MemoryBooks().open("a").open("b");
    books.apply(client(hold(1, "a", "b", 50)));
    assertThat(books.counters("a")).isEqualTo(new Counters(0, 0, 50, 0, 2));
    assertThat(books.counters("b")).isEqualTo(new Counters(0, 0, 0, 50, 2));
    books.apply(client(postHold(2, 1, 20)));
    assertThat(books.counters("a")).isEqualTo(new Counters(20, 0, 0, 0, 3));
    assertThat(books.counters("b")).isEqualTo(new Counters(0, 20, 0, 0, 3));
  }

  @Test
  void theRestOfAPartlyPostedHoldStaysHeldUnderItsNewId() {
    MemoryBooks books = new MemoryBooks().open("a").open("b");
    books.apply(client(hold(1, "a", "b", 50), postHold(2, 1, 20, 3)));
    assertThat(books.counters("a")).isEqualTo(new Counters(20, 0, 30, 0, 4));
    assertThat(books.results(client(postHold(4, 3, 31)))).containsExactly("EXCEEDS_HOLD");
    assertThat(books.results(client(postHold(5, 3, 10, 6), voidHold(7, 6))))
        .containsExactly("CREATED", "CREATED");
    assertThat(books.counters("a")).isEqualTo(new Counters(30, 0, 0, 0, 7));
    assertThat(books.counters("b")).isEqualTo(new Counters(0, 30, 0, 0, 7));
  }

  @Test
  void holdsUseUpTheLimit() {
    MemoryBooks books = books();
    expectCreated(books, client(post(60, "a", "poor", 100), hold(61, "poor", "a", 60)));
    assertThat(books.results(client(post(62, "poor", "a", 41)))).containsExactly("EXCEEDS_CREDITS");
    expectCreated(books, client(post(63, "poor", "a", 40), postHold(64, 61)));
    assertThat(books.counters("poor")).isEqualTo(new Counters(100, 100, 0, 0, 5));
  }

  @Test
  void aChainIsBookedAsAWholeOrNotAtAll() {
    MemoryBooks books = books();
    Counters before = books.counters("a");
    assertThat(
            books.results(
                client(
                    post(60, "a", "b", 1).setLinked(true),
                    post(61, "poor", "a", 1).setLinked(true),
                    post(62, "a", "b", 1),
                    post(63, "a", "b", 7))))
        .containsExactly(
            "LINKED_TRANSFER_FAILED", "EXCEEDS_CREDITS", "LINKED_TRANSFER_FAILED", "CREATED");
    assertThat(books.counters("a").debitsPosted()).isEqualTo(before.debitsPosted() + 7);
    // Only the culprit is refused for good.
    assertThat(books.results(client(post(60, "a", "b", 1), post(62, "a", "b", 1))))
        .containsExactly("CREATED", "CREATED");
    assertThat(books.results(client(post(61, "poor", "a", 1)))).containsExactly("EXCEEDS_CREDITS");
  }

  @Test
  void laterMembersOfAChainSeeEarlierOnes() {
    MemoryBooks books = books();
    assertThat(
            books.results(
                client(
                    post(60, "a", "poor", 5).setLinked(true),
                    hold(61, "poor", "b", 5).setLinked(true),
                    postHold(62, 61))))
        .containsExactly("CREATED", "CREATED", "CREATED");
  }

  @Test
  void knownIdsSaySoEvenInAFailedChain() {
    assertThat(
            books()
                .results(
                    client(
                        post(30, "a", "b", 50)
                            .setReference("r")
                            .setDescription("d")
                            .setLinked(true),
                        post(61, "poor", "a", 1).setLinked(true),
                        post(31, "a", "b", 1))))
        .containsExactly("EXISTS", "EXCEEDS_CREDITS", "EXISTS_WITH_DIFFERENT_DEBIT_ACCOUNT");
  }

  @Test
  void anOpenChainIsRefusedWhole() {
    MemoryBooks books = books();
    assertThat(
            books.results(
                client(
                    post(60, "a", "b", 1),
                    post(61, "a", "b", 1).setLinked(true),
                    post(62, "a", "b", 1).setLinked(true))))
        .containsExactly("CREATED", "LINKED_CHAIN_OPEN", "LINKED_CHAIN_OPEN");
    expectCreated(books, client(post(61, "a", "b", 1)));
  }

  @Test
  void anAtomicGroupIsOneChain() {
    MemoryBooks books = books();
    assertThat(
            books.results(
                client(post(60, "a", "b", 1), post(61, "poor", "a", 1)).toBuilder()
                    .setAtomic(true)
                    .build()))
        .containsExactly("LINKED_TRANSFER_FAILED", "EXCEEDS_CREDITS");
  }

  @Test
  void aVoidInAFailedChainStillTakesTheHoldsId() {
    MemoryBooks books = books();
    assertThat(books.results(client(post(60, "a", "b", 1).setLinked(true), voidHold(61, 99))))
        .containsExactly("LINKED_TRANSFER_FAILED", "HOLD_NOT_FOUND");
    assertThat(books.results(client(hold(99, "a", "b", 1))))
        .containsExactly("HOLD_VOIDED_BEFORE_CREATION");
  }

  @Test
  void onlyMerchantsWithAnOverdraftGoBelowZero() {
    MemoryBooks books = new MemoryBooks();
    expectCreated(books, platform(post(1, "merchant:trusted:available", "psp_receivable:x", 5)));
    assertThat(
            books.results(
                platform(
                    post(2, "merchant:distrusted:available", "psp_receivable:x", 5),
                    post(3, "merchant:trusted:available:available", "psp_receivable:x", 5),
                    post(4, "wallet:trusted", "psp_receivable:x", 5))))
        .containsExactly("EXCEEDS_CREDITS", "EXCEEDS_CREDITS", "EXCEEDS_CREDITS");
  }

  @Test
  void thePlatformOpensItsChartOnFirstUse() {
    MemoryBooks books = new MemoryBooks();
    expectCreated(books, platform(hold(1, "psp_receivable:x", "merchant:m:pending", 5)));
    assertThat(books.results(platform(post(2, "merchant:m:available", "fees", 5))))
        .containsExactly("EXCEEDS_CREDITS");
    assertThat(books.results(platform(post(3, "psp_receivable:x", "nobody", 5))))
        .containsExactly("CREDIT_ACCOUNT_NOT_FOUND");
    expectCreated(books, platform(post(4, "psp_receivable:x", "wallet:w", 5)));
    assertThat(books.results(platform(post(5, "wallet:w", "fees", 6))))
        .containsExactly("EXCEEDS_CREDITS");
  }

  @Test
  void timesGrowEvenWhenTheClockStandsStill() {
    MemoryBooks books = new MemoryBooks().open("a").open("b");
    List<Outcome> outcomes =
        books.apply(client(post(1, "a", "b", 1), post(2, "a", "b", 1), post(3, "b", "a", 1)));
    assertThat(
            outcomes.stream().map(o -> java.util.Objects.requireNonNull(o.transfer()).bookedAt()))
        .isSorted()
        .doesNotHaveDuplicates();
  }

  @Test
  void pinnedResultsAreThoseOfTheContract() {
    assertThat(
            Stream.of(dev.ducat.proto.ledger.v1.TransferResult.values())
                .filter(PinnedResults::contain)
                .map(MemoryBooks::nameOf))
        .containsExactly(
            "DEBIT_ACCOUNT_NOT_FOUND",
            "CREDIT_ACCOUNT_NOT_FOUND",
            "HOLD_NOT_FOUND",
            "DEBIT_ACCOUNT_CLOSED",
            "CREDIT_ACCOUNT_CLOSED",
            "EXCEEDS_CREDITS",
            "EXCEEDS_DEBITS");
  }

  @Test
  void aResolutionUnderItsHoldsOwnIdNeverWorks() {
    MemoryBooks books = books();
    assertThat(books.results(client(voidHold(90, 90)))).containsExactly("HOLD_NOT_FOUND");
    assertThat(books.results(client(hold(90, "a", "b", 1))))
        .containsExactly("EXISTS_WITH_DIFFERENT_KIND");
  }
}
