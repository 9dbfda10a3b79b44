package dev.ducat.relay;

import dev.ducat.kernel.outbox.OutboxEvent;
import dev.ducat.kernel.outbox.OutboxStore;
import dev.ducat.kernel.outbox.StoredEvent;
import dev.ducat.kernel.shard.Lease;
import dev.ducat.kernel.sql.Await;
import dev.ducat.kernel.sql.SqlStatement;
import dev.ducat.proto.operations.v1.DeadEvent;
import io.vertx.pgclient.PgConnection;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Supplier;

/**
 * The parked events of one slot, as its owner sees and writes them. Nothing of them is kept in
 * memory: they are few, or somebody has taken the whole topic away and they are very many.
 */
final class ParkedStore {
  private static final String STANDING =
      "select count(*), coalesce(bool_or(redrive_asked_at is not null), false) from outbox.parked"
          + " where stream = any($1::text[]) and redriven_at is null";

  // An event is held when it is parked already, by an owner that did not live to pass it, or when
  // its key has an order and something parked.
  private static final String HELD =
      """
      select e.stream, e.seq, p.seq is not null, coalesce(k.asked, false)
        from unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::bigint[])
             as e(stream, seq, topic, key, version)
        left join outbox.parked p on p.stream = e.stream and p.seq = e.seq
        left join lateral (
          select count(*) as events, bool_or(o.redrive_asked_at is not null) as asked from outbox.parked o
           where o.topic = e.topic and o.key = e.key and o.version > 0 and o.redriven_at is null) k
          on e.version > 0
       where p.seq is not null or k.events > 0
      """;

  private static final String PARK =
      """
      insert into outbox.parked (stream, seq, event_id, topic, key, version, type, tenant, occurred_at,
                                 cause, error, redrive_asked_at)
      values ($1::text, $2::bigint, $3::uuid, $4::text, $5::text, $6::bigint, $7::text, $8::text, $9::timestamptz,
              $10::text, $11::text, case when $12::boolean then clock_timestamp() end)
      on conflict (stream, seq) do nothing
      """;

  private static final String REDRIVABLE =
      """
      select d.stream, d.seq
        from unnest($1::text[], $2::bigint[]) as p(stream, seq)
        cross join lateral (select stream, seq from outbox.parked o
                             where o.stream = p.stream and o.seq <= p.seq and o.redriven_at is null
                               and o.redrive_asked_at is not null order by o.seq limit $3::int) d
       limit $3::int
      """;

  private static final String MARK =
      """
      update outbox.parked p set redriven_at = coalesce(p.redriven_at, clock_timestamp())
        from unnest($1::text[], $2::bigint[]) as d(stream, seq)
       where p.stream = d.stream and p.seq = d.seq
      """;

  private static final String REFUSE =
      "update outbox.parked set cause = 'REFUSED', error = $3::text, redrive_asked_at = null"
          + " where stream = $1::text and seq = $2::bigint";

  // Whatever of its key is left to publish, for its order; of keys without order the event alone.
  private static final String ASK =
      """
      update outbox.parked o set redrive_asked_at = case when $2::boolean then clock_timestamp() end
        from outbox.parked p
       where p.event_id = $1::uuid and o.redriven_at is null
         and (o.event_id = p.event_id
              or p.version > 0 and o.version > 0 and o.topic = p.topic and o.key = p.key)
      """;

  private final Supplier<PgConnection> connection;
  private final SlotStreamStore log;
  private final String[] streams;
  private final Duration answerMax;

  ParkedStore(
      Lease lease, Supplier<PgConnection> connection, List<String> streams, Duration answerMax) {
    this.connection = connection;
    this.log = new SlotStreamStore(lease, connection, answerMax);
    this.streams = streams.toArray(String[]::new);
    this.answerMax = answerMax;
  }

  /**
   * How many events of the slot are parked.
   *
   * @param asked whether somebody wants some of them published
   */
  record Standing(long open, boolean asked) {}

  /**
   * Why an event is not sent.
   *
   * @param parked whether it has its row
   * @param asked whether the events before it are about to be published
   */
  record Held(boolean parked, boolean asked) {}

  Standing standing() {
    Row row = run(new SqlStatement(STANDING, Tuple.from(new Object[] {streams}))).iterator().next();
    return new Standing(row.getLong(0), row.getBoolean(1));
  }

  /** Those of these events that are not to be sent. */
  Map<Place, Held> held(List<StoredEvent> events) {
    int count = events.size();
    String[] names = new String[count];
    Long[] seqs = new Long[count];
    String[] topics = new String[count];
    String[] keys = new String[count];
    Long[] versions = new Long[count];
    for (int i = 0; i < count; i++) {
      StoredEvent event = events.get(i);
      names[i] = event.stream();
      seqs[i] = event.seq();
      topics[i] = event.event().topic();
      keys[i] = event.event().key();
      versions[i] = event.event().version();
    }
    Map<Place, Held> held = new HashMap<>();
    for (Row row : run(new SqlStatement(HELD, Tuple.of(names, seqs, topics, keys, versions)))) {
      held.put(
          new Place(row.getString(0), row.getLong(1)),
          new Held(row.getBoolean(2), row.getBoolean(3)));
    }
    return held;
  }

  /** Parks refused events, each with what Kafka said. */
  void parkRefused(List<StoredEvent> events, String error) {
    List<SqlStatement> rows = new ArrayList<>();
    List<String> behind = new ArrayList<>();
    for (StoredEvent event : events) {
      OutboxEvent known = event.event();
      String key = known.topic() + " " + known.key();
      boolean first = known.version() == 0 || !behind.contains(key);
      rows.add(row(event, first ? "REFUSED" : "WAITS_BEHIND", first ? error : "", false));
      if (known.version() > 0) {
        behind.add(key);
      }
    }
    log.commit(rows, List.of());
  }

  /** Parks events because of earlier ones of their keys. */
  void parkBehind(List<StoredEvent> events, Map<Place, Held> why) {
    List<SqlStatement> rows = new ArrayList<>();
    for (StoredEvent event : events) {
      Held held = why.get(Place.of(event));
      rows.add(row(event, "WAITS_BEHIND", "", held != null && held.asked()));
    }
    log.commit(rows, List.of());
  }

  /** What is to be published after all, of what was passed: in order within each stream. */
  List<StoredEvent> redrivable(Positions passed, int limit) {
    Long[] seqs = new Long[streams.length];
    for (int i = 0; i < seqs.length; i++) {
      seqs[i] = passed.of(streams[i]).seq();
    }
    List<Place> places = new ArrayList<>();
    run(new SqlStatement(REDRIVABLE, Tuple.of(streams, seqs, limit)))
        .forEach(row -> places.add(new Place(row.getString(0), row.getLong(1))));
    if (places.isEmpty()) {
      return List.of();
    }
    List<StoredEvent> events =
        Await.result(
            OutboxStore.at(connection.get(), Place.streams(places), Place.seqs(places)), answerMax);
    if (events.size() != places.size()) {
      throw new RelayStopped("the outbox has lost a parked event, among " + places);
    }
    return events;
  }

  /**
   * Notes that parked events are published. Those that are marked already stay so.
   *
   * @throws RelayStopped when one of them was never parked, by what Postgres knows
   */
  void markRedriven(List<Place> places) {
    SqlStatement mark =
        new SqlStatement(MARK, Tuple.of(Place.streams(places), (Object) Place.seqs(places)));
    if (log.commit(List.of(mark), List.of()).getFirst() != places.size()) {
      throw new RelayStopped(
          "Kafka's receipt says that parked events were published which are not parked: " + places);
    }
  }

  /** Kafka refused it again: it and those behind it wait for the next wish. */
  void refuseAgain(StoredEvent event, String error) {
    log.commit(
        List.of(
            new SqlStatement(ASK, Tuple.of(event.event().eventId(), false)),
            new SqlStatement(REFUSE, Tuple.of(event.stream(), event.seq(), error))),
        List.of());
  }

  /** Records that somebody wants an event published, and says so in the slot's stream. */
  void askRedrive(UUID eventId, OutboxEvent audit) {
    log.commit(List.of(new SqlStatement(ASK, Tuple.of(eventId, true))), List.of(audit));
  }

  /** A parked event as people see it. */
  Optional<DeadEvent> find(UUID eventId) {
    RowSet<Row> rows =
        run(
            new SqlStatement(
                DeadEventStore.SELECT + " where event_id = $1::uuid" + " and redriven_at is null",
                Tuple.of(eventId)));
    return rows.size() == 0
        ? Optional.empty()
        : Optional.of(DeadEventStore.read(rows.iterator().next()));
  }

  private static SqlStatement row(StoredEvent stored, String cause, String error, boolean asked) {
    OutboxEvent event = stored.event();
    return new SqlStatement(
        PARK,
        Tuple.from(
            new Object[] {
              stored.stream(),
              stored.seq(),
              event.eventId(),
              event.topic(),
              event.key(),
              event.version(),
              event.type(),
              event.tenant(),
              event.createdAt().atOffset(ZoneOffset.UTC),
              cause,
              error,
              asked
            }));
  }

  private RowSet<Row> run(SqlStatement statement) {
    return Await.result(
        connection.get().preparedQuery(statement.text()).execute(statement.parameters()),
        answerMax);
  }
}
