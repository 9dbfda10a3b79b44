package dev.ducat.relay;

import dev.ducat.kernel.outbox.OutboxEvent;
import dev.ducat.kernel.outbox.OutboxStore;
import dev.ducat.kernel.outbox.StoredEvent;
import dev.ducat.kernel.shard.Lease;
import dev.ducat.kernel.sql.Await;
import dev.ducat.kernel.sql.SqlStatement;
import io.vertx.core.buffer.Buffer;
import io.vertx.pgclient.PgConnection;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The slot's own stream, which fences what the slot writes to Postgres as it does for lanes: only
 * the owner at the present epoch commits. After any failure nothing of it is used again: the slot
 * raises its epoch, which settles a commit whose answer was lost, and reads the stream anew.
 */
final class SlotStreamStore {
  private static final String READ =
      "select n, head from outbox.stream"
          + " where stream = $1::text and owner = $2::uuid and epoch = $3::bigint";

  private final Lease lease;
  private final Supplier<PgConnection> connection;
  private final Duration answerMax;
  private @Nullable Standing standing;

  private record Standing(long n, long head) {}

  SlotStreamStore(Lease lease, Supplier<PgConnection> connection, Duration answerMax) {
    this.lease = lease;
    this.connection = connection;
    this.answerMax = answerMax;
  }

  /**
   * Writes in one transaction, behind the fence.
   *
   * @param events for the slot's own stream
   * @return rows that each statement changed
   */
  List<Integer> commit(List<SqlStatement> statements, List<OutboxEvent> events) {
    PgConnection current = connection.get();
    Standing before = standing(current);
    long head = before.head() + events.size();
    List<Integer> changed = new ArrayList<>();
    Await.result(current.query("BEGIN").execute(), answerMax);
    run(current, fence(before, head));
    for (SqlStatement statement : statements) {
      changed.add(run(current, statement).rowCount());
    }
    if (!events.isEmpty()) {
      List<StoredEvent> stored = new ArrayList<>();
      for (OutboxEvent event : events) {
        stored.add(new StoredEvent(lease.address(), before.head() + stored.size() + 1, event));
      }
      run(current, OutboxStore.insert(stored));
    }
    Await.result(current.query("COMMIT").execute(), answerMax);
    standing = new Standing(before.n() + 1, head);
    return changed;
  }

  private Standing standing(PgConnection current) {
    Standing known = standing;
    if (known != null) {
      return known;
    }
    RowSet<Row> rows =
        run(
            current,
            new SqlStatement(READ, Tuple.of(lease.address(), lease.owner(), lease.epoch())));
    if (rows.size() == 0) {
      throw new IllegalStateException("the slot's stream is somebody else's");
    }
    Row row = rows.iterator().next();
    return new Standing(row.getLong(0), row.getLong(1));
  }

  private SqlStatement fence(Standing before, long head) {
    return new SqlStatement(
        OutboxStore.FENCE,
        Tuple.from(
            new Object[] {
              new String[] {lease.address()},
              lease.owner(),
              new Long[] {lease.epoch()},
              new Long[] {before.n()},
              new Long[] {head},
              new Buffer[] {null}
            }));
  }

  private RowSet<Row> run(PgConnection current, SqlStatement statement) {
    return Await.result(
        current.preparedQuery(statement.text()).execute(statement.parameters()), answerMax);
  }
}
