package dev.ducat.bench.peer;

import dev.ducat.bench.yardstick.OwnDatabase;

/** What Debezium needs in a database to read Ducat's outbox. */
final class DebeziumOutbox {
  private DebeziumOutbox() {}

  /** The partitions publish under the name of their table. */
  static void publication(OwnDatabase database) {
    database.execute(
        "create publication %s for table outbox.event with (publish_via_partition_root = true)"
            .formatted(DebeziumSettings.PUBLICATION));
  }

  /** From here on the server keeps its log for Debezium. */
  static void slot(OwnDatabase database) {
    database.execute(
        "select pg_create_logical_replication_slot('%s', 'pgoutput')"
            .formatted(DebeziumSettings.SLOT));
  }

  /** A slot that is left behind would keep the server's log for ever. */
  static void dropSlot(OwnDatabase database) {
    database.execute("select pg_drop_replication_slot('%s')".formatted(DebeziumSettings.SLOT));
  }
}
