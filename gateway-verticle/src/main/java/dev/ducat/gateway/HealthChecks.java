package dev.ducat.gateway;

import com.google.protobuf.Message;
import dev.ducat.kernel.bus.Bus;
import dev.ducat.kernel.id.IdKind;
import dev.ducat.kernel.shard.ShardSettings;
import dev.ducat.kernel.shard.UnitKind;
import dev.ducat.proto.connector.v1.ConnectorCallbackServiceGrpcService;
import dev.ducat.proto.internal.v1.LedgerQueryReply;
import dev.ducat.proto.internal.v1.LedgerQueryRequest;
import dev.ducat.proto.internal.v1.PaymentQueryReply;
import dev.ducat.proto.internal.v1.PaymentQueryRequest;
import dev.ducat.proto.ledger.v1.GetAccountRequest;
import dev.ducat.proto.ledger.v1.LedgerServiceGrpcService;
import dev.ducat.proto.operations.v1.OperationsServiceGrpcService;
import dev.ducat.proto.payments.v1.PaymentServiceGrpcService;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/**
 * Whether the services work, found out by using them: every second a read goes the whole way over
 * the bus to the module that owns the data and its database. One good answer makes a service
 * healthy, three failures in a row unhealthy: a single late answer is no reason to lose all
 * clients.
 */
final class HealthChecks {
  /** The name that stands for everything that is served. */
  static final String SUM = "";

  private static final Duration PAUSE = Duration.ofSeconds(1);
  private static final Duration ANSWER_MAX = Duration.ofSeconds(1);
  private static final int FAILURES_MAX = 3;
  private static final String TENANT = "health";

  private static final PaymentQueryRequest PAYMENT =
      PaymentQueryRequest.newBuilder()
          .setTenant(TENANT)
          .setPaymentId(IdKind.PAYMENT.text(new UUID(0, 0)))
          .build();
  private static final PaymentQueryRequest SAGA =
      PaymentQueryRequest.newBuilder().setSagaId(IdKind.SAGA.text(new UUID(0, 0))).build();
  private static final LedgerQueryRequest ACCOUNT =
      LedgerQueryRequest.newBuilder()
          .setTenant(TENANT)
          .setGetAccount(
              GetAccountRequest.newBuilder().setName("wallet:health").setCurrencyCode("EUR"))
          .build();

  private final Vertx vertx;
  private final Check payments;
  private final Check ledger;
  private final Check operations;
  private final Set<Runnable> listeners = ConcurrentHashMap.newKeySet();
  private volatile boolean draining;
  private volatile Map<String, Boolean> states;
  private long timer = -1;

  HealthChecks(Vertx vertx, Bus bus, ShardSettings units) {
    this.vertx = vertx;
    this.payments =
        new Check(
            bus,
            UnitKind.PAYMENT_SHARD,
            units,
            () ->
                ask(bus, ShardClient.PAYMENT_QUERY, PAYMENT, PaymentQueryReply.getDefaultInstance())
                    .mapEmpty());
    this.ledger =
        new Check(
            bus,
            UnitKind.LEDGER_LANE,
            units,
            () ->
                ask(bus, ShardClient.LEDGER_QUERY, ACCOUNT, LedgerQueryReply.getDefaultInstance())
                    .mapEmpty());
    // What an operator needs first, and the shards that carry decisions out.
    this.operations =
        new Check(
            bus,
            UnitKind.PAYMENT_SHARD,
            units,
            () ->
                ask(bus, ShardClient.PAYMENT_QUERY, SAGA, PaymentQueryReply.getDefaultInstance())
                    .mapEmpty());
    this.states = current();
  }

  private static <A extends Message> Future<A> ask(
      Bus bus, String address, Message query, A answer) {
    return bus.ask(address, query, answer, ANSWER_MAX);
  }

  /**
   * One service's check and what came of it so far: a read, and another of its units each time. One
   * unit on its way to another node is no illness; several in a row that nobody serves are.
   */
  private static final class Check {
    private final Bus bus;
    private final UnitKind kind;
    private final int units;
    private final Supplier<Future<Void>> read;
    private int unit;
    private int failures = FAILURES_MAX;

    Check(Bus bus, UnitKind kind, ShardSettings settings, Supplier<Future<Void>> read) {
      this.bus = bus;
      this.kind = kind;
      this.units = settings.units(kind);
      this.read = read;
    }

    Future<Void> run() {
      unit = (unit + 1) % units;
      return Future.join(read.get(), bus.ping(kind.address(unit), ANSWER_MAX))
          .transform(
              done -> {
                failures = done.succeeded() ? 0 : failures + 1;
                return Future.succeededFuture();
              });
    }

    boolean healthy() {
      return failures < FAILURES_MAX;
    }
  }

  /** Runs all checks once; completes when their outcome is known, whatever it is. */
  Future<Void> runOnce() {
    return Future.join(payments.run(), ledger.run(), operations.run())
        .transform(
            done -> {
              publish();
              return Future.succeededFuture();
            });
  }

  /** Runs the checks from now on. */
  void start() {
    runOnce().onComplete(done -> timer = vertx.setTimer(PAUSE.toMillis(), fired -> start()));
  }

  /** Nothing is served any more, from this moment. */
  void drain() {
    draining = true;
    publish();
  }

  void stop() {
    vertx.cancelTimer(timer);
  }

  /** Each service, and whether it is served. */
  Map<String, Boolean> states() {
    return states;
  }

  /** Has {@code listener} told, on any thread, when something changed. */
  void listen(Runnable listener) {
    listeners.add(listener);
  }

  void forget(Runnable listener) {
    listeners.remove(listener);
  }

  private void publish() {
    Map<String, Boolean> now = current();
    if (!now.equals(states)) {
      states = now;
      listeners.forEach(Runnable::run);
    }
  }

  private Map<String, Boolean> current() {
    Map<String, Boolean> now = new TreeMap<>();
    boolean served = !draining;
    boolean paymentsServed = served && payments.healthy();
    boolean ledgerServed = served && ledger.healthy();
    now.put(PaymentServiceGrpcService.SERVICE_NAME.fullyQualifiedName(), paymentsServed);
    now.put(LedgerServiceGrpcService.SERVICE_NAME.fullyQualifiedName(), ledgerServed);
    now.put(ConnectorCallbackServiceGrpcService.SERVICE_NAME.fullyQualifiedName(), paymentsServed);
    boolean operationsServed = served && operations.healthy();
    now.put(OperationsServiceGrpcService.SERVICE_NAME.fullyQualifiedName(), operationsServed);
    now.put(SUM, paymentsServed && ledgerServed && operationsServed);
    return now;
  }
}
