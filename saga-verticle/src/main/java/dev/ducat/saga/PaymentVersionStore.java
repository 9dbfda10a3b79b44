package dev.ducat.saga;

import io.vertx.core.Future;
import io.vertx.sqlclient.Pool;
import io.vertx.sqlclient.Tuple;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** Which shards have unfinished sagas that only some definition versions can go on with. */
final class PaymentVersionStore {
  /**
   * For each shard a look into each gap between known versions, by the index alone. The limits keep
   * the planner from joining, which would read every saga under way.
   */
  static final String BEYOND =
      """
      select u.shard from generate_series(0, $1::int - 1) as u(shard)
       cross join lateral (
         select 1 from unnest($2::int[], $3::int[]) as gap(above, below)
          cross join lateral (
            select 1 from payment.saga s
             where s.shard = u.shard and not s.finished
               and s.definition_version > gap.above and s.definition_version < gap.below
             limit 1) as needed
          limit 1) as beyond
      """;

  private final Pool pool;
  private final int shards;

  PaymentVersionStore(Pool pool, int shards) {
    this.pool = pool;
    this.shards = shards;
  }

  /** Shards with unfinished sagas of a version that is not among {@code known}. */
  Future<Set<Integer>> beyond(Set<Integer> known) {
    List<Integer> above = new ArrayList<>();
    List<Integer> below = new ArrayList<>();
    int last = 0;
    for (int version : new TreeSet<>(known)) {
      if (version > last + 1) {
        above.add(last);
        below.add(version);
      }
      last = version;
    }
    above.add(last);
    below.add(Integer.MAX_VALUE);
    return pool.preparedQuery(BEYOND)
        .execute(
            Tuple.from(
                new Object[] {
                  shards, above.toArray(Integer[]::new), below.toArray(Integer[]::new)
                }))
        .map(
            rows -> {
              Set<Integer> beyond = new HashSet<>();
              rows.forEach(row -> beyond.add(row.getInteger(0)));
              return beyond;
            });
  }
}
