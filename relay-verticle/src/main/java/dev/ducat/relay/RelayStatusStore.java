package dev.ducat.relay;

import dev.ducat.kernel.node.Node;
import io.vertx.core.Future;
import io.vertx.sqlclient.Pool;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.Tuple;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Reads how far publication is, for people, beside the slots. */
final class RelayStatusStore {
  private static final String COPIES =
      "select s.stream, coalesce(p.seq, 0) from outbox.stream s"
          + " left join outbox.position p on p.stream = s.stream";

  private static final String STREAMS =
      """
      select s.stream, s.head, e.created_at
        from unnest($1::text[], $2::bigint[]) as p(stream, seq)
        join outbox.stream s on s.stream = p.stream
        left join lateral (select created_at from outbox.event
                            where event.stream = p.stream and event.seq = p.seq + 1 limit 1) e on true
      """;

  private final Pool pool;

  RelayStatusStore(Node node) {
    this.pool = node.queries();
  }

  /**
   * A stream.
   *
   * @param oldest when the first event beyond the position was committed; null if there is none
   */
  record Waiting(long head, @Nullable Instant oldest) {}

  /** The copied positions of all streams: a moment old, which is what a slot without owner has. */
  Future<Map<String, Long>> copies() {
    return pool.query(COPIES)
        .execute()
        .map(
            rows -> {
              Map<String, Long> copies = new TreeMap<>();
              rows.forEach(row -> copies.put(row.getString(0), row.getLong(1)));
              return copies;
            });
  }

  /** What waits beyond these positions. */
  Future<Map<String, Waiting>> beyond(Map<String, Long> positions) {
    List<String> streams = new ArrayList<>(positions.keySet());
    Long[] seqs = streams.stream().map(positions::get).toArray(Long[]::new);
    return pool.preparedQuery(STREAMS)
        .execute(Tuple.from(new Object[] {streams.toArray(String[]::new), seqs}))
        .map(
            rows -> {
              Map<String, Waiting> found = new TreeMap<>();
              for (Row row : rows) {
                OffsetDateTime oldest = row.getOffsetDateTime(2);
                found.put(
                    row.getString(0),
                    new Waiting(row.getLong(1), oldest == null ? null : oldest.toInstant()));
              }
              return found;
            });
  }
}
