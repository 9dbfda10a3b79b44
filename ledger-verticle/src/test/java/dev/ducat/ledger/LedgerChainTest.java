package dev.ducat.ledger;

import static dev.ducat.ledger.Transfers.hold;
import static dev.ducat.ledger.Transfers.platform;
import static dev.ducat.ledger.Transfers.post;
import static dev.ducat.ledger.Transfers.postHold;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ducat.kernel.shard.UnitKind;
import dev.ducat.kernel.testing.TestNode;
import io.vertx.core.Vertx;
import io.vertx.junit5.VertxExtension;
import io.vertx.sqlclient.Row;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The chain in the database is the one that the rows, read back, give again. */
@ExtendWith(VertxExtension.class)
final class LedgerChainTest {
  @Test
  void theStoredChainIsThatOfTheStoredRows(Vertx vertx) {
    try (TestLedger ledger = TestLedger.start(vertx)) {
      ledger.apply(
          platform(
              hold(1, "psp_receivable:x", "merchant:m:pending", 9)
                  .setReference("pay_ü")
                  .setHoldExpireTime(Wire.timestamp(Instant.parse("2099-01-01T00:00:00.123456Z"))),
              postHold(2, 1, 4, 3),
              post(4, "psp_receivable:x", "wallet:w", 1)));
      ledger.apply(platform(post(5, "psp_receivable:x", "wallet:w", 1)));

      LedgerChain chain = new LedgerChain(LedgerSettings.development().chainKey());
      byte @Nullable [] hash = null;
      for (BookedTransfer transfer : inOrder(ledger)) {
        hash = chain.link(hash, transfer);
        assertThat(stored(ledger, "ledger.transfer where transfer_id = '" + transfer.id() + "'"))
            .isEqualTo(hash);
      }
      String stream =
          UnitKind.LEDGER_LANE.address(UnitKind.hash(TestLedger.LANES, Transfers.TENANT));
      assertThat(stored(ledger, "outbox.stream where stream = '" + stream + "'")).isEqualTo(hash);
    }
  }

  @Test
  void anotherKeyOrAnotherContentGivesAnotherChain(Vertx vertx) {
    try (TestLedger ledger = TestLedger.start(vertx)) {
      ledger.apply(
          platform(
              post(1, "psp_receivable:x", "wallet:w", 1),
              post(2, "psp_receivable:x", "wallet:w", 1)));
      List<BookedTransfer> transfers = inOrder(ledger);
      LedgerChain chain = new LedgerChain(LedgerSettings.development().chainKey());
      LedgerChain foreign =
          new LedgerChain(
              new SecretKeySpec(
                  "another key".getBytes(StandardCharsets.UTF_8), LedgerChain.ALGORITHM));
      byte[] first = chain.link(null, transfers.get(0));
      assertThat(chain.link(null, transfers.get(0))).isEqualTo(first);
      assertThat(foreign.link(null, transfers.get(0))).isNotEqualTo(first);
      assertThat(chain.link(null, transfers.get(1))).isNotEqualTo(first);
      assertThat(chain.link(first, transfers.get(1)))
          .isNotEqualTo(chain.link(null, transfers.get(1)));
    }
  }

  private static List<BookedTransfer> inOrder(TestLedger ledger) {
    return TestNode.await(
            LedgerPageStore.transfers(
                ledger.node().node().queries(),
                new LedgerPageStore.TransfersWanted(
                    Transfers.TENANT, "", "", "", Instant.EPOCH, Wire.LATEST),
                1_000))
        .reversed();
  }

  private static byte[] stored(TestLedger ledger, String where) {
    Row row = ledger.sql("select chain from " + where).iterator().next();
    return row.getBuffer(0).getBytes();
  }
}
