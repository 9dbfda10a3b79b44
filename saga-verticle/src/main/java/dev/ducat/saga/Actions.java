package dev.ducat.saga;

import dev.ducat.kernel.bus.BusException;
import dev.ducat.kernel.bus.BusFailure;
import dev.ducat.kernel.crash.CrashPoint;
import dev.ducat.kernel.node.Node;
import dev.ducat.kernel.shard.UnitKind;
import dev.ducat.proto.connector.v1.OperationResult;
import dev.ducat.proto.internal.v1.ApplyTransfers;
import dev.ducat.proto.internal.v1.ConnectorCall;
import dev.ducat.proto.internal.v1.Intent;
import dev.ducat.proto.internal.v1.LedgerReply;
import dev.ducat.proto.internal.v1.LedgerRequest;
import dev.ducat.proto.internal.v1.RefusalReason;
import dev.ducat.proto.internal.v1.RiskCall;
import dev.ducat.proto.internal.v1.TransferGroup;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Does what a committed intent says: ledger before, PSP, ledger after. Runs on the event loop; its
 * outcome goes back to the lane as a message.
 *
 * <p>The ledger is idempotent by transfer id, so a question to it is repeated until it is answered.
 * The PSP is asked once per action: what no answer means, the saga decides.
 */
final class Actions {
  private static final Logger LOG = LoggerFactory.getLogger(Actions.class);

  private static final Outcome NOTHING = new Outcome.Done("", null);
  private static final Duration LEDGER_ANSWER_MAX = Duration.ofSeconds(3);

  /** While the unit moves to another node: it will be there soon. */
  private static final Backoff MOVING = new Backoff(Duration.ofMillis(20), Duration.ofMillis(400));

  /** While the ledger is busy or its database away. */
  private static final Backoff AWAY = new Backoff(Duration.ofMillis(200), Duration.ofSeconds(5));

  private static final int LOUD_EVERY = 20;

  private final Node node;
  private final Vertx vertx;
  private final int ledgerLanes;

  Actions(Node node, Vertx vertx) {
    this.node = node;
    this.vertx = vertx;
    this.ledgerLanes = node.leases().settings().ledgerLanes();
  }

  /**
   * Carries out a saga's current intent; in the phases that ask, asks the PSP what became of it
   * instead of sending it.
   *
   * @return the outcome; fails only when the unit is no longer ours, and then nobody needs one
   */
  Future<Outcome> run(ShardUnit unit, Saga saga, ConnectorTerms terms) {
    Intent intent = saga.data().getIntent();
    if (intent.hasRiskCall()) {
      return assess(unit, intent.getRiskCall());
    }
    // Where the PSP has said "pending", the ledger has said yes before.
    Future<Outcome> before =
        intent.hasLedgerBefore() && saga.phase() != Phase.AWAIT
            ? book(unit, List.of(intent.getLedgerBefore()), true).map(List::getFirst)
            : Future.succeededFuture(NOTHING);
    return before
        .compose(
            booked ->
                booked instanceof Outcome.Done && intent.hasConnectorCall()
                    ? call(unit, saga, intent.getConnectorCall(), terms)
                    : Future.succeededFuture(booked))
        .compose(
            called ->
                called instanceof Outcome.Done done && intent.hasLedgerAfter()
                    ? bookAfter(unit, intent, done)
                    : Future.succeededFuture(called));
  }

  private Future<Outcome> bookAfter(ShardUnit unit, Intent intent, Outcome.Done called) {
    List<TransferGroup> groups = new ArrayList<>(2);
    groups.add(intent.getLedgerAfter());
    if (intent.hasLedgerSettle()) {
      groups.add(intent.getLedgerSettle());
    }
    return book(unit, groups, false)
        .map(
            booked ->
                !(booked.getFirst() instanceof Outcome.Done)
                    ? booked.getFirst()
                    : booked.getLast() instanceof Outcome.Done && intent.hasLedgerSettle()
                        ? new Outcome.Settled(called)
                        : called);
  }

  private Future<Outcome> call(
      ShardUnit unit, Saga saga, ConnectorCall asked, ConnectorTerms terms) {
    if (saga.phase() == Phase.TOLD) {
      return Future.succeededFuture(Answers.ofPsp(asked, saga.data().getTold()));
    }
    boolean asks = saga.phase() == Phase.ASK || saga.phase() == Phase.AWAIT;
    ConnectorCall sent =
        Answers.withDeadline(
            asks ? Answers.question(asked) : asked, node.clock().now().plus(terms.deadline()));
    // Last, because only this keeps a paused owner from calling the PSP beside its successor.
    if (unit.isDropped() || !unit.lease().isTrusted(node.clock())) {
      return Future.succeededFuture(new Outcome.NotSent());
    }
    return node.bus()
        .askLocal(
            "connector." + saga.data().getConnector(),
            sent,
            OperationResult.getDefaultInstance(),
            terms.deadline())
        .map(
            answer -> {
              CrashPoint.PSP_ANSWERED.reached();
              return Answers.ofPsp(asked, answer);
            })
        .otherwise(failure -> withoutAnswer(failure, asks));
  }

  private Future<Outcome> assess(ShardUnit unit, RiskCall asked) {
    if (unit.isDropped() || !unit.lease().isTrusted(node.clock())) {
      return Future.succeededFuture(new Outcome.NotSent());
    }
    return Assessments.ask(node.bus(), asked).map(assessed -> assessed);
  }

  private static Outcome withoutAnswer(Throwable failure, boolean asks) {
    String message = String.valueOf(failure.getMessage());
    if (!asks && failure instanceof BusException known) {
      return switch (known.failure()) {
        // Certainly nothing was done: nobody was there, or they said so.
        case NO_HANDLERS, BUSY, DRAINING -> new Outcome.Retryable("", message, null);
        case REJECTED -> new Outcome.Mismatch(message);
        case TIMEOUT, NOT_OWNER, UNAVAILABLE, INTERNAL -> new Outcome.Unknown(message);
      };
    }
    return new Outcome.Unknown(message);
  }

  /** Groups of one tenant, decided in this order; the outcome of each. */
  private Future<List<Outcome>> book(
      ShardUnit unit, List<TransferGroup> groups, boolean beforePsp) {
    LedgerRequest request =
        LedgerRequest.newBuilder()
            .setApply(ApplyTransfers.newBuilder().addAllGroups(groups))
            .build();
    String tenant = groups.getFirst().getTenant();
    String address = UnitKind.LEDGER_LANE.address(UnitKind.hash(ledgerLanes, tenant));
    Promise<List<Outcome>> booked = Promise.promise();
    ask(new Booking(unit, groups, request, address, beforePsp, booked), 1);
    return booked.future();
  }

  /** A question to the ledger, until it is answered. */
  private record Booking(
      ShardUnit unit,
      List<TransferGroup> groups,
      LedgerRequest request,
      String address,
      boolean beforePsp,
      Promise<List<Outcome>> booked) {

    /** The same for all groups, because none of them was decided. */
    void fail(Outcome outcome) {
      booked.complete(Collections.nCopies(groups.size(), outcome));
    }
  }

  private void ask(Booking booking, int attempt) {
    if (booking.unit.isDropped()) {
      booking.booked.fail("not ours any more: " + booking.unit.stream());
      return;
    }
    node.bus()
        .ask(booking.address, booking.request, LedgerReply.getDefaultInstance(), LEDGER_ANSWER_MAX)
        .onComplete(
            asked -> {
              if (asked.failed()) {
                again(booking, attempt, asked.cause());
              } else if (asked.result().hasRefusal()) {
                refused(booking, attempt, asked.result());
              } else {
                judge(booking, asked.result());
              }
            });
  }

  private static void judge(Booking booking, LedgerReply reply) {
    int count = booking.groups.size();
    if (reply.getApplied().getGroupsCount() != count) {
      booking.fail(new Outcome.Mismatch("the ledger answered for another number of groups"));
      return;
    }
    List<Outcome> outcomes = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      Outcome refused =
          Answers.ofLedger(
              booking.groups.get(i).getTransfersList(),
              reply.getApplied().getGroups(i).getOutcomesList(),
              booking.beforePsp);
      outcomes.add(refused == null ? NOTHING : refused);
    }
    booking.booked.complete(outcomes);
  }

  private void refused(Booking booking, int attempt, LedgerReply reply) {
    if (reply.getRefusal().getReason() == RefusalReason.REFUSAL_REASON_BUSY) {
      again(booking, attempt, new BusException(BusFailure.BUSY, reply.getRefusal().getMessage()));
    } else {
      booking.fail(new Outcome.Mismatch("the ledger refused: " + reply.getRefusal().getMessage()));
    }
  }

  private void again(Booking booking, int attempt, Throwable failure) {
    boolean moving = failure instanceof BusException known && known.failure().asksAgain();
    if (attempt % LOUD_EVERY == 0) {
      LOG.warn("{} has not answered {} times: {}", booking.address, attempt, failure.toString());
    }
    Duration pause = (moving ? MOVING : AWAY).afterFailures(attempt, ThreadLocalRandom.current());
    vertx.setTimer(Math.max(1, pause.toMillis()), now -> ask(booking, attempt + 1));
  }
}
