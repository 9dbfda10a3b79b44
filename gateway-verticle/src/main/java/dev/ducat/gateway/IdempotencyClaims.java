package dev.ducat.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.protobuf.ByteString;
import dev.ducat.kernel.time.Clock;
import io.lettuce.core.ClientOptions;
import io.lettuce.core.ClientOptions.DisconnectedBehavior;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.RedisFuture;
import io.lettuce.core.RedisNoScriptException;
import io.lettuce.core.RedisURI;
import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.SetArgs;
import io.lettuce.core.SocketOptions;
import io.lettuce.core.TimeoutOptions;
import io.lettuce.core.api.async.RedisAsyncCommands;
import io.lettuce.core.codec.StringCodec;
import io.lettuce.core.resource.ClientResources;
import io.lettuce.core.resource.DefaultClientResources;
import io.lettuce.core.resource.Delay;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The fast path of idempotency: Redis says whether a key is being worked on, or is done. It never
 * decides: whatever it says, a row or a lane has the last word, and whatever goes wrong here only
 * means that the shard is asked. Redis that is slow or away costs the first few calls {@link
 * #ANSWER_MAX} and then nothing: it is left out until it answers a ping. All of that is counted.
 */
final class IdempotencyClaims {
  /** More than this and asking the shard would have been faster. */
  private static final Duration ANSWER_MAX = Duration.ofMillis(50);

  /** Longer than a payment's wait; after it the claim only costs the fast path. */
  private static final Duration CLAIM_LIFE = Duration.ofSeconds(60);

  /** Retries come within minutes or hours; later ones ask the shard. */
  private static final Duration DONE_LIFE_MAX = Duration.ofHours(24);

  private static final Duration PING_PAUSE = Duration.ofMillis(250);
  private static final Duration RECONNECT_MAX = Duration.ofSeconds(1);

  /** Two commands for each call that can be in flight. */
  private static final int COMMANDS_MAX = 8_192;

  private static final String CLAIMED = "C:";
  private static final String DONE = "D:";

  /** Only its own claim is replaced: it may have run out and be another's by now. */
  private static final String SETTLE =
      """
      if redis.call('get', KEYS[1]) == ARGV[1] then
        redis.call('set', KEYS[1], ARGV[2], 'PX', ARGV[3])
        return 1
      end
      return 0
      """;

  private static final String SETTLE_DIGEST = sha1(SETTLE);

  /**
   * What Redis knows of a key.
   *
   * @param mine the value that this call wrote, or empty
   * @param resourceId what the key made, or empty
   * @param fingerprint of the request that made it, in hex, or empty
   */
  record Claim(String key, String mine, String resourceId, String fingerprint) {
    /** Nothing is known: ask the shard. */
    static final Claim NONE = new Claim("", "", "", "");

    boolean isMine() {
      return !mine.isEmpty();
    }

    /** Whether the same request is said to be done. */
    boolean isDone(ByteString asked) {
      return !fingerprint.isEmpty() && fingerprint.equals(hex(asked));
    }
  }

  private final Vertx vertx;
  private final Optional<RedisURI> uri;
  private final String ownerPrefix;
  private final AtomicLong claims = new AtomicLong();
  private final RedisHealth health;
  private final Counter fallbacks;
  private @Nullable ClientResources resources;
  private @Nullable RedisClient client;
  private volatile @Nullable RedisPipe redis;
  private volatile boolean open = true;

  /**
   * @param owner a token of this process, unlike any other's
   * @param uri empty to go without Redis
   */
  IdempotencyClaims(
      Vertx vertx, Clock clock, Optional<String> uri, String owner, MeterRegistry meters) {
    this.vertx = vertx;
    this.health = new RedisHealth(clock);
    this.uri = uri.map(RedisURI::create);
    this.ownerPrefix = CLAIMED + owner + "-";
    this.fallbacks =
        Counter.builder("ducat.gateway.redis.fallbacks")
            .description("calls that asked the shard because Redis was no help")
            .register(meters);
    if (uri.isPresent()) {
      Gauge.builder("ducat.gateway.redis.usable", health, redis -> redis.isUsable() ? 1 : 0)
          .description("1 while Redis is asked, 0 while it is left out")
          .register(meters);
    }
  }

  /** The name of a key. */
  static String key(String tenant, String method, String resource, String idempotencyKey) {
    return "ducat:idem:" + tenant + ":" + method + ":" + resource + ":" + idempotencyKey;
  }

  /** Begins to connect; Redis that is away is no reason not to start. */
  void start() {
    if (uri.isEmpty()) {
      return;
    }
    resources =
        DefaultClientResources.builder()
            .ioThreadPoolSize(2)
            .computationThreadPoolSize(2)
            .reconnectDelay(
                Delay.exponential(Duration.ofMillis(20), RECONNECT_MAX, 2, TimeUnit.MILLISECONDS))
            .build();
    client = RedisClient.create(resources, uri.get());
    client.setOptions(
        ClientOptions.builder()
            .disconnectedBehavior(DisconnectedBehavior.REJECT_COMMANDS)
            .requestQueueSize(COMMANDS_MAX)
            .socketOptions(
                SocketOptions.builder().connectTimeout(RECONNECT_MAX).keepAlive(true).build())
            .timeoutOptions(TimeoutOptions.enabled(ANSWER_MAX))
            .build());
    connect(client, uri.get());
  }

  private void connect(RedisClient from, RedisURI to) {
    var unused =
        from.connectAsync(StringCodec.UTF8, to)
            .whenComplete(
                (connection, failure) -> {
                  if (failure == null) {
                    redis = new RedisPipe(connection);
                    health.begin();
                  } else if (open) {
                    health.warn(failure);
                    vertx.setTimer(RECONNECT_MAX.toMillis(), timer -> connect(from, to));
                  }
                });
  }

  /** Claims a key, or says what became of it. Never fails, and takes some 50 ms at most. */
  Future<Claim> claim(String key) {
    RedisPipe pipe = redis;
    if (!health.isUsable() || pipe == null) {
      if (uri.isPresent()) {
        fallbacks.increment();
      }
      return Future.succeededFuture(Claim.NONE);
    }
    String mine = ownerPrefix + claims.incrementAndGet();
    SetArgs ifAbsent = SetArgs.Builder.nx().px(CLAIM_LIFE.toMillis());
    Promise<Claim> answer = Promise.promise();
    Context context = vertx.getOrCreateContext();
    // Both at once, one way there and back. The value alone is judged: Lettuce sends again after a
    // broken connection, and the claim that SET then meets may be our own.
    RedisAsyncCommands<String, String> commands = pipe.commands();
    RedisFuture<String> set = commands.set(key, mine, ifAbsent);
    RedisFuture<String> there = commands.get(key);
    pipe.flushSoon(context);
    set.whenComplete((taken, failure) -> noteIfRefused(failure));
    there.whenComplete(
        (value, failure) ->
            context.runOnContext(
                nothing -> {
                  Claim claim = failure == null ? read(key, mine, value) : Claim.NONE;
                  if (failure == null) {
                    health.answered();
                  } else {
                    failed(failure);
                  }
                  if (claim.equals(Claim.NONE) && (value == null || !value.startsWith(CLAIMED))) {
                    fallbacks.increment();
                  }
                  answer.complete(claim);
                }));
    return answer.future();
  }

  /** A replica, or one whose memory is full: it answers, takes nothing, and GET will show that. */
  private void noteIfRefused(@Nullable Throwable failure) {
    if (failure instanceof RedisCommandExecutionException) {
      health.warn(failure);
    }
  }

  private static Claim read(String key, String mine, @Nullable String value) {
    if (mine.equals(value)) {
      return new Claim(key, mine, "", "");
    }
    if (value != null && value.startsWith(DONE)) {
      int colon = value.indexOf(':', DONE.length());
      if (colon > 0) {
        return new Claim(
            key, "", value.substring(DONE.length(), colon), value.substring(colon + 1));
      }
    }
    return Claim.NONE;
  }

  /**
   * Replaces a call's own claim by what came of it. Nobody waits for this.
   *
   * @param remaining how long the key itself will still be remembered
   */
  void settle(Claim claim, String resourceId, ByteString fingerprint, Duration remaining) {
    RedisPipe pipe = redis;
    long life = Math.min(remaining.toMillis(), DONE_LIFE_MAX.toMillis());
    if (!health.isUsable() || pipe == null || life <= 0 || fingerprint.isEmpty()) {
      return;
    }
    String[] keys = {claim.key()};
    String done = DONE + resourceId + ":" + hex(fingerprint);
    String[] values = {claim.mine(), done, Long.toString(life)};
    Context context = vertx.getOrCreateContext();
    RedisAsyncCommands<String, String> commands = pipe.commands();
    commands
        .<Long>evalsha(SETTLE_DIGEST, ScriptOutputType.INTEGER, keys, values)
        .whenComplete(
            (replaced, failure) -> {
              if (failure instanceof RedisNoScriptException) {
                // A Redis that was started anew has to be told the script once.
                commands
                    .<Long>eval(SETTLE, ScriptOutputType.INTEGER, keys, values)
                    .whenComplete((again, other) -> noteIfFailed(other));
                pipe.flushSoon(context);
              } else {
                noteIfFailed(failure);
              }
            });
    pipe.flushSoon(context);
  }

  private void noteIfFailed(@Nullable Throwable failure) {
    if (failure != null) {
      failed(failure);
    }
  }

  private void failed(Throwable failure) {
    if (health.isTooMuch(failure)) {
      pingLater();
    }
  }

  private void pingLater() {
    if (open) {
      vertx.setTimer(PING_PAUSE.toMillis(), timer -> ping());
    }
  }

  private void ping() {
    RedisPipe pipe = redis;
    if (pipe == null) {
      return;
    }
    RedisFuture<String> pinged = pipe.commands().ping();
    // At once, and whatever else waits with it.
    pipe.flush();
    pinged.whenComplete(
        (pong, failure) -> {
          if (failure == null) {
            health.begin();
          } else {
            pingLater();
          }
        });
  }

  /** Closes the connection. */
  Future<Void> stop() {
    open = false;
    health.end();
    RedisClient closing = client;
    ClientResources released = resources;
    if (closing == null || released == null) {
      return Future.succeededFuture();
    }
    Promise<Void> stopped = Promise.promise();
    var unused =
        closing
            .shutdownAsync(0, 1, TimeUnit.SECONDS)
            .whenComplete(
                (nothing, failure) -> {
                  var unusedToo =
                      released
                          .shutdown(0, 1, TimeUnit.SECONDS)
                          .addListener(end -> stopped.tryComplete());
                });
    return stopped.future();
  }

  /** What Redis calls a script. */
  private static String sha1(String script) {
    try {
      return HexFormat.of()
          .formatHex(MessageDigest.getInstance("SHA-1").digest(script.getBytes(UTF_8)));
    } catch (NoSuchAlgorithmException everyJdkHasIt) {
      throw new IllegalStateException(everyJdkHasIt);
    }
  }

  private static String hex(ByteString fingerprint) {
    return HexFormat.of().formatHex(fingerprint.toByteArray());
  }
}
