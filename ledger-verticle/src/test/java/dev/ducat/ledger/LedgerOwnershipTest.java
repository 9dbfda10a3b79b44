package dev.ducat.ledger;

import static dev.ducat.ledger.Transfers.client;
import static dev.ducat.ledger.Transfers.hold;
import static dev.ducat.ledger.Transfers.platform;
import static dev.ducat.ledger.Transfers.post;
import static dev.ducat.ledger.Transfers.postHold;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.ducat.kernel.sql.PgSettings;
import dev.ducat.kernel.testing.TestDatabase;
import dev.ducat.kernel.testing.TestNode;
import dev.ducat.kernel.time.SystemClock;
import dev.ducat.proto.internal.v1.LedgerReply;
import dev.ducat.proto.internal.v1.TransferGroup;
import dev.ducat.proto.ledger.v1.TransferOutcome;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.junit5.VertxExtension;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Books outlive their owner: the next one goes on where the last one stopped. */
@ExtendWith(VertxExtension.class)
final class LedgerOwnershipTest {
  private static final String RECEIVABLE = "psp_receivable:simulator";
  private static final String PENDING = "merchant:shop:pending";

  private final PgSettings postgres = TestDatabase.create();

  private Vertx vertx;

  @BeforeEach
  void open(Vertx vertx) {
    this.vertx = vertx;
  }

  @Test
  void theNextOwnerKnowsWhatWasBookedAndWhatWasRefused() {
    TransferGroup held = platform(hold(1, RECEIVABLE, PENDING, 100));
    List<TransferOutcome> before;
    try (TestLedger first = TestLedger.start(vertx, postgres, "node-1")) {
      before = first.apply(held);
      first.apply(
          platform(post(2, RECEIVABLE, "wallet:alice", 10), post(3, RECEIVABLE, "wallet:bob", 1)));
      assertThat(first.results(client(post(4, "wallet:alice", "wallet:bob", 11))))
          .containsExactly("EXCEEDS_CREDITS");
    }
    try (TestLedger second = TestLedger.apart(postgres, "node-2")) {
      TransferOutcome again = second.apply(held).getFirst();
      assertThat(again.getTransfer()).isEqualTo(before.getFirst().getTransfer());
      assertThat(second.results(client(post(4, "wallet:alice", "wallet:bob", 11))))
          .containsExactly("EXCEEDS_CREDITS");
      assertThat(second.results(platform(postHold(5, 1)))).containsExactly("CREATED");
      assertThat(second.results(client(post(6, "wallet:alice", "wallet:bob", 10))))
          .containsExactly("CREATED");
      assertThat(second.wrongs()).isEmpty();
    }
  }

  @Test
  void timesGrowAcrossOwnersWhoseClocksDisagree() {
    Instant last;
    try (TestLedger fast =
        TestLedger.start(
            vertx,
            postgres,
            "node-1",
            new SystemClock(Duration.ofMinutes(5)),
            LedgerSettings.development())) {
      last = bookedAt(fast.apply(platform(hold(1, RECEIVABLE, PENDING, 100))).getFirst());
    }
    try (TestLedger slow = TestLedger.apart(postgres, "node-2")) {
      assertThat(bookedAt(slow.apply(platform(postHold(2, 1))).getFirst())).isAfter(last);
    }
  }

  private static Instant bookedAt(TransferOutcome outcome) {
    return Wire.instant(outcome.getTransfer().getTimestamp(), "timestamp");
  }

  @Test
  void lanesMoveBetweenTwoNodesUnderLoadWithoutADoubleBooking() {
    try (TestLedger first = TestLedger.start(vertx, postgres, "node-1")) {
      List<Future<LedgerReply>> replies = new ArrayList<>();
      send(first, replies, 0, 300);
      try (TestLedger second = TestLedger.apart(postgres, "node-2")) {
        await()
            .atMost(Duration.ofSeconds(20))
            .until(
                () ->
                    first.number(
                            "select count(distinct owner) from shard.lease where kind = 'ledger.lane'"
                                + " and expires_at > clock_timestamp()")
                        == 2);
        // The two nodes have no common bus, so each is asked for everything: where it is not the
        // owner nobody answers.
        List<Future<LedgerReply>> here = new ArrayList<>();
        for (int tenant = 0; tenant < 8; tenant++) {
          here.add(
              Future.any(first.send(group(tenant, 1_000)), second.send(group(tenant, 1_000)))
                  .map(LedgerReply.getDefaultInstance()));
        }
        TestNode.await(Future.join(here));
      }
      TestNode.await(Future.join(replies));
      assertThat(first.number("select count(*) from ledger.transfer")).isEqualTo(308);
      assertThat(first.wrongs()).isEmpty();
    }
  }

  private static void send(
      TestLedger ledger, List<Future<LedgerReply>> replies, int from, int count) {
    for (int i = from; i < from + count; i++) {
      replies.add(ledger.send(group(i % 8, i + 1)));
    }
  }

  private static TransferGroup group(int tenant, long id) {
    return platform(post(id, RECEIVABLE, "wallet:w", 1)).toBuilder()
        .setTenant("tenant-" + tenant)
        .build();
  }

  @Test
  void lapsedHoldsAreReleased() {
    LedgerSettings eager = eagerSweep();
    try (TestLedger ledger =
        TestLedger.start(vertx, postgres, "node-1", new SystemClock(), eager)) {
      Instant soon = Instant.now().plusMillis(400);
      ledger.apply(
          platform(
              hold(1, RECEIVABLE, PENDING, 100).setHoldExpireTime(Wire.timestamp(soon)),
              hold(2, RECEIVABLE, PENDING, 7).setHoldExpireTime(Wire.timestamp(Instant.EPOCH)),
              hold(3, RECEIVABLE, PENDING, 5)));
      await()
          .atMost(Duration.ofSeconds(15))
          .until(() -> ledger.number("select count(*) from ledger.transfer where kind = 5") == 2);
      assertThat(ledger.results(platform(postHold(9, 1)))).containsExactly("HOLD_ALREADY_EXPIRED");
      assertThat(ledger.column("select debits_pending from ledger.account where name like 'psp%'"))
          .containsExactly("5");
      assertThat(ledger.column("select type from outbox.event where seq > 3"))
          .containsOnly("dev.ducat.transfer.hold_expired.v1");
      assertThat(ledger.wrongs()).isEmpty();
    }
  }

  @Test
  void holdsThatLapseWhileNobodyOwnsTheLaneAreReleasedByTheNextOwner() {
    try (TestLedger ledger = TestLedger.start(vertx, postgres, "node-1")) {
      Instant soon = Instant.now().plusMillis(700);
      ledger.apply(
          platform(hold(1, RECEIVABLE, PENDING, 100).setHoldExpireTime(Wire.timestamp(soon))));
    }
    try (TestLedger ledger =
        TestLedger.apart(
            postgres, "node-2", new SystemClock(Duration.ofMinutes(1)), eagerSweep())) {
      await()
          .atMost(Duration.ofSeconds(15))
          .until(() -> ledger.number("select count(*) from ledger.transfer where kind = 5") == 1);
    }
  }

  private static LedgerSettings eagerSweep() {
    LedgerSettings usual = LedgerSettings.development();
    return new LedgerSettings(
        usual.lanes(),
        usual.lane(),
        usual.accountsMax(),
        usual.openHoldsMax(),
        Duration.ofMillis(50),
        usual.answerMax(),
        usual.chainKey(),
        usual.overdraft());
  }

  @Test
  void memoryThatHoldsAlmostNothingChangesNoResult() {
    LedgerSettings usual = LedgerSettings.development();
    LedgerSettings forgetful =
        new LedgerSettings(
            1,
            usual.lane(),
            1,
            1,
            usual.sweep(),
            usual.answerMax(),
            usual.chainKey(),
            usual.overdraft());
    try (TestLedger ledger =
        TestLedger.start(vertx, postgres, "node-1", new SystemClock(), forgetful)) {
      for (int i = 1; i <= 5; i++) {
        assertThat(ledger.results(platform(hold(i, RECEIVABLE, PENDING, i))))
            .containsExactly("CREATED");
      }
      for (int i = 1; i <= 5; i++) {
        assertThat(ledger.results(platform(postHold(10 + i, i)))).containsExactly("CREATED");
      }
      assertThat(ledger.wrongs()).isEmpty();
    }
  }
}
