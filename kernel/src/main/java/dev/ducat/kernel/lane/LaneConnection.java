package dev.ducat.kernel.lane;

import dev.ducat.kernel.outbox.OutboxEvent;
import dev.ducat.kernel.outbox.OutboxStore;
import dev.ducat.kernel.outbox.StoredEvent;
import dev.ducat.kernel.shard.Lease;
import dev.ducat.kernel.sql.Await;
import dev.ducat.kernel.sql.PgSettings;
import dev.ducat.kernel.sql.SqlFailure;
import dev.ducat.kernel.sql.SqlStatement;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.pgclient.PgConnection;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * A lane's own connection. Its one hard duty is to tell three ends of a transaction apart:
 * committed, refused, and unknown.
 */
final class LaneConnection {
  /** How a transaction ended. */
  sealed interface End {
    /** Every statement's answer said yes. */
    record Committed(List<StoredEvent> events) implements End {}

    /** The server said no: nothing was written. */
    record Refused(SqlFailure why) implements End {}

    /** No answer after COMMIT was on its way: it may have run, or may run later. */
    record InDoubt(String why) implements End {}
  }

  private final Vertx vertx;
  private final Context context;
  private final PgSettings settings;
  private final String name;
  private final Duration answerMax;
  private @Nullable PgConnection connection;

  LaneConnection(Vertx vertx, PgSettings settings, String name, Duration answerMax) {
    this.vertx = vertx;
    this.context = vertx.getOrCreateContext();
    this.settings = settings;
    this.name = name;
    this.answerMax = answerMax;
  }

  /** The open connection; opens one when there is none. */
  PgConnection open() {
    PgConnection current = connection;
    if (current == null) {
      Promise<PgConnection> opened = Promise.promise();
      context.runOnContext(
          go -> PgConnection.connect(vertx, settings.forLanes(name)).onComplete(opened));
      current = Await.result(opened.future(), answerMax);
      connection = current;
    }
    return current;
  }

  /** Whatever is on this connection, nothing more is asked of it. */
  void discard() {
    PgConnection current = connection;
    connection = null;
    if (current != null) {
      current.close();
    }
  }

  /** Whether the server answers at all, over a connection that may be opened for it. */
  boolean answers() {
    try {
      Await.result(open().query("SELECT 1").execute(), answerMax);
      return true;
    } catch (RuntimeException away) {
      discard();
      return false;
    }
  }

  /** A stream's row, if it is ours at the lease's epoch. */
  Optional<Stream> read(Lease lease) {
    RowSet<Row> rows =
        Await.result(
            open()
                .preparedQuery(
                    "select n, head, chain from outbox.stream"
                        + " where stream = $1::text and owner = $2::uuid and epoch = $3::bigint")
                .execute(Tuple.of(lease.address(), lease.owner(), lease.epoch())),
            answerMax);
    if (rows.size() == 0) {
      return Optional.empty();
    }
    Row row = rows.iterator().next();
    return Optional.of(
        new Stream(
            lease,
            row.getLong(0),
            row.getLong(1),
            row.getBuffer(2) == null ? null : row.getBuffer(2).getBytes()));
  }

  /** A transaction on the wire. */
  private record Sent(List<Future<?>> answers, Future<?> commit) {}

  /** Writes a plan in one transaction, all of it on the wire before the first answer is awaited. */
  End commit(UUID owner, List<Stream> streams, Plan plan) {
    PgConnection current = open();
    List<SqlStatement> statements = new ArrayList<>();
    List<StoredEvent> events = new ArrayList<>();
    statements.add(fence(owner, streams, plan, events));
    statements.addAll(plan.statements());
    if (!events.isEmpty()) {
      statements.add(OutboxStore.insert(events));
    }
    // One task of the event loop sends everything, so that it leaves in one piece.
    AtomicReference<@Nullable Sent> sent = new AtomicReference<>();
    Promise<Void> answered = Promise.promise();
    context.runOnContext(
        go -> {
          Sent all = send(current, statements);
          sent.set(all);
          // The server answers in order: COMMIT's answer, whatever it says, comes last.
          Future.join(Future.join(all.answers), all.commit).<Void>mapEmpty().onComplete(answered);
        });
    try {
      Await.result(answered.future(), answerMax);
      return new End.Committed(events);
    } catch (RuntimeException failed) {
      Sent all = sent.get();
      // The event loop may still get to it, so even that is no "no".
      return all == null
          ? new End.InDoubt("not sent in time")
          : judge(all.answers, all.commit, events);
    }
  }

  private static Sent send(PgConnection connection, List<SqlStatement> statements) {
    List<Future<?>> answers = new ArrayList<>(statements.size() + 1);
    answers.add(connection.query("BEGIN").execute());
    for (SqlStatement statement : statements) {
      answers.add(connection.preparedQuery(statement.text()).execute(statement.parameters()));
    }
    return new Sent(answers, connection.query("COMMIT").execute());
  }

  /**
   * A COMMIT behind a failed statement is answered like a successful one although it rolls back, so
   * the first failure in the order of the statements decides.
   */
  private static End judge(List<Future<?>> answers, Future<?> commit, List<StoredEvent> events) {
    for (Future<?> answer : answers) {
      if (!answer.isComplete()) {
        return new End.InDoubt("no answer in time");
      }
      if (answer.failed()) {
        return end(SqlFailure.of(answer.cause()));
      }
    }
    if (!commit.isComplete()) {
      return new End.InDoubt("no answer to COMMIT in time");
    }
    return commit.failed() ? end(SqlFailure.ofCommit(commit.cause())) : new End.Committed(events);
  }

  private static End end(SqlFailure failure) {
    return failure instanceof SqlFailure.NoAnswer unknown
        ? new End.InDoubt(unknown.reason())
        : new End.Refused(failure);
  }

  private static SqlStatement fence(
      UUID owner, List<Stream> streams, Plan plan, List<StoredEvent> events) {
    int count = streams.size();
    String[] names = new String[count];
    Long[] epochs = new Long[count];
    Long[] ns = new Long[count];
    Long[] heads = new Long[count];
    @Nullable Buffer[] chains = new Buffer[count];
    for (int i = 0; i < count; i++) {
      Stream stream = streams.get(i);
      Plan.StreamWrite write = plan.write(stream.name());
      long seq = stream.head();
      for (OutboxEvent event : write.events) {
        events.add(new StoredEvent(stream.name(), ++seq, event));
      }
      names[i] = stream.name();
      epochs[i] = stream.epoch();
      ns[i] = stream.n();
      heads[i] = seq;
      chains[i] = write.chain == null ? null : Buffer.buffer(write.chain);
    }
    return new SqlStatement(
        OutboxStore.FENCE, Tuple.from(new Object[] {names, owner, epochs, ns, heads, chains}));
  }
}
