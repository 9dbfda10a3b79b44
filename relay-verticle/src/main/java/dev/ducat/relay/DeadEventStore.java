package dev.ducat.relay;

import com.google.protobuf.Timestamp;
import dev.ducat.kernel.id.IdKind;
import dev.ducat.kernel.node.Node;
import dev.ducat.proto.operations.v1.DeadEvent;
import dev.ducat.proto.operations.v1.DeadEventCause;
import dev.ducat.proto.operations.v1.ListDeadEventsRequest;
import dev.ducat.proto.operations.v1.ListDeadEventsResponse;
import io.vertx.core.Future;
import io.vertx.sqlclient.Pool;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.Tuple;
import java.nio.charset.StandardCharsets;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** Parked events, for people: read beside the slots. */
final class DeadEventStore {
  static final String SELECT =
      "select event_id, stream, seq, topic, key, type, tenant, version, cause, error,"
          + " redrive_asked_at is not null, occurred_at, parked_at from outbox.parked";

  private static final String LIST =
      SELECT
          + " where redriven_at is null and (stream, seq) > ($1::text, $2::bigint)"
          + " and ($3::text = '' or topic = $3::text) and ($4::text = '' or key = $4::text)"
          + " and ($5::text = '' or tenant = $5::text) order by stream, seq limit $6::int";

  private static final String STREAM =
      "select stream from outbox.parked where event_id = $1::uuid and redriven_at is null"
          + " and ($2::text = '' or tenant = $2::text)";

  private static final String COUNT =
      "select count(*) from outbox.parked where redriven_at is null";

  private static final int PAGE_MAX = 1_000;

  private final Pool pool;

  DeadEventStore(Node node) {
    this.pool = node.queries();
  }

  Future<Long> count() {
    return pool.query(COUNT).execute().map(rows -> rows.iterator().next().getLong(0));
  }

  /** The stream of a parked event. */
  Future<Optional<String>> streamOf(UUID eventId, String tenant) {
    return pool.preparedQuery(STREAM)
        .execute(Tuple.of(eventId, tenant))
        .map(
            rows ->
                rows.size() == 0
                    ? Optional.empty()
                    : Optional.of(rows.iterator().next().getString(0)));
  }

  /** A page; empty when the token is none of ours. */
  Future<Optional<ListDeadEventsResponse>> list(String tenant, ListDeadEventsRequest request) {
    Optional<Place> after =
        request.getPageToken().isEmpty()
            ? Optional.of(new Place("", 0))
            : parse(request.getPageToken());
    if (after.isEmpty()) {
      return Future.succeededFuture(Optional.empty());
    }
    int size = Math.clamp(request.getPageSize(), 1, PAGE_MAX);
    return pool.preparedQuery(LIST)
        .execute(
            Tuple.of(
                after.get().stream(),
                after.get().seq(),
                request.getTopic(),
                request.getKey(),
                tenant,
                size + 1))
        .map(
            rows -> {
              List<DeadEvent> found = new ArrayList<>();
              rows.forEach(row -> found.add(read(row)));
              ListDeadEventsResponse.Builder page =
                  ListDeadEventsResponse.newBuilder()
                      .addAllEvents(found.subList(0, Math.min(size, found.size())));
              if (found.size() > size) {
                DeadEvent last = found.get(size - 1);
                page.setNextPageToken(token(new Place(last.getStream(), last.getSeq())));
              }
              return Optional.of(page.build());
            });
  }

  /** A row of {@link #SELECT}. */
  static DeadEvent read(Row row) {
    return DeadEvent.newBuilder()
        .setEventId(IdKind.EVENT.text(row.getUUID(0)))
        .setStream(row.getString(1))
        .setSeq(row.getLong(2))
        .setTopic(row.getString(3))
        .setKey(row.getString(4))
        .setType(row.getString(5))
        .setTenant(row.getString(6))
        .setVersion(row.getLong(7))
        .setCause(DeadEventCause.valueOf("DEAD_EVENT_CAUSE_" + row.getString(8)))
        .setError(row.getString(9))
        .setRedrivePending(row.getBoolean(10))
        .setOccurTime(time(row.getOffsetDateTime(11)))
        .setParkTime(time(row.getOffsetDateTime(12)))
        .build();
  }

  private static Timestamp time(OffsetDateTime time) {
    return Timestamp.newBuilder().setSeconds(time.toEpochSecond()).setNanos(time.getNano()).build();
  }

  private static String token(Place place) {
    return Base64.getUrlEncoder()
        .withoutPadding()
        .encodeToString((place.seq() + " " + place.stream()).getBytes(StandardCharsets.UTF_8));
  }

  private static Optional<Place> parse(String token) {
    try {
      String text = new String(Base64.getUrlDecoder().decode(token), StandardCharsets.UTF_8);
      int space = text.indexOf(' ');
      return space < 0 || text.indexOf('\0') >= 0
          ? Optional.empty()
          : Optional.of(
              new Place(text.substring(space + 1), Long.parseLong(text.substring(0, space))));
    } catch (IllegalArgumentException foreign) {
      return Optional.empty();
    }
  }
}
