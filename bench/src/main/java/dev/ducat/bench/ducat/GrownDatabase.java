package dev.ducat.bench.ducat;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.ducat.kernel.outbox.Topics;
import dev.ducat.proto.internal.v1.Receipt;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.LongConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Fills an installation with payments of the past by copying those it has, many times, under other
 * ids: by SQL, while no node runs. Copies sort before the originals, as old rows do, and count as
 * published. Their events have short payloads: nobody reads them, and the disk is not endless.
 */
public final class GrownDatabase {
  private static final String TABLES =
      "(values ('payment.payment'), ('payment.saga'), ('outbox.event'), ('ledger.transfer'))";

  /** Every index that backs no constraint: built at the end, which is many times faster. */
  private static final String INDEXES =
      """
      select i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) from pg_index i
       where i.indrelid in (select name::regclass from %s as tables(name))
         and not exists (select from pg_constraint c where c.conindid = i.indexrelid)
      """
          .formatted(TABLES);

  /** More would not fit the digits that copies are told apart by. */
  public static final int COPIES_MAX = 400;

  private GrownDatabase() {}

  /**
   * Copies everything so many times.
   *
   * @param done gets the number of copies made, after each
   */
  public static void fill(Installation ducat, int copies, LongConsumer done) {
    if (copies < 1 || copies > COPIES_MAX) {
      throw new IllegalArgumentException("1 to " + COPIES_MAX + " copies, not " + copies);
    }
    try (Sql sql = Sql.open(ducat.postgres())) {
      // The guards of append-only tables are for applications; this is none.
      sql.run("set session_replication_role = replica");
      sql.run("set synchronous_commit = off");
      sql.run("set maintenance_work_mem = '512MB'");
      sql.run("create temporary table original as select stream, head from outbox.stream");
      copyTables(sql, copies, done);
      sql.run(
          "update outbox.stream s set head = s.head * %d from original o where o.stream = s.stream"
              .formatted(copies + 1));
      writeReceipts(ducat, sql);
      sql.run("vacuum (analyze)");
      sql.run("checkpoint");
    }
  }

  private static void copyTables(Sql sql, int copies, LongConsumer done) {
    List<List<String>> indexes = sql.texts(INDEXES);
    indexes.forEach(index -> sql.run("drop index " + index.get(0)));
    for (String table :
        List.of("payment.payment", "payment.saga", "outbox.event", "ledger.transfer")) {
      sql.run("create temporary table source as select * from " + table);
      List<String> columns = sql.texts(columnsOf(table)).stream().map(List::getFirst).toList();
      for (int copy = 1; copy <= copies; copy++) {
        int number = copy;
        List<String> values = columns.stream().map(column -> value(column, number)).toList();
        sql.run(
            "insert into %s (%s) select %s from source t left join original o on %s"
                .formatted(
                    table,
                    String.join(", ", columns),
                    String.join(", ", values),
                    table.equals("outbox.event") ? "o.stream = t.stream" : "false"));
        done.accept(copy);
      }
      sql.run("drop table source");
    }
    indexes.forEach(index -> sql.run(index.get(1)));
  }

  private static String columnsOf(String table) {
    return """
        select column_name from information_schema.columns
         where table_schema = split_part('%1$s', '.', 1) and table_name = split_part('%1$s', '.', 2)
         order by ordinal_position
        """
        .formatted(table);
  }

  private static String value(String column, int copy) {
    return switch (column) {
      case "payment_id", "saga_id", "event_id", "transfer_id", "hold_id", "remainder_hold_id" ->
          // The first sixteen bits of a time-ordered id are the same for years.
          "overlay(t.%s::text placing lpad(to_hex(%d), 4, '0') from 1 for 4)::uuid"
              .formatted(column, copy);
      case "key", "reference" ->
          """
          case when strpos(t.%1$s, '_') = 0 then t.%1$s
               else overlay(t.%1$s placing '00' || lpad('%2$d', 3, '0') from strpos(t.%1$s, '_') + 1 for 5) end
          """
              .formatted(column, copy);
      case "idempotency_key" -> "t.idempotency_key || 'x%d'".formatted(copy);
      case "seq" -> "t.seq + o.head * " + copy;
      case "payload" -> "substring(t.payload from 1 for 16)";
      default -> "t." + column;
    };
  }

  /** Says to every slot of the relay that the copies are published. */
  private static void writeReceipts(Installation ducat, Sql sql) {
    Map<String, long[]> heads = new HashMap<>();
    for (List<String> row : lastEvents(sql)) {
      UUID id = UUID.fromString(row.get(2));
      heads.put(
          row.get(0),
          new long[] {
            Long.parseLong(row.get(1)), id.getMostSignificantBits(), id.getLeastSignificantBits()
          });
    }
    try (Publication publication = new Publication(ducat);
        KafkaProducer<byte[], byte[]> producer =
            new KafkaProducer<>(
                Map.of("bootstrap.servers", ducat.kafka()),
                new ByteArraySerializer(),
                new ByteArraySerializer())) {
      for (var receipt : publication.lastReceipts().entrySet()) {
        var unused =
            producer.send(
                new ProducerRecord<>(
                    Topics.RELAY_POSITIONS,
                    receipt.getKey(),
                    receipt.getValue().key(),
                    moved(receipt.getValue().value(), heads).toByteArray()));
      }
      producer.flush();
    }
  }

  private static List<List<String>> lastEvents(Sql sql) {
    return sql.texts(
        """
        select s.stream, s.head, e.event_id
          from outbox.stream s join outbox.event e on e.stream = s.stream and e.seq = s.head
        """);
  }

  private static Receipt moved(byte[] receipt, Map<String, long[]> heads) {
    try {
      Receipt.Builder moved = Receipt.parseFrom(receipt).toBuilder();
      moved
          .getPositionsBuilderList()
          .forEach(
              position -> {
                long[] head = heads.get(position.getStream());
                if (head != null) {
                  position.setSeq(head[0]).setEventId(bytes(head[1], head[2]));
                }
              });
      return moved.build();
    } catch (InvalidProtocolBufferException broken) {
      throw new IllegalStateException("a receipt cannot be read", broken);
    }
  }

  private static ByteString bytes(long high, long low) {
    return ByteString.copyFrom(ByteBuffer.allocate(16).putLong(high).putLong(low).flip());
  }
}
