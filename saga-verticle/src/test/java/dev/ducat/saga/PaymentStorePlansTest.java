package dev.ducat.saga;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ducat.kernel.sql.PgSettings;
import dev.ducat.kernel.testing.TestDatabase;
import dev.ducat.kernel.testing.TestNode;
import io.vertx.core.Vertx;
import io.vertx.junit5.VertxExtension;
import io.vertx.pgclient.PgConnection;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** On a fresh database without statistics, the lanes' statements go by their indexes. */
@ExtendWith(VertxExtension.class)
final class PaymentStorePlansTest {
  @Test
  void everyStatementOfTheLanesUsesItsIndex(Vertx vertx) {
    PgSettings postgres = TestDatabase.create();
    PgConnection connection =
        TestNode.await(PgConnection.connect(vertx, postgres.forLanes("plans")));

    assertPlan(
        connection,
        PaymentLoadStore.BY_KEY,
        "saga_create_key",
        "Index Cond: ((tenant = k.tenant) AND (idempotency_key = k.key))",
        "payment_pkey",
        "Index Cond: (payment_id = s.payment_id)");
    assertPlan(
        connection,
        PaymentLoadStore.UNFINISHED,
        "saga_unfinished",
        "Index Cond: (shard = ANY ($1))",
        "payment_pkey",
        "Index Cond: (payment_id = s.payment_id)");
    assertPlan(
        connection,
        PaymentVersionStore.BEYOND,
        "saga_unfinished",
        "Index Cond: ((shard = u.shard) AND (definition_version > gap.above)"
            + " AND (definition_version < gap.below))");
    assertPlan(
        connection, PaymentStore.UPDATE_SAGAS, "saga_pkey", "Index Cond: (saga_id = d.saga_id)");
    assertPlan(
        connection,
        PaymentStore.UPDATE_PAYMENTS,
        "payment_pkey",
        "Index Cond: (payment_id = d.payment_id)");
    assertPlan(
        connection,
        VelocityStore.READ,
        "velocity_pkey",
        "Index Cond: ((starts_at = w.starts_at) AND (tenant = w.tenant) AND (merchant = w.merchant)"
            + " AND (unit = w.unit) AND (span = w.span))");
    assertPlan(connection, VelocityStore.SWEEP, "velocity_pkey", "Tid Scan");
    TestNode.await(connection.close());
  }

  private static void assertPlan(PgConnection connection, String sql, String... parts) {
    StringBuilder plan = new StringBuilder();
    TestNode.await(connection.query("explain (generic_plan) " + sql).execute())
        .forEach(row -> plan.append(row.getString(0)).append('\n'));
    assertThat(plan.toString()).contains(parts).doesNotContain("Seq Scan");
  }
}
