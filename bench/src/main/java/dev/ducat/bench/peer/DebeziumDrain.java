package dev.ducat.bench.peer;

import dev.ducat.bench.Bounds;
import dev.ducat.bench.Contestant;
import dev.ducat.bench.Run;
import dev.ducat.bench.yardstick.Clients;
import dev.ducat.bench.yardstick.OwnDatabase;
import dev.ducat.bench.yardstick.OwnTopics;
import dev.ducat.kernel.outbox.Topics;
import dev.ducat.kernel.sql.Await;
import dev.ducat.kernel.sql.Migrations;
import dev.ducat.kernel.sql.PgSettings;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.List;

/**
 * Debezium draining a backlog of Ducat's outbox into Kafka. The backlog lies in the log behind its
 * slot, written while it was away; the clock runs from the first batch it hands over, so its start
 * costs it nothing.
 */
public final class DebeziumDrain implements Contestant {
  /** The backlog, unless the bounds ask for less. */
  public static final int BACKLOG = 500_000;

  private static final Duration ANSWER_MAX = Duration.ofMinutes(1);
  private static final Duration START_MAX = Duration.ofMinutes(1);

  private final Vertx vertx = Vertx.vertx();
  private final OwnDatabase database;
  private final String kafka;
  private final DebeziumSettings settings;
  private long written;

  /** Makes the database with Ducat's outbox in it. */
  public DebeziumDrain(PgSettings server, String kafka, DebeziumSettings settings) {
    this.database = OwnDatabase.create(vertx, server, "bench_debezium_drain");
    this.kafka = kafka;
    this.settings = settings;
    Migrations.run(database.settings());
    DebeziumOutbox.publication(database);
  }

  @Override
  public String name() {
    return "Debezium, backlog";
  }

  /** Drains one backlog; the time bound is how long it may take. */
  @Override
  public Run run(Bounds bounds) {
    int backlog = (int) Math.min(bounds.countMax(), BACKLOG);
    DebeziumOutbox.slot(database);
    database.execute(fill(written, backlog));
    written += backlog;
    try (OwnTopics topics = OwnTopics.create(kafka, List.of(Topics.PAYMENTS));
        DebeziumProcess debezium =
            DebeziumProcess.start(settings, database.settings(), kafka, topics)) {
      Duration took = debezium.awaitRelayed(backlog, START_MAX.plus(bounds.measured()));
      if (topics.records() != backlog) {
        throw new IllegalStateException(topics.records() + " records of " + backlog + " events");
      }
      return new Run(backlog, took, Clients.histogram());
    } finally {
      DebeziumOutbox.dropSlot(database);
    }
  }

  @Override
  public void close() {
    database.close();
    Await.result(vertx.close(), ANSWER_MAX);
  }

  /** Events of 350 bytes, 64 streams, 5 to a payment, in transactions of 500. */
  private static String fill(long from, int count) {
    return """
        do $$
        begin
          for batch in 0 .. (%2$d - 1) / 500 loop
            insert into outbox.event (stream, seq, event_id, topic, key, type, source, payload, version, tenant,
                                      created_at)
            select 'payment.shard.' || n / 5 %% 64, n + 1, gen_random_uuid(), 'ducat.payments.v1',
                   'pay_01m844frnje008nn' || lpad((n / 5)::text, 10, '0'), 'dev.ducat.payment.authorized.v1',
                   '/ducat/payments', decode(repeat(md5(n::text), 21) || 'abcdefabcdefabcdefabcdefabcd', 'hex'),
                   n %% 5 + 1, 'default', clock_timestamp()
              from generate_series(%1$d + batch * 500, %1$d + least((batch + 1) * 500, %2$d) - 1) n;
            commit;
          end loop;
        end $$
        """
        .formatted(from, count);
  }
}
