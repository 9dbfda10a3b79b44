package dev.ducat.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ducat.kernel.testing.TestDatabase;
import dev.ducat.kernel.testing.TestNode;
import dev.ducat.kernel.time.SystemClock;
import dev.ducat.proto.internal.v1.ApplyTransfers;
import dev.ducat.proto.internal.v1.LedgerReply;
import dev.ducat.proto.internal.v1.LedgerRequest;
import dev.ducat.proto.internal.v1.TransferGroup;
import dev.ducat.proto.ledger.v1.NewTransfer;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.junit5.VertxExtension;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Random groups of several tenants at full speed: the stored books are those of the auditor. */
@ExtendWith(VertxExtension.class)
final class LedgerLoadTest {
  private static final List<String> TENANTS = List.of("acme", "globex", "initech");
  private static final int ROUNDS = 8;
  private static final int GROUPS_PER_ROUND = 150;

  @Test
  void theStoredBooksAreTheAuditors(Vertx vertx) {
    compare(vertx, LedgerSettings.development());
  }

  @Test
  void alsoWithALaneThatRemembersAlmostNothing(Vertx vertx) {
    LedgerSettings usual = LedgerSettings.development();
    compare(
        vertx,
        new LedgerSettings(
            1,
            usual.lane(),
            2,
            2,
            usual.sweep(),
            usual.answerMax(),
            usual.chainKey(),
            usual.overdraft()));
  }

  private static void compare(Vertx vertx, LedgerSettings settings) {
    long seed = Long.getLong("ducat.seed", System.nanoTime());
    System.out.println("ledger load test: -Dducat.seed=" + seed);
    try (TestLedger ledger =
        TestLedger.start(vertx, TestDatabase.create(), "node-1", new SystemClock(), settings)) {
      Map<String, LedgerAuditor> auditors = new LinkedHashMap<>();
      Map<String, RandomTransfers> transfers = new LinkedHashMap<>();
      for (String tenant : TENANTS) {
        auditors.put(tenant, new LedgerAuditor());
        // From here on nothing has to be asked twice, so it arrives in order.
        TestNode.await(
            ledger.ask(
                TestLedger.address(tenant),
                LedgerRequest.newBuilder().setApply(ApplyTransfers.getDefaultInstance()).build()));
        transfers.put(tenant, new RandomTransfers(seed ^ tenant.hashCode(), tenant));
      }
      for (int round = 0; round < ROUNDS; round++) {
        List<TransferGroup> groups = new ArrayList<>();
        List<Future<LedgerReply>> replies = new ArrayList<>();
        for (int i = 0; i < GROUPS_PER_ROUND; i++) {
          transfers.values().forEach(random -> groups.add(timeless(random.group(Instant.EPOCH))));
        }
        groups.forEach(group -> replies.add(ledger.send(group)));
        TestNode.await(Future.join(replies));
        for (int i = 0; i < groups.size(); i++) {
          LedgerAuditor auditor = auditors.get(groups.get(i).getTenant());
          assertThat(results(replies.get(i).result()))
              .as("seed %d, %s", seed, groups.get(i))
              .isEqualTo(auditor == null ? List.of() : auditor.apply(groups.get(i), Instant.EPOCH));
        }
      }
      auditors.forEach(
          (tenant, auditor) ->
              assertThat(
                      ledger.column(
                          "select name || ' ' || debits_posted || ' ' || credits_posted || ' '"
                              + " || debits_pending || ' ' || credits_pending from ledger.account"
                              + " where tenant = '"
                              + tenant
                              + "' order by name"))
                  .isEqualTo(auditor.balances()));
      assertThat(ledger.wrongs()).isEmpty();
    }
  }

  /** Sagas' groups without clocks: they are decided in the order in which they are sent. */
  private static TransferGroup timeless(TransferGroup group) {
    TransferGroup.Builder plain = group.toBuilder().setPlatform(true).clearTransfers();
    for (NewTransfer transfer : group.getTransfersList()) {
      plain.addTransfers(transfer.toBuilder().clearHoldExpireTime());
    }
    return plain.build();
  }

  private static List<Integer> results(LedgerReply reply) {
    return reply.getApplied().getGroups(0).getOutcomesList().stream()
        .map(outcome -> outcome.getResult().getNumber())
        .toList();
  }
}
