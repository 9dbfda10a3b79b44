package dev.ducat.bench.peer;

import dev.ducat.bench.Bounds;
import dev.ducat.bench.Contestant;
import dev.ducat.bench.Run;
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
 * How long an event takes from its commit to a read_committed consumer, through Debezium, while as
 * many events are written as 1,000 payments make in a second.
 */
public final class DebeziumLatency implements Contestant {
  private static final int PAYMENTS_PER_SECOND = 1_000;
  private static final Duration ANSWER_MAX = Duration.ofMinutes(1);
  private static final Duration START_MAX = Duration.ofMinutes(1);

  private final Vertx vertx = Vertx.vertx();
  private final OwnDatabase database;
  private final String kafka;
  private final DebeziumSettings settings;
  private long written;

  /** Makes the database with Ducat's outbox in it. */
  public DebeziumLatency(PgSettings server, String kafka, DebeziumSettings settings) {
    this.database = OwnDatabase.create(vertx, server, "bench_debezium_latency");
    this.kafka = kafka;
    this.settings = settings;
    Migrations.run(database.settings());
    DebeziumOutbox.publication(database);
  }

  @Override
  public String name() {
    return "Debezium, commit to visible at 1,000 payments/s";
  }

  @Override
  public Run run(Bounds bounds) {
    DebeziumOutbox.slot(database);
    try (OwnTopics topics = OwnTopics.create(kafka, List.of(Topics.PAYMENTS));
        DebeziumProcess debezium =
            DebeziumProcess.start(settings, database.settings(), kafka, topics)) {
      debezium.awaitStreaming(START_MAX);
      CommitToVisible meter =
          new CommitToVisible(
              vertx, database, kafka, topics.named(Topics.PAYMENTS), PAYMENTS_PER_SECOND);
      Run run = meter.run(bounds, written);
      written += meter.written();
      return run;
    } finally {
      DebeziumOutbox.dropSlot(database);
    }
  }

  @Override
  public void close() {
    database.close();
    Await.result(vertx.close(), ANSWER_MAX);
  }
}
