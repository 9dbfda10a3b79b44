package dev.ducat.ledger;

import dev.ducat.kernel.bus.BusException;
import dev.ducat.kernel.shard.ShardSettings;
import dev.ducat.kernel.shard.UnitKind;
import dev.ducat.kernel.sql.PgSettings;
import dev.ducat.kernel.testing.TestDatabase;
import dev.ducat.kernel.testing.TestNode;
import dev.ducat.kernel.time.Clock;
import dev.ducat.kernel.time.SystemClock;
import dev.ducat.proto.internal.v1.ApplyTransfers;
import dev.ducat.proto.internal.v1.LedgerQueryReply;
import dev.ducat.proto.internal.v1.LedgerQueryRequest;
import dev.ducat.proto.internal.v1.LedgerReply;
import dev.ducat.proto.internal.v1.LedgerRequest;
import dev.ducat.proto.internal.v1.TransferGroup;
import dev.ducat.proto.ledger.v1.TransferOutcome;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A node with a ledger on a real database, asked over its bus. */
final class TestLedger implements AutoCloseable {
  static final int LANES = 4;

  /** Short leases: a test that kills a node waits for them. */
  static final ShardSettings SHARDS =
      new ShardSettings(
          4, LANES, 1, Duration.ofMillis(1_500), Duration.ofMillis(300), Duration.ofSeconds(5));

  private static final Duration PATIENCE = Duration.ofSeconds(15);

  private final PgSettings postgres;
  private final TestNode node;
  private final String deployment;

  private TestLedger(PgSettings postgres, TestNode node, LedgerSettings settings) {
    this.postgres = postgres;
    this.node = node;
    deployment = node.deploy(new LedgerVerticle(node.node(), settings));
  }

  static TestLedger start(Vertx vertx) {
    return start(vertx, TestDatabase.create(), "node-1");
  }

  static TestLedger start(Vertx vertx, PgSettings postgres, String nodeId) {
    return start(vertx, postgres, nodeId, new SystemClock(), LedgerSettings.development());
  }

  static TestLedger start(
      Vertx vertx, PgSettings postgres, String nodeId, Clock clock, LedgerSettings settings) {
    return new TestLedger(
        postgres, TestNode.start(vertx, postgres, nodeId, SHARDS, clock), settings);
  }

  /** Beside or after another one on the same database: another process, with its own bus. */
  static TestLedger apart(PgSettings postgres, String nodeId) {
    return apart(postgres, nodeId, new SystemClock(), LedgerSettings.development());
  }

  static TestLedger apart(
      PgSettings postgres, String nodeId, Clock clock, LedgerSettings settings) {
    return new TestLedger(postgres, TestNode.apart(postgres, nodeId, SHARDS, clock), settings);
  }

  TestNode node() {
    return node;
  }

  PgSettings postgres() {
    return postgres;
  }

  static String address(String tenant) {
    return UnitKind.LEDGER_LANE.address(UnitKind.hash(LANES, tenant));
  }

  /** Asks as a gateway does: again while nobody owns the lane. */
  Future<LedgerReply> ask(String address, LedgerRequest request) {
    return ask(address, request, System.nanoTime() + PATIENCE.toNanos());
  }

  private Future<LedgerReply> ask(String address, LedgerRequest request, long until) {
    return node.node()
        .bus()
        .ask(address, request, LedgerReply.getDefaultInstance(), PATIENCE)
        .recover(
            failure ->
                failure instanceof BusException bus
                        && bus.failure().asksAgain()
                        && System.nanoTime() - until < 0
                    ? later().compose(then -> ask(address, request, until))
                    : Future.failedFuture(failure));
  }

  private Future<Void> later() {
    Promise<Void> later = Promise.promise();
    node.vertx().setTimer(20, fired -> later.complete());
    return later.future().timeout(1, TimeUnit.SECONDS);
  }

  Future<LedgerReply> send(TransferGroup... groups) {
    LedgerRequest request =
        LedgerRequest.newBuilder()
            .setApply(ApplyTransfers.newBuilder().addAllGroups(List.of(groups)))
            .build();
    return ask(address(groups[0].getTenant()), request);
  }

  /** One group, and its outcomes. */
  List<TransferOutcome> apply(TransferGroup group) {
    LedgerReply reply = TestNode.await(send(group));
    if (!reply.hasApplied()) {
      throw new AssertionError("not applied: " + reply);
    }
    return reply.getApplied().getGroups(0).getOutcomesList();
  }

  List<String> results(TransferGroup group) {
    return apply(group).stream().map(outcome -> MemoryBooks.nameOf(outcome.getResult())).toList();
  }

  RowSet<Row> sql(String text) {
    return TestNode.await(node.node().queries().query(text).execute());
  }

  /** The first column of all rows as text. */
  List<String> column(String text) {
    List<String> values = new ArrayList<>();
    sql(text).forEach(row -> values.add(String.valueOf(row.getValue(0))));
    return values;
  }

  /** One number. */
  long number(String text) {
    return sql(text).iterator().next().getLong(0);
  }

  /**
   * Accounts whose counters are not what their transfers add up to, and currencies out of balance.
   */
  List<String> wrongs() {
    return column(
        """
        select 'account ' || a.tenant || ' ' || a.name from ledger.account a
         where (a.debits_posted, a.credits_posted, a.debits_pending, a.credits_pending, a.version) is distinct from (
           (select coalesce(sum(amount), 0) from ledger.transfer where debit_account = a.account_id and kind in (1, 3)),
           (select coalesce(sum(amount), 0) from ledger.transfer where credit_account = a.account_id and kind in (1, 3)),
           (select coalesce(sum(amount), 0) from ledger.hold where debit_account = a.account_id and resolution is null),
           (select coalesce(sum(amount), 0) from ledger.hold where credit_account = a.account_id and resolution is null),
           (select 1 + count(*) from ledger.transfer where a.account_id in (debit_account, credit_account)))
        union all
        select 'currency ' || tenant || ' ' || currency from ledger.account
         group by tenant, currency
        having sum(debits_posted) <> sum(credits_posted) or sum(debits_pending) <> sum(credits_pending)
        union all
        select 'no event for ' || t.transfer_id from ledger.transfer t
         where (select count(*) from outbox.event e where e.created_at = t.booked_at
                   and e.stream = 'ledger.lane.' || t.lane) <> 1
        union all
        select 'refused and booked ' || transfer_id from ledger.transfer join ledger.refusal using (tenant, transfer_id)
        """);
  }

  LedgerQueryReply query(LedgerQueryRequest.Builder request) {
    return TestNode.await(
        node.node()
            .bus()
            .ask(
                LedgerVerticle.QUERY_ADDRESS,
                request.build(),
                LedgerQueryReply.getDefaultInstance(),
                PATIENCE));
  }

  /** Stops the ledger as an orderly shutdown does; the node stays. */
  void undeploy() {
    TestNode.await(node.vertx().undeploy(deployment));
  }

  @Override
  public void close() {
    node.close();
  }
}
