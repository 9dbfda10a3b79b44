package dev.ducat.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.google.rpc.Code;
import dev.ducat.embedded.EmbeddedServices;
import dev.ducat.embedded.Service;
import dev.ducat.gateway.RawGrpc.Reply;
import dev.ducat.kernel.id.IdKind;
import dev.ducat.kernel.id.PaymentId;
import dev.ducat.proto.internal.v1.PaymentQueryReply;
import dev.ducat.proto.internal.v1.PaymentQueryRequest.QueryCase;
import dev.ducat.proto.internal.v1.RefusalReason;
import dev.ducat.proto.internal.v1.Replay;
import dev.ducat.proto.internal.v1.ShardReply;
import dev.ducat.proto.internal.v1.ShardRequest;
import dev.ducat.proto.payments.v1.CancelPaymentRequest;
import dev.ducat.proto.payments.v1.CapturePaymentRequest;
import dev.ducat.proto.payments.v1.CreatePaymentRequest;
import dev.ducat.proto.payments.v1.Payment;
import dev.ducat.proto.payments.v1.Refund;
import dev.ducat.proto.payments.v1.RefundPaymentRequest;
import io.lettuce.core.RedisClient;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.sync.RedisCommands;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.junit5.VertxExtension;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.slf4j.LoggerFactory;

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

  /** R1: whatever Ducat wrote has an end; what a test planted by hand has none. */
  private void everyClaimEnds() {
    for (String key : redis.keys("ducat:idem:*")) {
      boolean ours =
          redis.type(key).equals("string")
              && redis.get(key).matches("C:[0-9a-f-]{36}-[0-9]+|D:pay_.{26}:[0-9a-f]{64}");
      if (ours && !key.contains("planted") && !key.contains("lie") && !key.contains("l-1")) {
        assertThat(redis.pttl(key)).as("life of %s", key).isNotEqualTo(-1);
      }
    }
  }

  @AfterEach
  void stop() {
    everyClaimEnds();
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

  private static final String PAYMENT =
      new PaymentId(new UUID(0x0198c5a000007000L, 0x8000000000000007L)).text();

  private static CapturePaymentRequest capture(String key) {
    return CapturePaymentRequest.newBuilder().setPaymentId(PAYMENT).setIdempotencyKey(key).build();
  }

  private Reply operate(String method, com.google.protobuf.Message request) {
    return gateway.client().call("/ducat.payments.v1.PaymentService/" + method, request);
  }

  private static String name(String method, String key) {
    return "ducat:idem:default:" + method + ":" + PAYMENT + ":" + key;
  }

  private void comesToBe(String name, String value) {
    await()
        .atMost(Duration.ofSeconds(5))
        .untilAsserted(() -> assertThat(redis.get(name)).isEqualTo(value));
  }

  private long operationsAsked() {
    return gateway.payments().asked.stream().filter(ShardRequest::hasOperate).count();
  }

  private void answerOperations(ShardReply.Builder reply) {
    gateway.payments().shard =
        request ->
            request.hasOperate()
                ? Future.succeededFuture(
                    reply.clone().setFingerprint(request.getOperate().getFingerprint()).build())
                : gateway.payments().settle(request);
  }

  private static String hex(Canonical canonical) {
    return HexFormat.of().formatHex(canonical.fingerprint().toByteArray());
  }

  @Test
  void operationsThatAreDoneAreAnsweredWithoutALaneIfTheRowSaysSo() {
    Payment captured = Payment.newBuilder().setPaymentId(PAYMENT).setVersion(7).build();
    answerOperations(ShardReply.newBuilder().setPayment(captured).setAtRest(true));
    assertThat(operate("CapturePayment", capture("c-1")).only(Payment.parser()))
        .isEqualTo(captured);
    comesToBe(
        name("CapturePayment", "c-1"), "D:" + PAYMENT + ":" + hex(Canonical.of(capture("c-1"))));
    assertThat(redis.pttl(name("CapturePayment", "c-1"))).isPositive();

    Payment now = captured.toBuilder().setVersion(9).build();
    List<Replay> asked = new CopyOnWriteArrayList<>();
    gateway.payments().operation =
        replay -> {
          asked.add(replay);
          return PaymentQueryReply.newBuilder().setPayment(now).build();
        };
    Reply retry = operate("CapturePayment", capture("c-1"));
    assertThat(retry.only(Payment.parser())).isEqualTo(now);
    assertThat(retry.headers().get("idempotent-replayed")).isEqualTo("true");
    assertThat(operationsAsked()).isEqualTo(1);
    assertThat(asked)
        .singleElement()
        .isEqualTo(
            Replay.newBuilder()
                .setMethod("CapturePayment")
                .setPaymentId(PAYMENT)
                .setIdempotencyKey("c-1")
                .setResourceId(PAYMENT)
                .setFingerprint(Canonical.of(capture("c-1")).fingerprint())
                .build());
    // The same key of another method, and another request under it, are the shard's.
    operate(
        "CancelPayment",
        CancelPaymentRequest.newBuilder().setPaymentId(PAYMENT).setIdempotencyKey("c-1").build());
    operate("CapturePayment", capture("c-1").toBuilder().setKeepRemainder(true).build());
    assertThat(operationsAsked()).isEqualTo(3);
  }

  @Test
  void aRefundIsKnownByItsOwnId() {
    String id = IdKind.REFUND.text(new UUID(1, 2));
    Refund refund = Refund.newBuilder().setRefundId(id).build();
    answerOperations(ShardReply.newBuilder().setRefund(refund).setAtRest(true));
    RefundPaymentRequest request =
        RefundPaymentRequest.newBuilder().setPaymentId(PAYMENT).setIdempotencyKey("r-1").build();
    assertThat(operate("RefundPayment", request).only(Refund.parser())).isEqualTo(refund);
    comesToBe(name("RefundPayment", "r-1"), "D:" + id + ":" + hex(Canonical.of(request)));

    gateway.payments().operation =
        replay -> PaymentQueryReply.newBuilder().setRefund(refund).build();
    Reply retry = operate("RefundPayment", request);
    assertThat(retry.only(Refund.parser())).isEqualTo(refund);
    assertThat(retry.headers().get("idempotent-replayed")).isEqualTo("true");
    assertThat(operationsAsked()).isEqualTo(1);
  }

  @Test
  void operationsBelieveTheShardWhereRedisIsNotBorneOut() {
    Payment captured = Payment.newBuilder().setPaymentId(PAYMENT).setVersion(7).build();
    answerOperations(ShardReply.newBuilder().setPayment(captured).setAtRest(true));
    redis.set(
        name("CapturePayment", "l-1"),
        "D:pay_00000000000000000000000000:" + hex(Canonical.of(capture("l-1"))));
    redis.set(name("CapturePayment", "l-2"), "what?");
    redis.lpush(name("CapturePayment", "l-3"), "of another type");
    for (String key : List.of("l-1", "l-2", "l-3")) {
      Reply reply = operate("CapturePayment", capture(key));
      assertThat(reply.only(Payment.parser())).isEqualTo(captured);
      assertThat(reply.headers().get("idempotent-replayed")).isNull();
    }
    assertThat(operationsAsked()).isEqualTo(3);
    assertThat(replaysAsked()).isEqualTo(1);
  }

  @Test
  void whatIsRefusedOrDoesNotRestIsNotRecordedAsDone() {
    answerOperations(
        ShardReply.newBuilder()
            .setRefusal(
                PaymentsDouble.refusal(
                    RefusalReason.REFUSAL_REASON_PAYMENT_NOT_CAPTURABLE, "canceled", "")));
    assertThat(operate("CapturePayment", capture("n-1")).status())
        .isEqualTo(Code.FAILED_PRECONDITION_VALUE);
    answerOperations(
        ShardReply.newBuilder().setPayment(Payment.newBuilder().setPaymentId(PAYMENT)));
    // No time is left to wait for it to rest.
    gateway
        .client()
        .call(
            "/ducat.payments.v1.PaymentService/CapturePayment",
            RawGrpc.head("grpc-timeout", "240m"),
            RawGrpc.frame(capture("n-2")));
    for (String key : List.of("n-1", "n-2")) {
      assertThat(redis.get(name("CapturePayment", key))).startsWith("C:");
      assertThat(redis.pttl(name("CapturePayment", key))).isBetween(1L, 60_000L);
    }
    // The key is free: what was refused may work now.
    answerOperations(
        ShardReply.newBuilder()
            .setPayment(Payment.newBuilder().setPaymentId(PAYMENT))
            .setAtRest(true));
    assertThat(operate("CapturePayment", capture("n-1")).status()).isZero();
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

  private double fallbacks() {
    return gateway.testNode().node().meters().counter("ducat.gateway.redis.fallbacks").count();
  }

  private double usable() {
    return gateway.testNode().node().meters().get("ducat.gateway.redis.usable").gauge().value();
  }

  /** What the log hears about Redis while {@code trouble} goes on. */
  private static List<String> told(Runnable trouble) {
    Logger logger = (Logger) LoggerFactory.getLogger(RedisHealth.class);
    ListAppender<ILoggingEvent> heard = new ListAppender<>();
    heard.start();
    logger.addAppender(heard);
    try {
      trouble.run();
    } finally {
      logger.detachAppender(heard);
    }
    return heard.list.stream()
        .filter(event -> event.getLevel().isGreaterOrEqual(Level.INFO))
        .map(ILoggingEvent::getFormattedMessage)
        .toList();
  }

  @Test
  void tellsTheLogOnceAndTheMetricsEachTimeThatItIsNoHelp() {
    double before = fallbacks();
    assertThat(usable()).isEqualTo(1);
    List<String> lines =
        told(
            () -> {
              for (int round = 0; round < 3; round++) {
                SERVICES.pause(Service.REDIS);
                try {
                  for (int i = 0; i < 20; i++) {
                    assertThat(create(fresh("told")).status()).isZero();
                  }
                  assertThat(usable()).isZero();
                } finally {
                  SERVICES.resume(Service.REDIS);
                }
                isInUseAgain();
              }
            });
    assertThat(lines).singleElement().asString().contains("Redis is no help");
    assertThat(fallbacks() - before).isGreaterThanOrEqualTo(60);
    assertThat(usable()).isEqualTo(1);
  }

  @Test
  void callsThatMeetAHangTogetherWaitOnceAndBriefly() {
    SERVICES.pause(Service.REDIS);
    try {
      long began = System.nanoTime();
      List<Future<Reply>> calls = new ArrayList<>();
      for (int i = 0; i < 64; i++) {
        calls.add(
            gateway
                .client()
                .callAsync(
                    Requests.CREATE,
                    RawGrpc.head("grpc-timeout", "5S"),
                    RawGrpc.frame(Requests.create(fresh("together")).build())));
      }
      calls.forEach(call -> assertThat(RawGrpc.await(call).status()).isZero());
      // One after the other, each 50 ms, would be three seconds and more.
      assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofMillis(1_500));
    } finally {
      SERVICES.resume(Service.REDIS);
    }
    isInUseAgain();
  }

  @Test
  void makesNoDuplicateAndNoErrorWhileItIsFlushedAllTheTime() {
    for (int i = 0; i < 40; i++) {
      String key = fresh("rain");
      Payment first = create(key).only(Payment.parser());
      if (i % 2 == 0) {
        redis.flushall();
      } else {
        // Between the claim and what became of it.
        redis.del(name(key));
      }
      Reply again = create(key);
      assertThat(again.only(Payment.parser())).isEqualTo(first);
      assertThat(again.headers().get("idempotent-replayed")).isEqualTo("true");
    }
  }

  @Test
  void isNotLeftOutBecauseSomebodyElseUsesItsNames() {
    for (int i = 0; i < 12; i++) {
      String key = fresh("foreign");
      redis.lpush(name(key), "of another type");
      assertThat(create(key).status()).isZero();
      assertThat(create(key).headers().get("idempotent-replayed")).isEqualTo("true");
    }
    assertThat(usable()).isEqualTo(1);
    String sound = fresh("sound");
    create(sound);
    done(sound);
  }

  @Test
  void anotherPaymentsEntryUnderTheKeyIsNotBelieved() {
    Payment other = create(fresh("owner")).only(Payment.parser());
    String key = fresh("planted");
    String fingerprint =
        HexFormat.of()
            .formatHex(Canonical.of(Requests.create(key).build()).fingerprint().toByteArray());
    for (String lie :
        List.of(
            "D:" + other.getPaymentId() + ":" + fingerprint,
            "D::" + fingerprint,
            "D:" + "x".repeat(100_000) + ":" + fingerprint,
            "C:somebody",
            "C:",
            "D:",
            "")) {
      redis.set(name(key), lie);
      Payment mine = create(key).only(Payment.parser());
      assertThat(mine.getIdempotencyKey()).isEqualTo(key);
      assertThat(mine.getPaymentId()).isNotEqualTo(other.getPaymentId());
    }
    assertThat(
            gateway.payments().asked.stream()
                .filter(each -> each.getCreate().getRequest().getIdempotencyKey().equals(key)))
        .hasSize(7);
  }

  @Test
  void aReplicaThatTakesNothingIsNoHelpAndNoHarm() {
    double before = fallbacks();
    redis.replicaof("127.0.0.1", 1);
    List<String> lines;
    try {
      lines =
          told(
              () -> {
                for (int i = 0; i < 20; i++) {
                  String key = fresh("replica");
                  Payment first = create(key).only(Payment.parser());
                  assertThat(create(key).only(Payment.parser())).isEqualTo(first);
                }
              });
    } finally {
      redis.replicaofNoOne();
    }
    assertThat(lines).singleElement().asString().contains("READONLY");
    assertThat(fallbacks() - before).isGreaterThanOrEqualTo(40);
    isInUseAgain();
  }

  @Test
  void lateAnswersAreNotWaitedForLonger(Vertx vertx) {
    try (SlowProxy proxy = SlowProxy.to(vertx, SERVICES.redis(), Duration.ofMillis(200));
        RunningGateway far =
            RunningGateway.apart(vertx, settings -> settings.withRedis(Optional.of(proxy.uri())))) {
      await().atMost(Duration.ofSeconds(10)).until(() -> proxy.connections() > 0);
      for (int i = 0; i < 10; i++) {
        String key = fresh("late");
        long began = System.nanoTime();
        Payment first =
            far.client().call(Requests.CREATE, Requests.create(key).build()).only(Payment.parser());
        assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(1));
        // By now the late claim may have arrived there, as another's: it changes nothing.
        Reply again = far.client().call(Requests.CREATE, Requests.create(key).build());
        assertThat(again.only(Payment.parser())).isEqualTo(first);
      }
      assertThat(far.testNode().node().meters().counter("ducat.gateway.redis.fallbacks").count())
          // One or two may still have met the proxy's prompt answers.
          .isGreaterThanOrEqualTo(16);
    }
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
