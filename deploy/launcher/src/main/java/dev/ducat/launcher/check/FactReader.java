package dev.ducat.launcher.check;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.ducat.kernel.id.IdKind;
import dev.ducat.kernel.outbox.Topics;
import dev.ducat.kernel.sql.PgSettings;
import dev.ducat.launcher.check.Facts.Account;
import dev.ducat.launcher.check.Facts.Counters;
import dev.ducat.launcher.check.Facts.KafkaRecord;
import dev.ducat.launcher.check.Facts.OutboxRow;
import dev.ducat.launcher.check.Facts.PaymentRow;
import dev.ducat.launcher.check.Facts.RefundRow;
import dev.ducat.launcher.check.Facts.SagaRow;
import dev.ducat.launcher.check.Facts.Transfer;
import dev.ducat.launcher.events.EventDecoder;
import dev.ducat.launcher.events.EventReader;
import dev.ducat.proto.events.v1.PaymentEvent;
import dev.ducat.proto.payments.v1.Payment;
import dev.ducat.saga.connector.SimulatorJournal;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

/** Reads the facts, by plain SQL and a consumer of its own. */
final class FactReader {
  private static final List<String> TOPICS = List.of(Topics.PAYMENTS, Topics.LEDGER, Topics.AUDIT);

  private FactReader() {}

  private interface RowReader<T> {
    T read(ResultSet row) throws SQLException;
  }

  /** Reads the tables in one snapshot, then Kafka and the journal, which can only have more. */
  static Facts read(PgSettings postgres, String bootstrap, Path journal) {
    try (Connection connection = Database.open(postgres)) {
      connection.setReadOnly(true);
      connection.setAutoCommit(false);
      connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
      return new Facts(
          query(connection, PAYMENTS, FactReader::payment),
          query(connection, SAGAS, FactReader::saga),
          query(connection, REFUNDS, FactReader::refund),
          query(connection, ACCOUNTS, FactReader::account),
          query(connection, TRANSFERS, FactReader::transfer),
          query(connection, OUTBOX, FactReader::event),
          records(bootstrap),
          SimulatorJournal.read(journal).entries());
    } catch (SQLException away) {
      throw Database.away(away);
    }
  }

  private static final String PAYMENTS =
      """
      select payment_id, tenant, state, resting, currency, amount, amount_authorized, amount_captured,
             amount_refunded, pending_capture, pending_refund, merchant_account, payment_method, connector,
             idempotency_key, failure_code, version
        from payment.payment
      """;

  private static PaymentRow payment(ResultSet row) throws SQLException {
    return new PaymentRow(
        text(IdKind.PAYMENT, row, "payment_id"),
        row.getString("tenant"),
        row.getString("state"),
        row.getBoolean("resting"),
        row.getString("currency"),
        row.getLong("amount"),
        row.getLong("amount_authorized"),
        row.getLong("amount_captured"),
        row.getLong("amount_refunded"),
        row.getLong("pending_capture"),
        row.getLong("pending_refund"),
        row.getString("merchant_account"),
        row.getString("payment_method"),
        row.getString("connector"),
        row.getString("idempotency_key"),
        row.getString("failure_code"),
        row.getLong("version"));
  }

  private static final String SAGAS =
      """
      select saga_id, payment_id, tenant, method, idempotency_key, kind, phase, state, finished, create_time
        from payment.saga
      """;

  private static SagaRow saga(ResultSet row) throws SQLException {
    return new SagaRow(
        text(IdKind.SAGA, row, "saga_id"),
        text(IdKind.PAYMENT, row, "payment_id"),
        row.getString("tenant"),
        row.getString("method"),
        row.getString("idempotency_key"),
        row.getString("kind"),
        row.getString("phase"),
        row.getString("state"),
        row.getBoolean("finished"),
        row.getTimestamp("create_time").toInstant());
  }

  private static final String REFUNDS =
      "select refund_id, payment_id, state, amount from payment.refund";

  private static RefundRow refund(ResultSet row) throws SQLException {
    return new RefundRow(
        text(IdKind.REFUND, row, "refund_id"),
        text(IdKind.PAYMENT, row, "payment_id"),
        row.getString("state"),
        row.getLong("amount"));
  }

  private static final String ACCOUNTS =
      """
      select account_id, tenant, name, currency, balance_limit, debits_posted, credits_posted,
             debits_pending, credits_pending, version
        from ledger.account
      """;

  private static Account account(ResultSet row) throws SQLException {
    return new Account(
        text(IdKind.ACCOUNT, row, "account_id"),
        row.getString("tenant"),
        row.getString("name"),
        row.getString("currency"),
        row.getInt("balance_limit"),
        counters(row, ""),
        row.getLong("version"));
  }

  private static final String TRANSFERS =
      """
      select transfer_id, tenant, kind, debit_account, credit_account, amount, currency, hold_id,
             keep_remainder, remainder_hold_id, reference,
             debit_debits_posted, debit_credits_posted, debit_debits_pending, debit_credits_pending,
             debit_version,
             credit_debits_posted, credit_credits_posted, credit_debits_pending, credit_credits_pending,
             credit_version
        from ledger.transfer order by tenant, booked_at
      """;

  private static Transfer transfer(ResultSet row) throws SQLException {
    return new Transfer(
        text(IdKind.TRANSFER, row, "transfer_id"),
        row.getString("tenant"),
        row.getInt("kind"),
        text(IdKind.ACCOUNT, row, "debit_account"),
        text(IdKind.ACCOUNT, row, "credit_account"),
        row.getLong("amount"),
        row.getString("currency"),
        textOrNull(IdKind.TRANSFER, row, "hold_id"),
        row.getBoolean("keep_remainder"),
        textOrNull(IdKind.TRANSFER, row, "remainder_hold_id"),
        row.getString("reference"),
        counters(row, "debit_"),
        row.getLong("debit_version"),
        counters(row, "credit_"),
        row.getLong("credit_version"));
  }

  private static Counters counters(ResultSet row, String prefix) throws SQLException {
    return new Counters(
        row.getLong(prefix + "debits_posted"),
        row.getLong(prefix + "credits_posted"),
        row.getLong(prefix + "debits_pending"),
        row.getLong(prefix + "credits_pending"));
  }

  private static final String OUTBOX =
      """
      select stream, seq, event_id, topic, key, type, version, created_at, payload from outbox.event
      """;

  private static OutboxRow event(ResultSet row) throws SQLException {
    String topic = row.getString("topic");
    return new OutboxRow(
        row.getString("stream"),
        row.getLong("seq"),
        text(IdKind.EVENT, row, "event_id"),
        topic,
        row.getString("key"),
        row.getString("type"),
        row.getLong("version"),
        row.getTimestamp("created_at").toInstant(),
        topic.equals(Topics.PAYMENTS) ? snapshot(row.getBytes("payload")) : null);
  }

  private static List<KafkaRecord> records(String bootstrap) {
    try (EventReader reader = EventReader.open(bootstrap, TOPICS, true)) {
      return reader.drain().stream().map(FactReader::record).toList();
    }
  }

  private static KafkaRecord record(ConsumerRecord<String, byte[]> record) {
    String version = EventDecoder.header(record, "version");
    return new KafkaRecord(
        record.topic(),
        record.partition(),
        record.offset(),
        EventDecoder.header(record, "ce_id"),
        record.key(),
        EventDecoder.header(record, "ce_type"),
        version.isEmpty() ? 0 : Long.parseLong(version),
        record.topic().equals(Topics.PAYMENTS) ? snapshot(record.value()) : null);
  }

  private static Payment snapshot(byte[] payload) {
    try {
      return PaymentEvent.parseFrom(payload).getPayment();
    } catch (InvalidProtocolBufferException broken) {
      throw new IllegalArgumentException("a payment's event is not readable", broken);
    }
  }

  private static <T> List<T> query(Connection connection, String sql, RowReader<T> reader)
      throws SQLException {
    List<T> rows = new ArrayList<>();
    try (Statement statement = connection.createStatement()) {
      statement.setFetchSize(5_000);
      try (ResultSet result = statement.executeQuery(sql)) {
        while (result.next()) {
          rows.add(reader.read(result));
        }
      }
    }
    return rows;
  }

  private static String text(IdKind kind, ResultSet row, String column) throws SQLException {
    return kind.text(row.getObject(column, UUID.class));
  }

  private static @Nullable String textOrNull(IdKind kind, ResultSet row, String column)
      throws SQLException {
    UUID id = row.getObject(column, UUID.class);
    return id == null ? null : kind.text(id);
  }
}
