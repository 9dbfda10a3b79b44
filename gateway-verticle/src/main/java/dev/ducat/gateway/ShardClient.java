package dev.ducat.gateway;

import com.google.protobuf.Message;
import dev.ducat.kernel.bus.Bus;
import dev.ducat.kernel.bus.BusException;
import dev.ducat.kernel.bus.BusFailure;
import dev.ducat.kernel.shard.UnitKind;
import dev.ducat.proto.internal.v1.CreatePaymentCommand;
import dev.ducat.proto.internal.v1.DeadEventsQuery;
import dev.ducat.proto.internal.v1.DeadEventsReply;
import dev.ducat.proto.internal.v1.LedgerQueryReply;
import dev.ducat.proto.internal.v1.LedgerQueryRequest;
import dev.ducat.proto.internal.v1.LedgerReply;
import dev.ducat.proto.internal.v1.LedgerRequest;
import dev.ducat.proto.internal.v1.OperationCommand;
import dev.ducat.proto.internal.v1.OperatorCommand;
import dev.ducat.proto.internal.v1.PaymentQueryReply;
import dev.ducat.proto.internal.v1.PaymentQueryRequest;
import dev.ducat.proto.internal.v1.Refusal;
import dev.ducat.proto.internal.v1.RefusalReason;
import dev.ducat.proto.internal.v1.RelayQuery;
import dev.ducat.proto.internal.v1.ReportCommand;
import dev.ducat.proto.internal.v1.ShardReply;
import dev.ducat.proto.internal.v1.ShardRequest;
import dev.ducat.proto.operations.v1.RelayStatus;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.time.Duration;

/**
 * Asks the modules that own the data. Everything asked here may be asked twice, so an ask that
 * finds nobody, or gets no answer, is repeated until the caller's time is over: a unit that moves
 * to another node costs its callers time and nothing else.
 */
final class ShardClient {
  static final String PAYMENT_QUERY = "payment.query";
  static final String LEDGER_QUERY = "ledger.query";
  static final String RELAY_QUERY = "relay.query";
  static final String RELAY_DEAD = "relay.dead";

  /**
   * A wait is asked for in slices of this length, so that an owner that died with the question is
   * noticed soon, and not at the end of the wait.
   */
  private static final Duration WAIT_SLICE = Duration.ofSeconds(2);

  /** What an owner may take for its commit, beside the wait. */
  private static final Duration WORK_MAX = Duration.ofSeconds(1);

  /** What a read may take before it is asked again, perhaps of another node. */
  private static final Duration READ_MAX = Duration.ofSeconds(2);

  private static final Duration PAUSE_MIN = Duration.ofMillis(25);
  private static final Duration PAUSE_MAX = Duration.ofMillis(500);

  /** Kept back from the deadline, so that the status still reaches the caller in time. */
  private static final Duration MARGIN_MAX = Duration.ofMillis(100);

  /** Of a short deadline only this part is kept back: it may still be enough for an answer. */
  private static final int MARGIN_PART = 10;

  private final Vertx vertx;
  private final Bus bus;
  private final int shards;
  private final int ledgerLanes;

  ShardClient(Vertx vertx, Bus bus, int shards, int ledgerLanes) {
    this.vertx = vertx;
    this.bus = bus;
    this.shards = shards;
    this.ledgerLanes = ledgerLanes;
  }

  /**
   * Has a payment created, or joins whoever creates it, and waits for it to rest.
   *
   * @param key of the request, which chooses the shard
   * @param wait how long to wait for it to rest
   */
  Future<ShardReply> create(Call call, String key, CreatePaymentCommand command, Duration wait) {
    int shard = UnitKind.hash(shards, call.caller().tenant(), key);
    return new Work(call, shard, ShardRequest.newBuilder().setCreate(command).build(), wait).run();
  }

  /** Has something done about a payment, or joins whoever does it, and waits for it to rest. */
  Future<ShardReply> operate(Call call, int shard, OperationCommand command, Duration wait) {
    if (shard >= shards) {
      // Forged: no payment was ever made there, and nobody would answer.
      return Future.succeededFuture(
          ShardReply.newBuilder()
              .setRefusal(
                  Refusal.newBuilder()
                      .setReason(RefusalReason.REFUSAL_REASON_PAYMENT_NOT_FOUND)
                      .setMessage("no such payment"))
              .build());
    }
    return new Work(call, shard, ShardRequest.newBuilder().setOperate(command).build(), wait).run();
  }

  /** Has a connector's report stored. */
  Future<ShardReply> report(Call call, int shard, String tenant, ReportCommand command) {
    if (shard >= shards) {
      return Future.succeededFuture(
          ShardReply.newBuilder()
              .setRefusal(
                  Refusal.newBuilder()
                      .setReason(RefusalReason.REFUSAL_REASON_OPERATION_NOT_FOUND)
                      .setMessage("no such operation of this connector and tenant"))
              .build());
    }
    ShardRequest request =
        ShardRequest.newBuilder()
            .setTenant(tenant)
            .setTraceparent(call.caller().traceparent())
            .setReport(command)
            .build();
    String address = UnitKind.PAYMENT_SHARD.address(shard);
    return new Ask<>(call, address, request, ShardReply.getDefaultInstance(), WAIT_SLICE).run();
  }

  /** Has a person's decision about a saga carried out. Asked twice it is carried out once. */
  Future<ShardReply> attend(Call call, int shard, OperatorCommand command) {
    ShardRequest request =
        ShardRequest.newBuilder()
            .setTenant(call.caller().scope())
            .setTraceparent(call.caller().traceparent())
            .setAttend(command)
            .build();
    String address = UnitKind.PAYMENT_SHARD.address(shard);
    return new Ask<>(call, address, request, ShardReply.getDefaultInstance(), WAIT_SLICE).run();
  }

  /** How far the relay is. */
  Future<RelayStatus> relay(Call call) {
    return read(
        call, RELAY_QUERY, RelayQuery.getDefaultInstance(), RelayStatus.getDefaultInstance());
  }

  /** About events that Kafka refuses. A redrive asked for twice is recorded once. */
  Future<DeadEventsReply> deadEvents(Call call, DeadEventsQuery query) {
    return new Ask<>(call, RELAY_DEAD, query, DeadEventsReply.getDefaultInstance(), WAIT_SLICE)
        .run();
  }

  Future<PaymentQueryReply> payments(Call call, PaymentQueryRequest query) {
    return read(call, PAYMENT_QUERY, query, PaymentQueryReply.getDefaultInstance());
  }

  Future<LedgerQueryReply> books(Call call, LedgerQueryRequest query) {
    return read(call, LEDGER_QUERY, query, LedgerQueryReply.getDefaultInstance());
  }

  /** Work for the lane that keeps the tenant's books. */
  Future<LedgerReply> book(Call call, LedgerRequest request) {
    int lane = UnitKind.hash(ledgerLanes, call.caller().tenant());
    String address = UnitKind.LEDGER_LANE.address(lane);
    LedgerReply answer = LedgerReply.getDefaultInstance();
    return new Ask<>(call, address, request, answer, WAIT_SLICE.plus(WORK_MAX)).run();
  }

  private <A extends Message> Future<A> read(Call call, String address, Message query, A answer) {
    return new Ask<>(call, address, query, answer, READ_MAX).run();
  }

  private static Duration doubled(Duration pause) {
    Duration twice = pause.multipliedBy(2);
    return twice.compareTo(PAUSE_MAX) < 0 ? twice : PAUSE_MAX;
  }

  /** One question, repeated until it is answered or the call's time is over. */
  private final class Ask<A extends Message> {
    private final Call call;
    private final String address;
    private final Message request;
    private final A answer;
    private final Duration answerMax;
    private final Promise<A> result = Promise.promise();
    private final Duration margin;
    private Duration pause = PAUSE_MIN;
    private boolean unknown;

    Ask(Call call, String address, Message request, A answer, Duration answerMax) {
      this.call = call;
      this.address = address;
      this.request = request;
      this.answer = answer;
      this.answerMax = answerMax;
      Duration part = call.remaining().dividedBy(MARGIN_PART);
      this.margin = part.compareTo(MARGIN_MAX) < 0 ? part : MARGIN_MAX;
    }

    Future<A> run() {
      attempt();
      return result.future();
    }

    private void attempt() {
      Duration left = call.remaining().minus(margin);
      Duration timeout = left.compareTo(answerMax) < 0 ? left : answerMax;
      if (!timeout.isPositive() || call.isDone()) {
        giveUp();
        return;
      }
      bus.ask(address, request, answer, timeout)
          .onComplete(
              done -> {
                if (done.succeeded()) {
                  result.complete(done.result());
                } else {
                  failed(done.cause());
                }
              });
    }

    private void failed(Throwable cause) {
      if (!(cause instanceof BusException unanswered) || !unanswered.failure().asksAgain()) {
        result.fail(cause);
        return;
      }
      unknown |= unanswered.failure() == BusFailure.TIMEOUT;
      Duration wait = pause;
      pause = doubled(pause);
      if (call.remaining().minus(margin).compareTo(wait) <= 0) {
        giveUp();
      } else {
        vertx.setTimer(wait.toMillis(), timer -> attempt());
      }
    }

    /** Where one ask went unanswered the work may have been done: unknown, never failed. */
    private void giveUp() {
      Problem problem =
          unknown || call.isDone() ? new Problem.DeadlineExceeded() : new Problem.DependencyDown();
      result.fail(problem.asException());
    }
  }

  /** Work for a shard's lane: asks in slices until it rests or the wait is over. */
  private final class Work {
    private final Call call;
    private final String address;
    private final ShardRequest work;
    private final long waitMs;
    private final Duration timeAtStart;
    private Duration timeAtAsk;
    private Duration pause = PAUSE_MIN;

    Work(Call call, int shard, ShardRequest work, Duration wait) {
      this.call = call;
      this.address = UnitKind.PAYMENT_SHARD.address(shard);
      this.work = work;
      this.waitMs = wait.toMillis();
      this.timeAtStart = call.remaining();
      this.timeAtAsk = timeAtStart;
    }

    Future<ShardReply> run() {
      return ask(waitMs).compose(this::goOn);
    }

    private Future<ShardReply> ask(long leftMs) {
      long sliceMs = Math.min(leftMs, WAIT_SLICE.toMillis());
      ShardRequest request =
          work.toBuilder()
              .setTenant(call.caller().tenant())
              .setTraceparent(call.caller().traceparent())
              .setWaitMs(sliceMs)
              .build();
      ShardReply answer = ShardReply.getDefaultInstance();
      timeAtAsk = call.remaining();
      return new Ask<>(call, address, request, answer, WORK_MAX.plusMillis(sliceMs)).run();
    }

    private Future<ShardReply> goOn(ShardReply reply) {
      if (reply.hasRefusal() || reply.getAtRest() || leftMs() <= 0 || call.isDone()) {
        return Future.succeededFuture(reply);
      }
      // Asking again meets our own payment: whether it was ours to begin with is what the first
      // answer said. And having had that answer, nothing that fails now makes this call a failure.
      return calm()
          .compose(calm -> ask(Math.max(0, leftMs())))
          .map(again -> again.toBuilder().setReplayed(reply.getReplayed()).build())
          .compose(this::goOn)
          .otherwise(reply);
    }

    private long leftMs() {
      return waitMs - timeAtStart.minus(call.remaining()).toMillis();
    }

    /**
     * An owner that holds its answer back for the whole slice sets the pace itself. One that
     * answers early, as it should not, is given longer and longer pauses.
     */
    private Future<Void> calm() {
      if (timeAtAsk.minus(call.remaining()).compareTo(PAUSE_MAX) >= 0) {
        pause = PAUSE_MIN;
        return Future.succeededFuture();
      }
      Promise<Void> calm = Promise.promise();
      vertx.setTimer(Math.max(1, Math.min(pause.toMillis(), leftMs())), timer -> calm.complete());
      pause = doubled(pause);
      return calm.future();
    }
  }
}
