package dev.ducat.kernel.outbox;

import dev.ducat.kernel.sql.SqlStatement;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.SqlClient;
import io.vertx.sqlclient.Tuple;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The SQL of outbox.event: written by the lanes through one insert per transaction, read by
 * position or by key.
 */
public final class OutboxStore {
  /**
   * The first statement of every lane transaction: streams, owner, epochs, ns, new heads, chains.
   */
  public static final String FENCE =
      "select outbox.fence($1::text[], $2::uuid, $3::bigint[], $4::bigint[], $5::bigint[], $6::bytea[])";

  private static final String INSERT =
      """
      insert into outbox.event (stream, seq, event_id, topic, key, type, source, payload, version, tenant,
                                traceparent, created_at)
      select unnest($1::text[]), unnest($2::bigint[]), unnest($3::uuid[]), unnest($4::text[]), unnest($5::text[]),
        unnest($6::text[]), unnest($7::text[]), unnest($8::bytea[]), unnest($9::bigint[]), unnest($10::text[]),
        unnest($11::text[]), unnest($12::timestamptz[])
      """;

  private static final String COLUMNS =
      "stream, seq, event_id, topic, key, type, source, payload, version, tenant, traceparent, created_at";

  private static final String AFTER_POSITION =
      "select "
          + COLUMNS
          + " from outbox.event where stream = $1::text and seq > $2::bigint"
          + " order by seq limit $3::int";

  private static final String AFTER_VERSION =
      "select "
          + COLUMNS
          + " from outbox.event where key = $1::text and version > 0 and version > $2::bigint"
          + " and tenant = $3::text and topic = $4::text order by version limit $5::int";

  /**
   * The join with outbox.stream keeps quiet streams from being looked up in every partition. The
   * limit holds for each stream and for the whole; whoever asks lets another stream come first each
   * time.
   */
  private static final String AFTER_POSITIONS =
      "select e.* from unnest($1::text[], $2::bigint[]) as p(stream, seq)"
          + " join outbox.stream s on s.stream = p.stream and s.head > p.seq"
          + " cross join lateral (select "
          + COLUMNS
          + " from outbox.event"
          + " where event.stream = p.stream and event.seq > p.seq order by seq limit $3::int) e"
          + " limit $3::int";

  private static final String AT =
      "select e.* from unnest($1::text[], $2::bigint[]) with ordinality as p(stream, seq, place)"
          + " cross join lateral (select "
          + COLUMNS
          + " from outbox.event where event.stream = p.stream and event.seq = p.seq limit 1) e"
          + " order by p.place";

  private static final String STREAMS =
      "select stream, head, chain from outbox.stream where starts_with(stream, $1::text)";

  /**
   * Where a stream stands.
   *
   * @param head seq of its last event, which is how many it had
   * @param chain last hash of a chained stream; null before the first
   */
  public record StreamHead(String stream, long head, @Nullable Buffer chain) {}

  private OutboxStore() {}

  /** All streams whose names begin with {@code prefix}. */
  public static Future<List<StreamHead>> streams(SqlClient client, String prefix) {
    return client
        .preparedQuery(STREAMS)
        .execute(Tuple.of(prefix))
        .map(
            rows ->
                rows.stream()
                    .map(row -> new StreamHead(row.getString(0), row.getLong(1), row.getBuffer(2)))
                    .toList());
  }

  /** One insert for all events of a transaction. */
  public static SqlStatement insert(List<StoredEvent> events) {
    int count = events.size();
    String[] streams = new String[count];
    Long[] seqs = new Long[count];
    UUID[] ids = new UUID[count];
    String[] topics = new String[count];
    String[] keys = new String[count];
    String[] types = new String[count];
    String[] sources = new String[count];
    Buffer[] payloads = new Buffer[count];
    Long[] versions = new Long[count];
    String[] tenants = new String[count];
    String[] traceparents = new String[count];
    OffsetDateTime[] times = new OffsetDateTime[count];
    for (int i = 0; i < count; i++) {
      StoredEvent stored = events.get(i);
      OutboxEvent event = stored.event();
      streams[i] = stored.stream();
      seqs[i] = stored.seq();
      ids[i] = event.eventId();
      topics[i] = event.topic();
      keys[i] = event.key();
      types[i] = event.type();
      sources[i] = event.source();
      payloads[i] = event.payload();
      versions[i] = event.version();
      tenants[i] = event.tenant();
      traceparents[i] = event.traceparent();
      times[i] = event.createdAt().atOffset(ZoneOffset.UTC);
    }
    return new SqlStatement(
        INSERT,
        Tuple.from(
            new Object[] {
              streams,
              seqs,
              ids,
              topics,
              keys,
              types,
              sources,
              payloads,
              versions,
              tenants,
              traceparents,
              times
            }));
  }

  /** Events of a stream after a position, in order, at most {@code limit}. */
  public static Future<List<StoredEvent>> afterPosition(
      SqlClient client, String stream, long position, int limit) {
    return client
        .preparedQuery(AFTER_POSITION)
        .execute(Tuple.of(stream, position, limit))
        .map(OutboxStore::read);
  }

  /**
   * Events of several streams, each after its own position: in order within a stream, at most
   * {@code limit} together.
   */
  public static Future<List<StoredEvent>> afterPositions(
      SqlClient client, String[] streams, Long[] positions, int limit) {
    return client
        .preparedQuery(AFTER_POSITIONS)
        .execute(Tuple.of(streams, positions, limit))
        .map(OutboxStore::read);
  }

  /**
   * The events at these places, in the order asked for; those that are there no more are left out.
   */
  public static Future<List<StoredEvent>> at(SqlClient client, String[] streams, Long[] seqs) {
    return client
        .preparedQuery(AT)
        .execute(Tuple.of(streams, (Object) seqs))
        .map(OutboxStore::read);
  }

  /** Events of a key (a payment) of a tenant after a version, in order, at most {@code limit}. */
  public static Future<List<StoredEvent>> afterVersion(
      SqlClient client, String tenant, String topic, String key, long version, int limit) {
    return client
        .preparedQuery(AFTER_VERSION)
        .execute(Tuple.of(key, version, tenant, topic, limit))
        .map(OutboxStore::read);
  }

  private static List<StoredEvent> read(RowSet<Row> rows) {
    List<StoredEvent> events = new ArrayList<>(rows.size());
    for (Row row : rows) {
      OutboxEvent event =
          new OutboxEvent(
              row.getUUID(2),
              row.getString(3),
              row.getString(4),
              row.getString(5),
              row.getString(6),
              row.getBuffer(7),
              row.getLong(8),
              row.getString(9),
              row.getString(10),
              row.getOffsetDateTime(11).toInstant());
      events.add(new StoredEvent(row.getString(0), row.getLong(1), event));
    }
    return events;
  }
}
