package dev.ducat.consumer;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.ducat.consumer.InboxRules.Decision;
import dev.ducat.consumer.InboxRules.Known;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.sqlclient.Pool;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.SqlClient;
import io.vertx.sqlclient.Tuple;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.apache.kafka.common.TopicPartition;

/**
 * The tables in which a consumer remembers what it has seen, in its own database. All SQL of the
 * library.
 */
public final class Inbox {
  private static final String SCRIPT = "inbox.sql";

  private static final String OFFSET =
      "select next_offset from inbox.offset"
          + " where consumer = $1::text and topic = $2::text and partition = $3::int";

  private static final String BEGIN_AT =
      "insert into inbox.offset (consumer, topic, partition, next_offset)"
          + " values ($1::text, $2::text, $3::int, $4::bigint) on conflict do nothing";

  // The compare-and-set that keeps two consumers of one partition apart, and the row lock that lets
  // them take turns.
  private static final String ADVANCE =
      "update inbox.offset set next_offset = $5::bigint, updated_at = clock_timestamp()"
          + " where consumer = $1::text and topic = $2::text and partition = $3::int"
          + " and next_offset = $4::bigint";

  private static final String VERSIONS =
      "select key, version from inbox.version"
          + " where consumer = $1::text and topic = $2::text and key = any($3::text[])"
          + " order by key for update";

  private static final String SEEN =
      "select event_id from inbox.seen"
          + " where consumer = $1::text and topic = $2::text and event_id = any($3::text[])";

  private static final String PARKED_OF_KEYS =
      "select partition, kafka_offset, key, version, event_id, type, source, time, tenant,"
          + " traceparent, payload from inbox.parked"
          + " where consumer = $1::text and topic = $2::text and key = any($3::text[])";

  private static final String SET_VERSIONS =
      "insert into inbox.version as known (consumer, topic, key, version)"
          + " select $1::text, $2::text, key, version"
          + " from unnest($3::text[], $4::bigint[]) as new(key, version) order by key"
          + " on conflict (consumer, topic, key) do update set version = excluded.version"
          + " where known.version < excluded.version";

  private static final String SET_SEEN =
      "insert into inbox.seen (consumer, topic, event_id)"
          + " select $1::text, $2::text, id from unnest($3::text[]) as new(id) order by id"
          + " on conflict do nothing";

  private static final String PARK =
      "insert into inbox.parked (consumer, topic, key, version, partition, kafka_offset, event_id,"
          + " type, source, time, tenant, traceparent, payload)"
          + " values ($1::text, $2::text, $3::text, $4::bigint, $5::int, $6::bigint, $7::text,"
          + " $8::text, $9::text, $10::text, $11::text, $12::text, $13::bytea)";

  private static final String UNPARK =
      "delete from inbox.parked where consumer = $1::text and topic = $2::text"
          + " and key = $3::text and version = $4::bigint";

  private static final String WAITING =
      "select p.topic, p.key, coalesce(v.version, 0), min(p.version), count(*)"
          + " from inbox.parked p left join inbox.version v using (consumer, topic, key)"
          + " where p.consumer = $1::text group by p.topic, p.key, v.version"
          + " order by min(p.parked_at) limit $2::int";

  private final String consumer;

  Inbox(String consumer) {
    this.consumer = consumer;
  }

  /**
   * A key that waits for a version that has not come.
   *
   * @param last the last version that took effect; 0 for none
   * @param first the first that waits
   * @param events how many wait
   */
  public record Gap(String topic, String key, long last, long first, long events) {}

  /** The DDL, to be put among one's own migrations. */
  public static String ddl() {
    try (InputStream script = Inbox.class.getResourceAsStream(SCRIPT)) {
      if (script == null) {
        throw new IllegalStateException(SCRIPT + " is not on the class path");
      }
      return new String(script.readAllBytes(), UTF_8);
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
  }

  /** Creates the schema {@code inbox} where it is missing. Several processes may do so at once. */
  public static Future<Void> create(Pool pool) {
    return pool.withTransaction(
        tx ->
            tx.query("select pg_advisory_xact_lock(hashtext('dev.ducat.consumer.inbox'))")
                .execute()
                .compose(locked -> tx.query(ddl()).execute())
                .mapEmpty());
  }

  /** Keys of a consumer that wait, the longest waiting first, at most {@code limit}. */
  public static Future<List<Gap>> gaps(SqlClient client, String consumer, int limit) {
    return client
        .preparedQuery(WAITING)
        .execute(Tuple.of(consumer, limit))
        .map(
            rows -> {
              List<Gap> gaps = new ArrayList<>();
              rows.forEach(
                  row ->
                      gaps.add(
                          new Gap(
                              row.getString(0),
                              row.getString(1),
                              row.getLong(2),
                              row.getLong(3),
                              row.getLong(4))));
              return gaps;
            });
  }

  Future<Optional<Long>> offset(SqlClient client, TopicPartition partition) {
    return client
        .preparedQuery(OFFSET)
        .execute(Tuple.of(consumer, partition.topic(), partition.partition()))
        .map(rows -> rows.size() == 0 ? Optional.empty() : Optional.of(first(rows).getLong(0)));
  }

  /** Where a partition begins that has no row; the first of several who say so is right. */
  Future<Void> beginAt(SqlClient client, TopicPartition partition, long offset) {
    return client
        .preparedQuery(BEGIN_AT)
        .execute(Tuple.of(consumer, partition.topic(), partition.partition(), offset))
        .mapEmpty();
  }

  /**
   * Says whether the partition stood where we believed it did; it is locked until the transaction
   * ends.
   */
  Future<Boolean> advance(SqlClient tx, TopicPartition partition, long from, long to) {
    return tx.preparedQuery(ADVANCE)
        .execute(Tuple.of(consumer, partition.topic(), partition.partition(), from, to))
        .map(rows -> rows.rowCount() == 1);
  }

  /** What is known about the keys and ids of a batch. */
  Future<Known> known(SqlClient tx, String topic, List<Event> batch) {
    String[] keys =
        batch.stream()
            .filter(event -> event.version() > 0)
            .map(Event::key)
            .distinct()
            .sorted()
            .toArray(String[]::new);
    String[] ids =
        batch.stream()
            .filter(event -> event.version() == 0)
            .map(Event::id)
            .distinct()
            .toArray(String[]::new);
    Future<Map<String, Long>> versions =
        ask(tx, VERSIONS, topic, keys, rows -> asMap(rows), Map.of());
    Future<Map<String, Map<Long, Event>>> parked =
        ask(tx, PARKED_OF_KEYS, topic, keys, rows -> asEvents(topic, rows), Map.of());
    Future<Set<String>> seen = ask(tx, SEEN, topic, ids, rows -> asSet(rows), Set.of());
    return Future.all(versions, parked, seen)
        .map(all -> new Known(versions.result(), seen.result(), parked.result()));
  }

  /** Writes what was decided. */
  Future<Void> remember(SqlClient tx, String topic, Decision decision) {
    List<Future<?>> writes = new ArrayList<>();
    if (!decision.versions().isEmpty()) {
      String[] keys = decision.versions().keySet().toArray(String[]::new);
      Long[] versions = decision.versions().values().toArray(Long[]::new);
      writes.add(
          tx.preparedQuery(SET_VERSIONS)
              .execute(Tuple.from(new Object[] {consumer, topic, keys, versions}))
              .compose(rows -> expect(keys.length, rows.rowCount())));
    }
    if (!decision.seen().isEmpty()) {
      String[] ids = decision.seen().toArray(String[]::new);
      writes.add(
          tx.preparedQuery(SET_SEEN)
              .execute(Tuple.from(new Object[] {consumer, topic, ids}))
              .compose(rows -> expect(ids.length, rows.rowCount())));
    }
    decision.park().forEach(event -> writes.add(tx.preparedQuery(PARK).execute(row(event))));
    decision
        .unpark()
        .forEach(
            event ->
                writes.add(
                    tx.preparedQuery(UNPARK)
                        .execute(Tuple.of(consumer, topic, event.key(), event.version()))));
    return Future.all(writes).mapEmpty();
  }

  /**
   * Another partition's consumer wrote the same key in between: the decision was made on what is no
   * longer true.
   */
  private static Future<Void> expect(int expected, int found) {
    return expected == found
        ? Future.succeededFuture()
        : Future.failedFuture(
            new IllegalStateException(
                "the inbox changed meanwhile: %d rows expected, %d written"
                    .formatted(expected, found)));
  }

  private <T> Future<T> ask(
      SqlClient tx,
      String sql,
      String topic,
      String[] about,
      Function<RowSet<Row>, T> read,
      T nothing) {
    return about.length == 0
        ? Future.succeededFuture(nothing)
        : tx.preparedQuery(sql)
            .execute(Tuple.from(new Object[] {consumer, topic, about}))
            .map(read);
  }

  private Tuple row(Event event) {
    return Tuple.from(
        new Object[] {
          consumer,
          event.topic(),
          event.key(),
          event.version(),
          event.partition(),
          event.offset(),
          event.id(),
          event.type(),
          event.source(),
          event.time(),
          event.tenant(),
          event.traceparent(),
          event.payload()
        });
  }

  private static Map<String, Long> asMap(RowSet<Row> rows) {
    Map<String, Long> versions = new HashMap<>();
    rows.forEach(row -> versions.put(row.getString(0), row.getLong(1)));
    return versions;
  }

  private static Set<String> asSet(RowSet<Row> rows) {
    Set<String> ids = new HashSet<>();
    rows.forEach(row -> ids.add(row.getString(0)));
    return ids;
  }

  private static Map<String, Map<Long, Event>> asEvents(String topic, RowSet<Row> rows) {
    Map<String, Map<Long, Event>> events = new HashMap<>();
    for (Row row : rows) {
      Buffer payload = row.getBuffer(10);
      Event event =
          new Event(
              topic,
              row.getInteger(0),
              row.getLong(1),
              row.getString(2),
              row.getLong(3),
              row.getString(4),
              row.getString(5),
              row.getString(6),
              row.getString(7),
              row.getString(8),
              row.getString(9),
              payload);
      events.computeIfAbsent(event.key(), key -> new HashMap<>()).put(event.version(), event);
    }
    return events;
  }

  private static Row first(RowSet<Row> rows) {
    return rows.iterator().next();
  }
}
