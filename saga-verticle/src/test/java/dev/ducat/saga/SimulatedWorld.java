package dev.ducat.saga;

import dev.ducat.proto.internal.v1.ConnectorCall;
import dev.ducat.proto.internal.v1.Intent;
import dev.ducat.proto.internal.v1.RiskCall;
import dev.ducat.proto.internal.v1.TransferGroup;
import dev.ducat.proto.ledger.v1.NewTransfer;
import dev.ducat.proto.ledger.v1.TransferKind;
import dev.ducat.proto.ledger.v1.TransferResult;
import dev.ducat.proto.payments.v1.NextAction;
import dev.ducat.proto.payments.v1.NextActionType;
import dev.ducat.proto.risk.v1.AssessResponse;
import dev.ducat.proto.risk.v1.Verdict;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A PSP and a ledger that do everything a saga must survive: answers get lost, requests get lost or
 * arrive late (within the quarantine), operations stay pending, the PSP lies. It knows what really
 * happened, independently of the saga.
 */
final class SimulatedWorld {
  /** What the PSP has for an operation key. */
  private enum State {
    DONE,
    DECLINED,
    PENDING
  }

  private record Late(Instant at, ConnectorCall call) {}

  private final Random random;
  private final ConnectorTerms terms;
  private final Map<String, State> operations = new HashMap<>();
  private final Map<String, Integer> effects = new HashMap<>();
  private final List<Late> late = new ArrayList<>();
  private final Map<String, TransferResult> holds = new HashMap<>();
  private final Map<String, Object> bytes = new HashMap<>();
  private final Map<String, String> keys = new HashMap<>();
  private final Map<String, Long> held = new HashMap<>();
  private final Map<String, Long> captures = new HashMap<>();
  private final Set<String> booked = new HashSet<>();
  private final Set<String> refundHolds = new HashSet<>();

  // What the PSP really did.
  private long authorized;
  private long captured;
  private long refunded;
  private boolean voided;

  // What the books say.
  private long posted;
  private long available;
  private long settled;
  private long returned;

  /** Until then no call to the PSP gets through. */
  private Instant pspAwayUntil = Instant.MIN;

  SimulatedWorld(Random random, ConnectorTerms terms) {
    this.random = random;
    this.terms = terms;
  }

  /** What the payer was charged. */
  long charged() {
    return captured;
  }

  /** What the payer got back. */
  long refunded() {
    return refunded;
  }

  /** What the PSP still reserves and did not charge. */
  long reserved() {
    return voided ? 0 : authorized - captured;
  }

  /** Open holds. */
  long held() {
    return held.values().stream().mapToLong(Long::longValue).sum();
  }

  /** What the ledger says was captured. */
  long posted() {
    return posted;
  }

  /** What the ledger says went from pending to available. */
  long settled() {
    return settled;
  }

  /** What the ledger says was given back. */
  long returned() {
    return returned;
  }

  /** A capture of which nobody knows yet may be done, and soon even settled. */
  void goesOn(Saga saga) {
    ConnectorCall call = saga.data().getIntent().getConnectorCall();
    if (call.hasCapture() && !saga.phase().isOver() && isPossible(call)) {
      State state = operations.get(key(call));
      if (state == State.PENDING && random.nextInt(4) == 0) {
        decide(call, State.DONE);
      } else if (state == null && random.nextInt(50) == 0) {
        execute(call);
      }
    }
  }

  /** Whether the PSP authorized under this key, whatever came after. */
  boolean hasAuthorized(String key) {
    return operations.get(key) == State.DONE;
  }

  /** What the PSP took under this key. */
  long capturedBy(String key) {
    return captures.getOrDefault(key, 0L);
  }

  /** Whether a person who looks it up at the PSP finds that it is done. */
  boolean isDone(ConnectorCall call) {
    return operations.get(key(call)) == State.DONE;
  }

  /** Whether a person who looks it up at the PSP finds nothing of it. */
  boolean isAbsent(ConnectorCall call) {
    return !operations.containsKey(key(call));
  }

  /** A person has the PSP refuse it for good: also what is on its way. */
  void refuseForGood(ConnectorCall call) {
    if (isDone(call)) {
      throw new AssertionError("it is done, and nobody can refuse it any more: " + call);
    }
    decide(call, State.DECLINED);
  }

  /** A person has the PSP do it. */
  void doByHand(ConnectorCall call) {
    if (!isDone(call)) {
      decide(call, State.DONE);
    }
  }

  /** Whether the holds of this group are there. */
  boolean isHeld(TransferGroup group) {
    return group.getTransfersList().stream()
        .allMatch(
            transfer ->
                holds.get(transfer.getTransferId()) == TransferResult.TRANSFER_RESULT_CREATED);
  }

  boolean canBeDone(ConnectorCall call) {
    return isDone(call) || isPossible(call);
  }

  Map<String, Integer> effects() {
    return effects;
  }

  void cutPspOff(Instant until) {
    pspAwayUntil = until;
  }

  /** Does what arrives late. */
  void pass(Instant now) {
    late.removeIf(
        one -> {
          if (one.at.isAfter(now)) {
            return false;
          }
          execute(one.call);
          return true;
        });
  }

  /** In the end the PSP does what it still can do of what is pending. */
  void decidePending() {
    for (Object sent : List.copyOf(bytes.values())) {
      ConnectorCall call = (ConnectorCall) sent;
      if (operations.get(key(call)) == State.PENDING && call.hasAuthorize() && isPossible(call)) {
        decide(call, State.DONE);
      }
    }
  }

  /** Whether the PSP tells by itself that this saga's action is done; now and then it lies. */
  boolean reports(Saga saga, Random random) {
    if (!saga.data().getIntent().hasConnectorCall()
        || saga.isVoiding()
        || saga.step() == Step.RECLAIM
        || saga.phase() == Phase.TOLD) {
      return false;
    }
    ConnectorCall call = saga.data().getIntent().getConnectorCall();
    State state = operations.get(key(call));
    Intent intent = saga.data().getIntent();
    if (state == null && intent.hasLedgerBefore() && random.nextInt(100) == 0) {
      // A lie about what was never asked for, and the ledger will not have it.
      String hold = intent.getLedgerBefore().getTransfers(0).getTransferId();
      return holds.putIfAbsent(hold, TransferResult.TRANSFER_RESULT_CREDIT_ACCOUNT_CLOSED) == null;
    }
    if (state == null
        && saga.phase() == Phase.ACT
        && !intent.hasLedgerBefore()
        && random.nextInt(30) == 0) {
      // The report is faster than the answer.
      return execute(call) == State.DONE;
    }
    if (state == State.PENDING && random.nextInt(10) == 0 && isPossible(call)) {
      return decide(call, State.DONE) == State.DONE;
    }
    return state == State.DONE && random.nextInt(3) == 0;
  }

  /** Carries an intent out as {@code Actions} does. */
  Outcome act(Intent intent, Phase phase, Instant now) {
    if (intent.hasRiskCall()) {
      return assess(intent.getRiskCall());
    }
    boolean asks = phase == Phase.ASK || phase == Phase.AWAIT;
    if (intent.hasLedgerBefore() && phase != Phase.AWAIT) {
      Outcome booked = book(intent.getLedgerBefore());
      if (!(booked instanceof Outcome.Done)) {
        return booked;
      }
    }
    Outcome called = new Outcome.Done("", null);
    if (phase == Phase.TOLD) {
      called =
          random.nextInt(50) == 0
              ? new Outcome.Mismatch("another amount")
              : new Outcome.Done("psp-reported", null);
    } else if (intent.hasConnectorCall()) {
      called = asks ? ask(intent.getConnectorCall(), now) : send(intent.getConnectorCall(), now);
    }
    return called instanceof Outcome.Done done && intent.hasLedgerAfter()
        ? bookAfter(done, intent)
        : called;
  }

  private Outcome assess(RiskCall asked) {
    return switch (random.nextInt(10)) {
      case 0 -> new Outcome.NotSent();
      case 1, 2 -> Assessments.silence(asked, "no answer");
      case 3 -> verdict(Verdict.VERDICT_DECLINE);
      case 4 -> verdict(Verdict.VERDICT_REVIEW);
      default -> verdict(Verdict.VERDICT_ALLOW);
    };
  }

  private static Outcome verdict(Verdict verdict) {
    return Assessments.verdict(AssessResponse.newBuilder().setVerdict(verdict).build());
  }

  private Outcome bookAfter(Outcome.Done called, Intent intent) {
    Outcome booked = book(intent.getLedgerAfter());
    if (!(booked instanceof Outcome.Done)) {
      return booked;
    }
    // Now and then the ledger has not taken the settlement: then it is a step by itself.
    boolean settles = intent.hasLedgerSettle() && random.nextInt(4) > 0;
    return settles && book(intent.getLedgerSettle()) instanceof Outcome.Done
        ? new Outcome.Settled(called)
        : called;
  }

  private Outcome send(ConnectorCall call, Instant now) {
    String key = key(call);
    Object before = bytes.putIfAbsent(key, call);
    if (before != null && !before.equals(call)) {
      throw new AssertionError("another request under the key " + key);
    }
    String operation = call.getCallCase() + key.substring(0, key.indexOf('/'));
    if (!key.equals(keys.computeIfAbsent(operation, none -> key))) {
      throw new AssertionError("a second key for the same operation: " + key);
    }
    int luck = random.nextInt(100);
    if (luck < 5) {
      return new Outcome.NotSent();
    }
    if (now.isBefore(pspAwayUntil) || luck < 12) {
      return new Outcome.Unknown("the request was lost");
    }
    if (luck < 17) {
      Duration delay = Duration.ofMillis(random.nextLong(terms.quarantine().toMillis()));
      late.add(new Late(now.plus(delay), call));
      return new Outcome.Unknown("the request is late");
    }
    if (luck < 32 && !operations.containsKey(key)) {
      return new Outcome.Retryable("", "not now", luck % 2 == 0 ? Duration.ofMillis(50) : null);
    }
    Outcome answer = answer(call, execute(call));
    if (luck < 40) {
      return new Outcome.Unknown("the answer was lost");
    }
    return luck < 42 ? new Outcome.Mismatch("another amount") : answer;
  }

  private Outcome ask(ConnectorCall call, Instant now) {
    int luck = random.nextInt(100);
    if (luck < 3) {
      return new Outcome.NotSent();
    }
    if (now.isBefore(pspAwayUntil) || luck < 15) {
      return new Outcome.Unknown("no answer");
    }
    State state = operations.get(key(call));
    if (state == null) {
      return luck < 20 && late.isEmpty()
          ? new Outcome.Retryable("", "it failed without effect", null)
          : new Outcome.NotFound();
    }
    if (state == State.PENDING) {
      if (luck < 25) {
        if (!terms.tombstonesVoid()) {
          // It forgot what it was about to decide.
          operations.remove(key(call));
        }
        return new Outcome.NotFound();
      }
      if (luck < 35) {
        operations.remove(key(call));
        return new Outcome.Retryable("", "it came to nothing", null);
      }
      State end = luck < 65 || !isPossible(call) ? State.DECLINED : State.DONE;
      state = luck < 55 ? State.PENDING : decide(call, end);
    }
    return luck > 97 ? new Outcome.Mismatch("another currency") : answer(call, state);
  }

  private State execute(ConnectorCall call) {
    State known = operations.get(key(call));
    if (known != null) {
      return known;
    }
    int luck = random.nextInt(100);
    if (call.hasVoid()) {
      return decide(call, luck < 3 ? State.DECLINED : luck < 10 ? State.PENDING : State.DONE);
    }
    return decide(
        call,
        luck < 15 || !isPossible(call) ? State.DECLINED : luck < 30 ? State.PENDING : State.DONE);
  }

  private boolean isPossible(ConnectorCall call) {
    return switch (call.getCallCase()) {
      case AUTHORIZE -> !voided;
      case CAPTURE ->
          !voided && captured + call.getCapture().getAmount().getMinorUnits() <= authorized;
      case REFUND -> refunded + call.getRefund().getAmount().getMinorUnits() <= captured;
      default -> true;
    };
  }

  private State decide(ConnectorCall call, State state) {
    operations.put(key(call), state);
    if (call.hasVoid() && state == State.PENDING) {
      // A void is asked for again under its key until it is done.
      operations.remove(key(call));
    }
    if (state == State.DONE) {
      effects.merge(key(call), 1, Integer::sum);
      switch (call.getCallCase()) {
        case AUTHORIZE -> authorized += call.getAuthorize().getAmount().getMinorUnits();
        case CAPTURE -> {
          captured += call.getCapture().getAmount().getMinorUnits();
          captures.put(key(call), call.getCapture().getAmount().getMinorUnits());
        }
        // Without tombstones, a void of what is not there (yet) is soon forgotten.
        case VOID -> voided = terms.tombstonesVoid() || authorized > 0 || voided;
        case REFUND -> refunded += call.getRefund().getAmount().getMinorUnits();
        default -> throw new AssertionError("no such call here: " + call);
      }
    }
    return state;
  }

  private Outcome answer(ConnectorCall call, State state) {
    return switch (state) {
      case DONE -> new Outcome.Done("psp-" + call.getCallCase(), null);
      case DECLINED -> new Outcome.Declined("DECLINED", "no");
      case PENDING ->
          new Outcome.Pending(
              "psp-pending",
              call.hasAuthorize() && random.nextBoolean()
                  ? NextAction.newBuilder()
                      .setType(NextActionType.NEXT_ACTION_TYPE_REDIRECT)
                      .setUrl("https://psp/" + random.nextInt(3))
                      .build()
                  : null);
    };
  }

  private Outcome book(TransferGroup group) {
    for (NewTransfer transfer : group.getTransfersList()) {
      @Nullable Outcome refused = book(transfer);
      if (refused != null) {
        return refused;
      }
    }
    return new Outcome.Done("", null);
  }

  private @Nullable Outcome book(NewTransfer transfer) {
    long amount = transfer.getAmount().getMinorUnits();
    if (transfer.getKind() == TransferKind.TRANSFER_KIND_HOLD) {
      TransferResult pinned =
          holds.computeIfAbsent(transfer.getTransferId(), id -> hold(transfer, amount));
      return pinned == TransferResult.TRANSFER_RESULT_CREATED
          ? null
          : new Outcome.LedgerRefused(pinned);
    }
    if (random.nextInt(200) == 0) {
      return new Outcome.Mismatch("exists with a different amount");
    }
    if (!booked.add(transfer.getTransferId())) {
      return null;
    }
    switch (transfer.getKind()) {
      case TRANSFER_KIND_POST -> {
        if (transfer.getCreditAccount().endsWith(":available")) {
          settled += amount;
          available += amount;
        } else {
          available -= amount;
        }
      }
      case TRANSFER_KIND_POST_HOLD -> {
        Long open = held.remove(transfer.getHoldId());
        if (open == null || open < amount) {
          throw new AssertionError("no hold of " + amount + " to post: " + open);
        }
        if (transfer.getKeepRemainder()) {
          held.put(transfer.getRemainderHoldId(), open - amount);
        }
        if (refundHolds.contains(transfer.getHoldId())) {
          returned += amount;
        } else {
          posted += amount;
        }
      }
      case TRANSFER_KIND_VOID_HOLD -> {
        Long open = held.remove(transfer.getHoldId());
        if (open != null && refundHolds.contains(transfer.getHoldId())) {
          available += open;
        }
      }
      default -> throw new AssertionError("no such transfer here: " + transfer);
    }
    return null;
  }

  private TransferResult hold(NewTransfer transfer, long amount) {
    boolean isRefund = transfer.getDebitAccount().endsWith(":available");
    if (isRefund && amount > available) {
      return TransferResult.TRANSFER_RESULT_EXCEEDS_CREDITS;
    }
    if (random.nextInt(20) == 0) {
      return TransferResult.TRANSFER_RESULT_CREDIT_ACCOUNT_CLOSED;
    }
    if (isRefund) {
      available -= amount;
      refundHolds.add(transfer.getTransferId());
    }
    held.put(transfer.getTransferId(), amount);
    return TransferResult.TRANSFER_RESULT_CREATED;
  }

  private static String key(ConnectorCall call) {
    return Answers.question(call).getGetOperation().getOperationKey();
  }
}
