package dev.ducat.launcher.check;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.ducat.kernel.outbox.Topics;
import dev.ducat.launcher.client.CallFailure;
import dev.ducat.launcher.config.NodeConfig.Services;
import dev.ducat.launcher.events.EventReader;
import dev.ducat.proto.payments.v1.CancelPaymentRequest;
import dev.ducat.proto.payments.v1.CaptureMode;
import dev.ducat.proto.payments.v1.CreatePaymentRequest;
import dev.ducat.proto.payments.v1.Payment;
import dev.ducat.proto.payments.v1.PaymentServiceGrpcClient;
import io.lettuce.core.RedisClient;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.sync.RedisCommands;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/**
 * A card number that somebody sends by mistake is refused, and is nowhere afterwards: not in the
 * database, in Redis, in Kafka, at the PSP or in the log. What may be there is found there, so the
 * search is able to find.
 */
final class CardNumberScenarioTest {
  private static final List<String> CARD = List.of("4111 1111 1111 1111", "4111111111111111");
  private static final String HARMLESS = "harmless-needle-4711";

  @Test
  void isRefusedAndNowhereToBeFound(@TempDir Path data) throws SQLException, IOException {
    Logger ours = (Logger) LoggerFactory.getLogger("dev.ducat");
    Logger root = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
    Level before = ours.getLevel();
    ListAppender<ILoggingEvent> log = new ListAppender<>();
    log.start();
    root.addAppender(log);
    ours.setLevel(Level.TRACE);
    try (ScenarioHouse house = ScenarioHouse.start(data, Map.of())) {
      Payment open =
          house.pay(
              house
                  .request("sim_ok")
                  .setIdempotencyKey(HARMLESS)
                  .setReference(HARMLESS)
                  .setCaptureMode(CaptureMode.CAPTURE_MODE_MANUAL));
      for (String card : CARD) {
        refused(house, open, card);
      }
      house.everyInvariantHolds();
      LoggerFactory.getLogger("dev.ducat.control").debug("{}", HARMLESS);

      assertThat(places(house, log, HARMLESS)).contains("Postgres", "Redis", "Kafka", "the log");
      for (String card : CARD) {
        assertThat(places(house, log, card)).as(card).isEmpty();
      }
    } finally {
      ours.setLevel(before);
      root.detachAppender(log);
    }
  }

  private static void refused(ScenarioHouse house, Payment open, String card) {
    List<CreatePaymentRequest.Builder> requests =
        List.of(
            house.request(card),
            house.request("sim_ok").setReference("order " + card),
            house.request("sim_ok").setDescription("paid with " + card + ", thanks"),
            house.request("sim_ok").putMetadata("note", card),
            house.request("sim_ok").setIdempotencyKey(card));
    List<CallFailure> failures = new ArrayList<>();
    for (CreatePaymentRequest.Builder request : requests) {
      failures.add(house.refused(PaymentServiceGrpcClient.CreatePayment, request.build()));
    }
    failures.add(
        house.refused(
            PaymentServiceGrpcClient.CancelPayment,
            CancelPaymentRequest.newBuilder()
                .setPaymentId(open.getPaymentId())
                .setIdempotencyKey(house.key())
                .setReason(card)
                .build()));
    assertThat(failures)
        .allSatisfy(
            failure -> {
              assertThat(failure.details().reason()).isEqualTo("SENSITIVE_DATA");
              assertThat(failure.explain()).doesNotContain(card);
            });
  }

  /** Where a text is. */
  private static Set<String> places(
      ScenarioHouse house, ListAppender<ILoggingEvent> log, String needle)
      throws SQLException, IOException {
    Services services = house.audited().house().foundation().services();
    Set<String> places = new TreeSet<>();
    if (inPostgres(services, needle)) {
      places.add("Postgres");
    }
    if (inRedis(services.redis().uri(), needle)) {
      places.add("Redis");
    }
    if (inKafka(services, needle)) {
      places.add("Kafka");
    }
    if (Files.readString(house.audited().journal()).contains(needle)) {
      places.add("the PSP");
    }
    for (ILoggingEvent event : List.copyOf(log.list)) {
      boolean thrown =
          event.getThrowableProxy() != null
              && String.valueOf(event.getThrowableProxy().getMessage()).contains(needle);
      if (thrown || event.getFormattedMessage().contains(needle)) {
        places.add("the log");
      }
    }
    return places;
  }

  /** In any row of any table, as text or as bytes. */
  private static boolean inPostgres(Services services, String needle) throws SQLException {
    String hex = HexFormat.of().formatHex(needle.getBytes(StandardCharsets.UTF_8));
    try (Connection connection = Database.open(services.postgres());
        Statement statement = connection.createStatement()) {
      List<String> tables = new ArrayList<>();
      try (ResultSet rows =
          statement.executeQuery(
              "select format('%I.%I', schemaname, tablename) from pg_tables"
                  + " where schemaname not in ('pg_catalog', 'information_schema')")) {
        while (rows.next()) {
          tables.add(rows.getString(1));
        }
      }
      assertThat(tables).contains("payment.payment", "payment.saga", "outbox.event");
      for (String table : tables) {
        try (ResultSet row =
            statement.executeQuery(
                "select count(*) from %s as t where t::text ~ '%s|%s'"
                    .formatted(table, needle, hex))) {
          row.next();
          if (row.getLong(1) > 0) {
            return true;
          }
        }
      }
      return false;
    }
  }

  private static boolean inRedis(String uri, String needle) {
    RedisClient client = RedisClient.create(uri);
    try (StatefulRedisConnection<String, String> connection = client.connect()) {
      RedisCommands<String, String> redis = connection.sync();
      StringBuilder all = new StringBuilder();
      for (String key : redis.keys("*")) {
        all.append(key).append('\n');
        all.append(
                switch (redis.type(key)) {
                  case "string" -> redis.get(key);
                  case "hash" -> redis.hgetall(key);
                  case "list" -> redis.lrange(key, 0, -1);
                  case "set" -> redis.smembers(key);
                  case "zset" -> redis.zrange(key, 0, -1);
                  default -> throw new AssertionError("cannot look into " + key);
                })
            .append('\n');
      }
      return all.indexOf(needle) >= 0;
    } finally {
      client.shutdown();
    }
  }

  private static boolean inKafka(Services services, String needle) {
    try (EventReader reader =
        EventReader.open(
            services.kafkaBootstrap(),
            List.of(Topics.PAYMENTS, Topics.LEDGER, Topics.AUDIT, Topics.RELAY_POSITIONS),
            true)) {
      List<ConsumerRecord<String, byte[]>> records = reader.drain();
      assertThat(records).isNotEmpty();
      return records.stream()
          .anyMatch(
              record -> {
                StringBuilder all = new StringBuilder().append(record.key()).append('\n');
                all.append(text(record.value()));
                record.headers().forEach(header -> all.append(text(header.value())));
                return all.indexOf(needle) >= 0;
              });
    }
  }

  private static String text(byte @Nullable [] bytes) {
    return bytes == null ? "" : new String(bytes, StandardCharsets.ISO_8859_1);
  }
}
