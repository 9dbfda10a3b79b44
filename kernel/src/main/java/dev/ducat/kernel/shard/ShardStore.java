package dev.ducat.kernel.shard;

import dev.ducat.kernel.shard.Peers.Peer;
import io.vertx.core.Future;
import io.vertx.sqlclient.Pool;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/**
 * The SQL of schema shard. Every change is a compare-and-set, so a statement that runs late changes
 * nothing.
 */
final class ShardStore {
  /** A claimed unit and its new epoch. */
  record Claimed(int unit, long epoch) {}

  /** Who owns a unit, by the database. */
  record Ownership(UUID owner, long epoch) {}

  private final Pool pool;
  private final Duration ttl;

  ShardStore(Pool pool, Duration ttl) {
    this.pool = pool;
    this.ttl = ttl;
  }

  /** How many units are installed; makes {@code units} of them on an empty database. */
  Future<Integer> install(UnitKind kind, int units) {
    return pool.preparedQuery("select shard.install($1::text, $2::int, true)")
        .execute(Tuple.of(kind.text(), units))
        .map(rows -> rows.iterator().next().getInteger(0));
  }

  /** False when another live process has this node id. */
  Future<Boolean> heartbeat(
      String nodeId, UUID owner, Collection<UnitKind> kinds, Integer[] versions) {
    String[] names = kinds.stream().map(UnitKind::text).toArray(String[]::new);
    return pool.preparedQuery(
            "select shard.heartbeat($1::text, $2::uuid, $3::text[], $4::int[], make_interval(secs => $5::float8))")
        .execute(Tuple.of(nodeId, owner, names, versions, seconds()))
        .map(rows -> rows.iterator().next().getBoolean(0));
  }

  /**
   * Removes this process from the live nodes, so that the others need not wait for its row to
   * expire.
   */
  Future<Void> depart(UUID owner) {
    return pool.preparedQuery("delete from shard.node where owner = $1::uuid")
        .execute(Tuple.of(owner))
        .mapEmpty();
  }

  /** The live nodes that serve each kind. */
  Future<Map<UnitKind, Peers>> liveNodes() {
    return pool.preparedQuery(
            "select owner, kinds, definition_versions from shard.node"
                + " where expires_at > clock_timestamp() order by node_id")
        .execute()
        .map(ShardStore::byKind);
  }

  private static Map<UnitKind, Peers> byKind(RowSet<Row> rows) {
    Map<UnitKind, List<Peer>> nodes = new HashMap<>();
    for (Row row : rows) {
      List<String> kinds = List.of(row.getArrayOfStrings(1));
      for (UnitKind kind : UnitKind.values()) {
        if (kinds.contains(kind.text())) {
          nodes
              .computeIfAbsent(kind, none -> new ArrayList<>())
              .add(new Peer(row.getUUID(0), Set.of(row.getArrayOfIntegers(2))));
        }
      }
    }
    Map<UnitKind, Peers> peers = new HashMap<>();
    nodes.forEach((kind, serving) -> peers.put(kind, new Peers(serving)));
    return peers;
  }

  /** Up to {@code limit} units that nobody holds, of those given. */
  Future<List<Claimed>> claim(UnitKind kind, UUID owner, int limit, Collection<Integer> among) {
    return pool.preparedQuery(
            "select unit, epoch from shard.claim($1::text, $2::uuid, $3::int,"
                + " make_interval(secs => $4::float8), $5::int[])")
        .execute(Tuple.of(kind.text(), owner, limit, seconds(), among.toArray(Integer[]::new)))
        .map(
            rows -> {
              List<Claimed> claimed = new ArrayList<>();
              rows.forEach(row -> claimed.add(new Claimed(row.getInteger(0), row.getLong(1))));
              return claimed;
            });
  }

  /**
   * The units among those given that were still ours at these epochs, and now are for another lease
   * time.
   */
  Future<Set<Integer>> renew(UnitKind kind, UUID owner, Integer[] units, Long[] epochs) {
    return pool.preparedQuery(
            "select unit from shard.renew($1::text, $2::uuid, $3::int[], $4::bigint[],"
                + " make_interval(secs => $5::float8))")
        .execute(Tuple.of(kind.text(), owner, units, epochs, seconds()))
        .map(
            rows -> {
              Set<Integer> renewed = new HashSet<>();
              rows.forEach(row -> renewed.add(row.getInteger(0)));
              return renewed;
            });
  }

  /** The raised epoch; empty when the unit was not ours at {@code epoch}. */
  Future<Optional<Long>> raise(UnitKind kind, int unit, UUID owner, long epoch) {
    return pool.preparedQuery(
            "select epoch from shard.raise($1::text, $2::int, $3::uuid, $4::bigint,"
                + " make_interval(secs => $5::float8))")
        .execute(Tuple.of(kind.text(), unit, owner, epoch, seconds()))
        .map(
            rows ->
                rows.size() == 0
                    ? Optional.empty()
                    : Optional.of(rows.iterator().next().getLong(0)));
  }

  Future<Optional<Ownership>> ownership(UnitKind kind, int unit) {
    return pool.preparedQuery(
            "select owner, epoch from shard.lease where kind = $1::text and unit = $2::int and owner is not null")
        .execute(Tuple.of(kind.text(), unit))
        .map(
            rows -> {
              if (rows.size() == 0) {
                return Optional.empty();
              }
              Row row = rows.iterator().next();
              return Optional.of(new Ownership(row.getUUID(0), row.getLong(1)));
            });
  }

  /** The live process that holds a unit; its name is empty where the process is gone. */
  Future<Optional<Leases.Owner>> holder(UnitKind kind, int unit) {
    return pool.preparedQuery(
            "select coalesce(n.node_id, ''), l.epoch"
                + " from shard.lease l left join shard.node n on n.owner = l.owner"
                + " where l.kind = $1::text and l.unit = $2::int and l.expires_at > clock_timestamp()")
        .execute(Tuple.of(kind.text(), unit))
        .map(
            rows -> {
              for (Row row : rows) {
                return Optional.of(new Leases.Owner(row.getString(0), row.getLong(1)));
              }
              return Optional.empty();
            });
  }

  Future<Void> release(UnitKind kind, int unit, UUID owner, long epoch) {
    return pool.preparedQuery("select shard.release($1::text, $2::int, $3::uuid, $4::bigint)")
        .execute(Tuple.of(kind.text(), unit, owner, epoch))
        .mapEmpty();
  }

  private double seconds() {
    return ttl.toMillis() / 1000.0;
  }
}
