package dev.ducat.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.rpc.Code;
import dev.ducat.embedded.EmbeddedServices;
import dev.ducat.embedded.Service;
import dev.ducat.gateway.RawGrpc.Reply;
import dev.ducat.proto.internal.v1.PaymentQueryRequest.QueryCase;
import dev.ducat.proto.payments.v1.CreatePaymentRequest;
import dev.ducat.proto.payments.v1.Payment;
import io.lettuce.core.RedisClient;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.sync.RedisCommands;
import io.vertx.core.Vertx;
import io.vertx.junit5.VertxExtension;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Redis on, off, hung, flushed, lying: it makes retries cheap, and never decides. */
@ExtendWith(VertxExtension.class)
class IdempotencyFastPathTest {
  private static final AtomicInteger KEYS = new AtomicInteger();
  private static final EmbeddedServices SERVICES = EmbeddedServices.forTests(Service.REDIS);

  private RunningGateway gateway;
  private RedisClient redisClient;
  private StatefulRedisConnection<String, String> connection;
  private RedisCommands<String, String> redis;

  @BeforeEach
  void start(Vertx vertx) {
    redisClient = RedisClient.create(SERVICES.redis().uri());
    connection = redisClient.connect();
    redis = connection.sync();
    redis.flushall();
    gateway =
        RunningGateway.start(
            vertx, settings -> settings.withRedis(Optional.of(SERVICES.redis().uri())));
    // The connection is made beside the start: from its first claim on, Redis is in use.
    await()
        .atMost(Duration.ofSeconds(10))
        .until(
            () -> {
              create(fresh("warm"));
              return !redis.keys("ducat:idem:*").isEmpty();
            });
  }

  @AfterEach
  void stop() {
    gateway.close();
    connection.close();
    redisClient.shutdown();
  }

  /** Counted: one clock reading in ten looks like the number of a card, and is refused. */
  private static String fresh(String what) {
    return what + "-" + KEYS.incrementAndGet();
  }

  private Reply create(String key) {
    return gateway.client().call(Requests.CREATE, Requests.create(key).build());
  }

  private static String name(String key) {
    return "ducat:idem:default:CreatePayment:-:" + key;
  }

  private long askedFor(String key) {
    return gateway.payments().asked.stream()
        .filter(each -> each.getCreate().getRequest().getIdempotencyKey().equals(key))
        .count();
  }

  private long replaysAsked() {
    return gateway.payments().queried.stream()
        .filter(each -> each.getQueryCase() == QueryCase.REPLAY)
        .count();
  }

  private String done(String key) {
    await()
        .atMost(Duration.ofSeconds(5))
        .until(
            () -> {
              String value = redis.get(name(key));
              return value != null && value.startsWith("D:");
            });
    return redis.get(name(key));
  }

  @Test
  void recordsWhatRestsAndAnswersRetriesWithoutALane() {
    Payment payment = create("fast").only(Payment.parser());
    CreatePaymentRequest request = Requests.create("fast").build();
    String fingerprint =
        HexFormat.of().formatHex(Canonical.of(request).fingerprint().toByteArray());
    assertThat(done("fast")).isEqualTo("D:" + payment.getPaymentId() + ":" + fingerprint);
    assertThat(redis.pttl(name("fast"))).isBetween(1L, Duration.ofHours(24).toMillis());

    Reply retry = create("fast");
    assertThat(retry.only(Payment.parser())).isEqualTo(payment);
    assertThat(retry.headers().get("idempotent-replayed")).isEqualTo("true");
    assertThat(askedFor("fast")).isEqualTo(1);
    assertThat(replaysAsked()).isEqualTo(1);
  }

  @Test
  void leavesWhatDoesNotRestClaimedForAMinute() {
    CreatePaymentRequest request =
        Requests.create("pending")
            .setMaxWait(com.google.protobuf.Duration.getDefaultInstance())
            .build();
    gateway.client().call(Requests.CREATE, request);
    assertThat(redis.get(name("pending"))).startsWith("C:");
    assertThat(redis.pttl(name("pending"))).isBetween(1L, 60_000L);
    // Another's claim means asking the shard, which joins.
    assertThat(create("pending").status()).isZero();
    assertThat(askedFor("pending")).isEqualTo(2);
    assertThat(redis.get(name("pending"))).startsWith("C:");
  }

  @Test
  void asksTheShardWhenTheRequestIsAnother() {
    create("other");
    done("other");
    CreatePaymentRequest.Builder other = Requests.create("other");
    other.getAmountBuilder().setMinorUnits(1);
    Reply reply = gateway.client().call(Requests.CREATE, other.build());
    assertThat(reply.status()).isEqualTo(Code.ALREADY_EXISTS_VALUE);
    assertThat(askedFor("other")).isEqualTo(2);
  }

  @Test
  void believesTheRowAndNotRedis() {
    String fingerprint =
        HexFormat.of()
            .formatHex(Canonical.of(Requests.create("lie").build()).fingerprint().toByteArray());
    redis.set(name("lie"), "D:pay_00000000000000000000000000:" + fingerprint);
    Reply reply = create("lie");
    assertThat(reply.only(Payment.parser()).getIdempotencyKey()).isEqualTo("lie");
    assertThat(replaysAsked()).isEqualTo(1);
    assertThat(askedFor("lie")).isEqualTo(1);
    redis.set(name("garbage"), "what?");
    assertThat(create("garbage").status()).isZero();
    redis.lpush(name("list"), "of another type");
    assertThat(create("list").status()).isZero();
  }

  @Test
  void keepsTenantsApart() {
    create("mine");
    done("mine");
    Reply other =
        gateway
            .client()
            .call(
                Requests.CREATE,
                RawGrpc.head("ducat-tenant", "another"),
                RawGrpc.frame(Requests.create("mine").build()));
    assertThat(other.headers().get("idempotent-replayed")).isNull();
    assertThat(redis.keys("ducat:idem:another:*")).hasSize(1);
  }

  @Test
  void makesNoDuplicateWhenRedisForgets() {
    Payment first = create("flushed").only(Payment.parser());
    redis.flushall();
    redis.scriptFlush();
    Reply again = create("flushed");
    assertThat(again.only(Payment.parser())).isEqualTo(first);
    assertThat(again.headers().get("idempotent-replayed")).isEqualTo("true");
    // The script was forgotten too, and is told anew.
    assertThat(done("flushed")).contains(first.getPaymentId());
  }

  @Test
  void costsNothingWhileItHangs() {
    SERVICES.pause(Service.REDIS);
    try {
      for (int i = 0; i < 10; i++) {
        assertThat(create("hang-" + i).status()).isZero();
      }
      // Five calls have waited for it; now it is left out, and nobody waits.
      long began = System.nanoTime();
      for (int i = 0; i < 50; i++) {
        assertThat(create("left-out-" + i).status()).isZero();
      }
      assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofMillis(1_500));
    } finally {
      SERVICES.resume(Service.REDIS);
    }
    isInUseAgain();
  }

  @Test
  void costsNothingWhileItIsAwayAndIsUsedWhenItReturns() {
    SERVICES.kill(Service.REDIS);
    try {
      for (int i = 0; i < 20; i++) {
        assertThat(create("away-" + i).status()).isZero();
      }
      Reply again = create("away-3");
      assertThat(again.headers().get("idempotent-replayed")).isEqualTo("true");
    } finally {
      SERVICES.restart(Service.REDIS);
    }
    isInUseAgain();
  }

  private void isInUseAgain() {
    await()
        .atMost(Duration.ofSeconds(15))
        .until(
            () -> {
              String key = fresh("back");
              create(key);
              return redis.exists(name(key)) == 1;
            });
  }

  @Test
  void startsWithoutRedisAndFindsItLater(Vertx vertx) {
    SERVICES.stop(Service.REDIS);
    try (RunningGateway alone =
        RunningGateway.apart(
            vertx, settings -> settings.withRedis(Optional.of(SERVICES.redis().uri())))) {
      assertThat(alone.client().call(Requests.CREATE, Requests.create("alone").build()).status())
          .isZero();
      SERVICES.restart(Service.REDIS);
      await()
          .atMost(Duration.ofSeconds(15))
          .ignoreExceptions()
          .until(
              () -> {
                String key = fresh("found");
                alone.client().call(Requests.CREATE, Requests.create(key).build());
                return redis.exists(name(key)) == 1;
              });
    }
  }
}
