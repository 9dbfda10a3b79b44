package dev.ducat.saga;

import dev.ducat.proto.connector.v1.Done;
import dev.ducat.proto.internal.v1.ConnectorCall;
import dev.ducat.proto.internal.v1.OperatorCommand;
import dev.ducat.proto.operations.v1.ResolveSagaRequest;
import java.util.Optional;
import java.util.Random;

/**
 * People at random, who look things up at the PSP before they state them. About an authorization
 * they may err: that must do no harm.
 */
final class Operators {
  /** Some payments get no attention at all, the others not for ever. */
  private static final int DECISIONS_MAX = 12;

  private final Random random;
  private final SimulatedWorld world;
  private int left;

  Operators(int seed, Random random, SimulatedWorld world) {
    this.random = random;
    this.world = world;
    this.left = seed % 4 == 0 ? 0 : DECISIONS_MAX;
  }

  /** What they decide about a saga, if they look at it at all. */
  Optional<OperatorCommand> attend(Saga saga) {
    boolean parked = saga.phase() == Phase.PARKED;
    int rarely = parked ? 2 : saga.step() == Step.VALIDATE ? 8 : 60;
    if (left == 0 || random.nextInt(rarely) > 0) {
      return Optional.empty();
    }
    left--;
    String id = saga.claim().sagaText();
    OperatorCommand.Builder command = OperatorCommand.newBuilder().setActor("eva");
    switch (random.nextInt(parked ? 6 : 2)) {
      case 0 -> command.getRetryBuilder().setSagaId(id).setReason("again");
      case 1 -> command.getCompensateBuilder().setSagaId(id).setReason("undo it");
      default -> {
        if (!saga.data().getIntent().hasConnectorCall()) {
          command.getRetryBuilder().setSagaId(id).setReason("nothing is wanted of the PSP");
        } else {
          command.setResolve(resolve(saga, id));
        }
      }
    }
    String key = left % 2 == 0 ? "" : "decision-" + left;
    switch (command.getRequestCase()) {
      case RETRY -> command.getRetryBuilder().setIdempotencyKey(key);
      case COMPENSATE -> command.getCompensateBuilder().setIdempotencyKey(key);
      case RESOLVE -> command.getResolveBuilder().setIdempotencyKey(key);
      case REQUEST_NOT_SET -> throw new IllegalStateException("nothing was decided");
    }
    return Optional.of(command.build());
  }

  private ResolveSagaRequest resolve(Saga saga, String id) {
    ConnectorCall call = saga.data().getIntent().getConnectorCall();
    ResolveSagaRequest.Builder stated =
        ResolveSagaRequest.newBuilder()
            .setSagaId(id)
            .setReason("looked up at the PSP")
            .setOperationKey(Answers.keyOf(call));
    int luck = random.nextInt(3);
    if (call.hasVoid()) {
      if (luck == 0) {
        stated.getNeverHappenedBuilder();
      } else {
        world.doByHand(call);
        stated.setDone(done(call));
      }
    } else if (call.hasAuthorize() && random.nextInt(4) == 0) {
      // An error: perhaps it is done.
      stated.getDeclinedBuilder().setReasonCode("NOT_TAKEN");
    } else if (world.isDone(call)) {
      stated.setDone(done(call));
    } else if (luck < 2 && world.isAbsent(call)) {
      stated.getNeverHappenedBuilder();
    } else if (luck < 2 && world.canBeDone(call) && isPrepared(saga)) {
      world.doByHand(call);
      stated.setDone(done(call));
    } else {
      world.refuseForGood(call);
      stated.getDeclinedBuilder().setReasonCode("NOT_TAKEN");
    }
    return stated.build();
  }

  /** A PSP does nothing by itself: what comes before it on the ledger is there. */
  private boolean isPrepared(Saga saga) {
    return !saga.data().getIntent().hasLedgerBefore()
        || world.isHeld(saga.data().getIntent().getLedgerBefore());
  }

  private static Done done(ConnectorCall call) {
    return Done.newBuilder()
        .setConnectorReference("psp-looked-up")
        .setAmount(Answers.amountOf(call))
        .build();
  }
}
