package dev.ducat.relay;

import dev.ducat.kernel.id.Ids;
import dev.ducat.kernel.outbox.OutboxEvent;
import dev.ducat.kernel.outbox.OutboxStore;
import dev.ducat.kernel.outbox.StoredEvent;
import dev.ducat.kernel.outbox.Topics;
import dev.ducat.kernel.sql.PgSettings;
import dev.ducat.kernel.sql.SqlStatement;
import dev.ducat.kernel.testing.TestNode;
import dev.ducat.kernel.time.SystemClock;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.pgclient.PgConnection;
import io.vertx.sqlclient.Tuple;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** Writes events as a lane does, fence first, for streams that no lane owns in these tests. */
final class OutboxWriter implements AutoCloseable {
  private static final String TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

  private final UUID owner = UUID.randomUUID();
  private final Ids ids = new Ids(new SystemClock());
  private final PgConnection connection;
  private final Map<String, Long> transactions = new HashMap<>();
  private final Map<String, Long> heads = new HashMap<>();
  private final Map<String, Long> versions = new HashMap<>();
  private final List<StoredEvent> written = new ArrayList<>();

  OutboxWriter(Vertx vertx, PgSettings postgres) {
    connection =
        TestNode.await(PgConnection.connect(vertx, postgres.forQueries("ducat-test-writer")));
  }

  /** Everything written so far. */
  List<StoredEvent> written() {
    return written;
  }

  /** One transaction with one event of the payments topic for each key. */
  void write(String stream, String... keys) {
    write(stream, Topics.PAYMENTS, Buffer.buffer("payload of " + stream), List.of(keys));
  }

  void write(String stream, String topic, Buffer payload, List<String> keys) {
    Long n = transactions.computeIfAbsent(stream, this::own);
    long head = heads.getOrDefault(stream, 0L);
    List<StoredEvent> events = new ArrayList<>();
    for (String key : keys) {
      long version = versions.merge(key, 1L, Long::sum);
      events.add(new StoredEvent(stream, ++head, event(topic, key, version, payload)));
    }
    TestNode.await(connection.query("BEGIN").execute());
    TestNode.await(
        connection
            .preparedQuery(
                "select outbox.fence($1::text[], $2::uuid, $3::bigint[], $4::bigint[], $5::bigint[], $6::bytea[])")
            .execute(
                Tuple.of(
                    new String[] {stream},
                    owner,
                    new Long[] {1L},
                    new Long[] {n},
                    new Long[] {head},
                    new Buffer[] {null})));
    SqlStatement insert = OutboxStore.insert(events);
    TestNode.await(connection.preparedQuery(insert.text()).execute(insert.parameters()));
    TestNode.await(connection.query("COMMIT").execute());
    transactions.put(stream, n + 1);
    heads.put(stream, head);
    written.addAll(events);
  }

  private OutboxEvent event(String topic, String key, long version, Buffer payload) {
    return new OutboxEvent(
        ids.next(),
        topic,
        key,
        "dev.ducat.payment.authorized.v1",
        "/ducat/payments",
        payload,
        version,
        "default",
        version % 2 == 0 ? null : TRACE,
        Instant.parse("2026-05-04T03:02:01.123456Z").plusSeconds(version));
  }

  private Long own(String stream) {
    TestNode.await(
        connection
            .preparedQuery(
                "update outbox.stream set owner = $2::uuid, epoch = 1 where stream = $1::text")
            .execute(Tuple.of(stream, owner)));
    return 0L;
  }

  @Override
  public void close() {
    TestNode.await(connection.close());
  }
}
