package dev.ducat.kernel.lane;

import dev.ducat.kernel.lane.CounterActor.Add;
import dev.ducat.kernel.outbox.OutboxEvent;
import dev.ducat.kernel.outbox.Topics;
import dev.ducat.kernel.sql.Await;
import dev.ducat.kernel.sql.SqlStatement;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.SqlClient;
import io.vertx.sqlclient.SqlConnection;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * The smallest actor that could lose or double something: a counter per stream, kept in memory and
 * in a table.
 */
final class CounterActor implements LaneActor<Add> {
  /** Adds {@code amount} to the stream's counter; answers with the new value. */
  record Add(String stream, long amount, Promise<Long> answer) {
    static Add of(String stream, long amount) {
      return new Add(stream, amount, Promise.promise());
    }
  }

  static final String NOT_OWNER = "not owner";
  private static final Duration LIMIT = Duration.ofSeconds(5);

  /** Values as of the last commit. */
  private final Map<String, Long> values = new HashMap<>();

  static void createTable(SqlClient client) {
    Await.result(
        client
            .query(
                "create table counter (stream text primary key, value bigint not null check (value < 1000000),"
                    + " version bigint not null)")
            .execute(),
        LIMIT);
  }

  @Override
  public String streamOf(Add message) {
    return message.stream();
  }

  @Override
  public void takeOver(SqlConnection connection, Stream stream) {
    if (values.containsKey(stream.name())) {
      throw new IllegalStateException("memory of " + stream.name() + " outlived its owner");
    }
    Await.result(
        connection
            .preparedQuery("insert into counter values ($1::text, 0, 0) on conflict do nothing")
            .execute(Tuple.of(stream.name())),
        LIMIT);
    Row row =
        Await.result(
                connection
                    .preparedQuery("select value from counter where stream = $1::text")
                    .execute(Tuple.of(stream.name())),
                LIMIT)
            .iterator()
            .next();
    values.put(stream.name(), row.getLong(0));
  }

  @Override
  public void forget(String stream) {
    values.remove(stream);
  }

  @Override
  public void load(SqlConnection connection, List<Add> batch) {
    if (batch.stream().anyMatch(add -> add.amount() == 17)) {
      // What a parameter of the wrong type does: it fails on this side of the wire.
      Await.result(
          connection.preparedQuery("select $1::int").execute(Tuple.of("not a number")), LIMIT);
    }
  }

  @Override
  public Plan decide(List<Add> batch) {
    Plan plan = new Plan();
    Map<String, Long> after = new HashMap<>();
    for (Add add : batch) {
      if (add.amount() == 13) {
        throw new IllegalArgumentException("13 cannot be decided");
      }
      long value = after.computeIfAbsent(add.stream(), this::value) + add.amount();
      after.put(add.stream(), value);
      plan.append(add.stream(), event(add.stream(), value));
      plan.afterCommit(() -> add.answer().complete(value));
    }
    String[] streams = after.keySet().toArray(String[]::new);
    Long[] sums = after.values().toArray(Long[]::new);
    plan.execute(
        new SqlStatement(
            "with u as (update counter c set value = n.value, version = version + 1"
                + " from unnest($1::text[], $2::bigint[]) n(stream, value) where c.stream = n.stream returning 1)"
                + " select outbox.expect('counter', $3::bigint, (select count(*) from u))",
            Tuple.of(streams, sums, (long) streams.length)));
    plan.afterCommit(() -> values.putAll(after));
    return plan;
  }

  @Override
  public Plan decideAlone(Add culprit, String failure) {
    Plan plan = new Plan();
    plan.afterCommit(() -> culprit.answer().fail(failure));
    return plan;
  }

  @Override
  public void notOwner(Add message) {
    message.answer().fail(NOT_OWNER);
  }

  private long value(String stream) {
    return values.getOrDefault(stream, 0L);
  }

  private static OutboxEvent event(String stream, long value) {
    return new OutboxEvent(
        UUID.randomUUID(),
        Topics.AUDIT,
        stream,
        "dev.ducat.test.counted.v1",
        "/test",
        Buffer.buffer(Long.toString(value)),
        0,
        "default",
        null,
        Instant.now());
  }
}
