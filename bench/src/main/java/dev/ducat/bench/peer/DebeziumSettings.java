package dev.ducat.bench.peer;

import dev.ducat.kernel.sql.PgSettings;
import java.time.Duration;
import java.util.Properties;

/**
 * How Debezium is set up.
 *
 * @param pollInterval how long it sleeps when its queue is empty
 * @param batchMax events it hands over at once
 * @param queueMax events it holds between reading and handing over
 * @param threads that route events; 0 for as many as there are processors
 */
public record DebeziumSettings(Duration pollInterval, int batchMax, int queueMax, int threads) {
  /** For draining a backlog: the best that was measured. */
  public static final DebeziumSettings DRAIN =
      new DebeziumSettings(Duration.ofMillis(5), 8_192, 65_536, 0);

  /** For low latency: the best that was measured. */
  public static final DebeziumSettings LATENCY =
      new DebeziumSettings(Duration.ofMillis(1), 2_048, 8_192, 0);

  static final String SLOT = "bench_debezium";
  static final String PUBLICATION = "bench_debezium";

  /** The connector on Ducat's outbox, with the outbox event router. */
  Properties properties(PgSettings database) {
    Properties all = new Properties();
    all.setProperty("name", "bench");
    all.setProperty("topic.prefix", "bench");
    all.setProperty("connector.class", "io.debezium.connector.postgresql.PostgresConnector");
    all.setProperty("database.hostname", database.host());
    all.setProperty("database.port", Integer.toString(database.port()));
    all.setProperty("database.dbname", database.database());
    all.setProperty("database.user", database.user());
    all.setProperty("database.password", database.password() == null ? "" : database.password());
    all.setProperty("plugin.name", "pgoutput");
    all.setProperty("slot.name", SLOT);
    all.setProperty("publication.name", PUBLICATION);
    all.setProperty("publication.autocreate.mode", "disabled");
    all.setProperty("table.include.list", "outbox.event");
    all.setProperty("snapshot.mode", "no_data");
    all.setProperty("provide.transaction.metadata", "false");
    all.setProperty("poll.interval.ms", Long.toString(pollInterval.toMillis()));
    all.setProperty("max.batch.size", Integer.toString(batchMax));
    all.setProperty("max.queue.size", Integer.toString(queueMax));
    all.setProperty("record.processing.order", "ORDERED");
    if (threads > 0) {
      all.setProperty("record.processing.threads", Integer.toString(threads));
    }
    // How far it is, Postgres knows by the slot.
    all.setProperty("offset.storage", "org.apache.kafka.connect.storage.MemoryOffsetBackingStore");
    all.setProperty("offset.flush.interval.ms", "1000");
    all.setProperty("transforms", "outbox");
    router(all, "type", "io.debezium.transforms.outbox.EventRouter");
    router(all, "table.field.event.id", "event_id");
    router(all, "table.field.event.key", "key");
    router(all, "table.field.event.payload", "payload");
    router(all, "route.by.field", "topic");
    router(all, "route.topic.replacement", "${routedByValue}");
    router(
        all,
        "table.fields.additional.placement",
        "type:header:ce_type,source:header:ce_source,created_at:header:ce_time,key:header:ce_subject,"
            + "tenant:header:tenant,version:header:version,stream:header:stream,seq:header:seq");
    return all;
  }

  private static void router(Properties all, String name, String value) {
    all.setProperty("transforms.outbox." + name, value);
  }
}
