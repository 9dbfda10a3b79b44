package dev.ducat.consumer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.ducat.consumer.example.SettledVolume;
import dev.ducat.embedded.EmbeddedServices;
import dev.ducat.embedded.PostgresEndpoint;
import dev.ducat.embedded.Service;
import dev.ducat.proto.events.v1.PaymentEvent;
import dev.ducat.proto.payments.v1.Payment;
import dev.ducat.proto.type.v1.Money;
import io.vertx.core.Vertx;
import io.vertx.pgclient.PgBuilder;
import io.vertx.sqlclient.Pool;
import io.vertx.sqlclient.Row;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The example in a process of its own, killed the hard way while events come. */
class SettledVolumeTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final int KILLS = 10;
  private static final int PAYMENTS_PER_KILL = 120;

  private final Random random = new Random(20260504);
  private final Map<String, Long> expected = new TreeMap<>();
  private final Vertx vertx = Vertx.vertx();
  private PostgresEndpoint postgres;
  private Pool pool;
  private EventTopic topic;
  private int payments;

  @BeforeEach
  void setUp() throws Exception {
    postgres =
        EmbeddedServices.forTests(Service.POSTGRES)
            .postgres()
            .createDatabase("volume_" + UUID.randomUUID().toString().replace("-", ""));
    pool = PgBuilder.pool().connectingTo(postgres.uri()).using(vertx).build();
    topic = new EventTopic("ducat.payments.v1", 12);
  }

  @AfterEach
  void tearDown() {
    topic.close();
    pool.close().await();
    vertx.close().await();
  }

  @Test
  void isRightToTheCentAfterBeingKilledTenTimes() throws Exception {
    for (int kill = 0; kill < KILLS; kill++) {
      settle(PAYMENTS_PER_KILL);
      long before = settled();
      Process example = start();
      try {
        // Killed in the middle: some of the round is done, most likely not all.
        await()
            .atMost(LIMIT)
            .pollInterval(Duration.ofMillis(1))
            .until(() -> settled() > before || !example.isAlive());
        assertThat(example.isAlive()).isTrue();
      } finally {
        example.destroyForcibly().waitFor();
      }
    }
    settle(PAYMENTS_PER_KILL);
    Process last = start();
    try {
      await().atMost(LIMIT).until(() -> settled() >= payments);
    } finally {
      last.destroyForcibly().waitFor();
    }
    assertThat(settled()).isEqualTo(payments);
    assertThat(volumes()).isEqualTo(expected);
  }

  /** Publishes so many settled payments, some records twice. */
  private void settle(int count) {
    for (int i = 0; i < count; i++) {
      String id = "pay_" + payments++;
      String merchant = "merchant" + random.nextInt(5);
      String currency = random.nextBoolean() ? "EUR" : "JPY";
      long minorUnits = 1L + random.nextInt(100_000);
      Payment payment =
          Payment.newBuilder()
              .setPaymentId(id)
              .setMerchantAccount(merchant)
              .setAmountCaptured(
                  Money.newBuilder().setCurrencyCode(currency).setMinorUnits(minorUnits))
              .build();
      publish(id, 1, "created", payment);
      publish(id, 2, "settled", payment);
      if (random.nextInt(4) == 0) {
        publish(id, 2, "settled", payment);
      }
      publish(id, 3, "completed", payment);
      expected.merge(merchant + " " + currency, minorUnits, Long::sum);
    }
    topic.flush();
  }

  private void publish(String id, int version, String what, Payment payment) {
    byte[] payload = PaymentEvent.newBuilder().setPayment(payment).build().toByteArray();
    String type = "dev.ducat.payment." + what + ".v1";
    topic.publish(id, version, "evt_" + id + version, type, payload);
  }

  private Process start() throws IOException {
    return new ProcessBuilder(
            List.of(
                ProcessHandle.current().info().command().orElseThrow(),
                "-Xmx128m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                SettledVolume.class.getName(),
                EventTopic.bootstrap(),
                postgres.uri(),
                "the-only-one"))
        .redirectErrorStream(true)
        .redirectOutput(Redirect.appendTo(Path.of("target", "settled-volume.log").toFile()))
        .start();
  }

  private long settled() {
    if (!tableExists()) {
      return 0;
    }
    return pool.query("select coalesce(sum(payments), 0)::bigint from settled_volume")
        .execute()
        .await()
        .iterator()
        .next()
        .getLong(0);
  }

  private boolean tableExists() {
    return pool.query("select to_regclass('settled_volume') is not null")
        .execute()
        .await()
        .iterator()
        .next()
        .getBoolean(0);
  }

  private Map<String, Long> volumes() {
    Map<String, Long> volumes = new TreeMap<>();
    for (Row row :
        pool.query("select merchant || ' ' || currency, minor_units from settled_volume")
            .execute()
            .await()) {
      volumes.put(row.getString(0), row.getLong(1));
    }
    return volumes;
  }
}
