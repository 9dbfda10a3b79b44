package dev.ducat.relay;

import dev.ducat.kernel.outbox.OutboxStore;
import dev.ducat.kernel.outbox.StoredEvent;
import dev.ducat.kernel.shard.Lease;
import dev.ducat.kernel.sql.Await;
import dev.ducat.kernel.sql.DatabaseRole;
import dev.ducat.kernel.sql.PgSettings;
import dev.ducat.relay.ReceiptRules.Witness;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.pgclient.PgConnectOptions;
import io.vertx.pgclient.PgConnection;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A slot's own connection to Postgres, and all SQL of the relay. Used by the slot's thread only.
 */
final class RelayStore {
  private static final Logger LOG = LoggerFactory.getLogger(RelayStore.class);

  private static final String WITNESSES =
      """
      select s.stream, s.head, c.seq, c.event_id, e.event_id, coalesce(c.at_least_once, false)
        from unnest($1::text[], $2::bigint[]) as r(stream, seq)
        join outbox.stream s on s.stream = r.stream
        left join outbox.position c on c.stream = r.stream
        left join lateral (select event_id from outbox.event
                            where event.stream = r.stream and event.seq = r.seq limit 1) e on true
      """;

  // A row is moved forward only, and never by a lease older than the one that wrote it.
  private static final String COPY =
      """
      insert into outbox.position as known (stream, seq, event_id, slot, epoch, at_least_once)
      select stream, seq, event_id, $4::int, $5::bigint, $6::boolean
        from unnest($1::text[], $2::bigint[], $3::uuid[]) as now(stream, seq, event_id)
      on conflict (stream) do update
        set seq = excluded.seq, event_id = excluded.event_id, slot = excluded.slot, epoch = excluded.epoch,
            at_least_once = excluded.at_least_once, updated_at = clock_timestamp()
        where known.seq < excluded.seq and known.epoch <= excluded.epoch
      """;

  private static final String LAG =
      """
      select coalesce(sum(s.head - p.seq), 0)::bigint, min(e.created_at)
        from unnest($1::text[], $2::bigint[]) as p(stream, seq)
        join outbox.stream s on s.stream = p.stream and s.head > p.seq
        left join lateral (select created_at from outbox.event
                            where event.stream = p.stream and event.seq = p.seq + 1 limit 1) e on true
      """;

  private final Vertx vertx;
  private final PgConnectOptions options;
  private final Duration answerMax;
  private final String[] streams;
  private int turn;
  private @Nullable PgConnection connection;

  RelayStore(Vertx vertx, PgSettings postgres, int slot, List<String> streams, Duration answerMax) {
    this.vertx = vertx;
    // Statements look a few streams up by index; without statistics the planner would scan and
    // hash.
    this.options =
        postgres
            .forQueries("ducat-relay-" + slot, DatabaseRole.WRITER)
            .addProperty("enable_hashjoin", "off")
            .addProperty("enable_mergejoin", "off")
            .addProperty("enable_seqscan", "off")
            .addProperty("plan_cache_mode", "force_generic_plan");
    this.streams = streams.toArray(String[]::new);
    this.answerMax = answerMax;
  }

  /** The slot's streams. */
  List<String> streams() {
    return List.of(streams);
  }

  /** What is not published, as of a moment. */
  record Lag(long events, @Nullable Instant oldest) {}

  /** Starts reading what comes after these positions, each stream being first in its turn. */
  Future<List<StoredEvent>> after(Positions positions, int limit) {
    String[] turned = new String[streams.length];
    for (int i = 0; i < turned.length; i++) {
      turned[i] = streams[(i + turn) % turned.length];
    }
    turn = (turn + 1) % streams.length;
    return OutboxStore.afterPositions(open(), turned, seqs(turned, positions), limit);
  }

  /**
   * What Postgres knows about the slot's streams, its event at each of these positions included.
   */
  Map<String, Witness> witnesses(Positions receipt) {
    Map<String, Witness> witnesses = new TreeMap<>();
    for (Row row :
        Await.result(open().preparedQuery(WITNESSES).execute(parameters(receipt)), answerMax)) {
      UUID copied = row.getUUID(3);
      Position copy = copied == null ? Position.START : new Position(row.getLong(2), copied);
      witnesses.put(
          row.getString(0), new Witness(row.getLong(1), copy, row.getBoolean(5), row.getUUID(4)));
    }
    if (witnesses.size() != streams.length) {
      throw new RelayStopped(
          "outbox.stream lacks some of the slot's " + streams.length + " streams");
    }
    return witnesses;
  }

  /** Copies published positions. */
  Future<Void> copy(Positions published, Lease lease, boolean atLeastOnce) {
    List<Map.Entry<String, Position>> begun =
        published.byStream().entrySet().stream()
            .filter(entry -> entry.getValue().seq() > 0)
            .toList();
    return open()
        .preparedQuery(COPY)
        .execute(
            Tuple.of(
                begun.stream().map(Map.Entry::getKey).toArray(String[]::new),
                begun.stream().map(entry -> entry.getValue().seq()).toArray(Long[]::new),
                begun.stream().map(entry -> entry.getValue().eventId()).toArray(UUID[]::new),
                lease.unit(),
                lease.epoch(),
                atLeastOnce))
        .mapEmpty();
  }

  /** How much waits beyond these positions. */
  Future<Lag> lag(Positions positions) {
    return open()
        .preparedQuery(LAG)
        .execute(parameters(positions))
        .map(
            rows -> {
              Row row = rows.iterator().next();
              return new Lag(
                  row.getLong(0),
                  Optional.ofNullable(row.getOffsetDateTime(1))
                      .map(time -> time.toInstant())
                      .orElse(null));
            });
  }

  /** Closes the connection; the next question opens another. */
  void discard() {
    PgConnection current = connection;
    connection = null;
    if (current != null) {
      try {
        current.close();
      } catch (RejectedExecutionException closed) {
        LOG.debug("Vert.x has closed the connection before its slot ended");
      }
    }
  }

  /** The parked events of the same streams, over the same connection. */
  ParkedStore parked(Lease lease) {
    return new ParkedStore(lease, this::open, List.of(streams), answerMax);
  }

  private PgConnection open() {
    PgConnection current = connection;
    if (current == null) {
      current = Await.result(PgConnection.connect(vertx, options), answerMax);
      connection = current;
    }
    return current;
  }

  private Tuple parameters(Positions positions) {
    // Tuple.of would take a trailing array for its varargs.
    return Tuple.from(new Object[] {streams, seqs(streams, positions)});
  }

  private static Long[] seqs(String[] streams, Positions positions) {
    Long[] seqs = new Long[streams.length];
    for (int i = 0; i < seqs.length; i++) {
      seqs[i] = positions.of(streams[i]).seq();
    }
    return seqs;
  }
}
