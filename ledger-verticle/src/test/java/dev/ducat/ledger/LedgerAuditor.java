package dev.ducat.ledger;

import dev.ducat.proto.internal.v1.TransferGroup;
import dev.ducat.proto.ledger.v1.NewTransfer;
import dev.ducat.proto.ledger.v1.TransferKind;
import dev.ducat.proto.type.v1.Money;
import java.math.BigInteger;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The contract of ledger_service.proto, told a second time in another way: every result that
 * applies is collected, and the smallest is the answer. Amounts are exact, and nothing is shared
 * with the ledger but the messages.
 */
final class LedgerAuditor {
  private static final BigInteger MAX = BigInteger.valueOf(Long.MAX_VALUE);

  /** An account: debits and credits posted, debits and credits held. */
  private record Tally(
      BigInteger dp, BigInteger cp, BigInteger dh, BigInteger ch, String limit, boolean closed) {
    Tally plus(long dPosted, long cPosted, long dHeld, long cHeld) {
      return new Tally(
          dp.add(BigInteger.valueOf(dPosted)),
          cp.add(BigInteger.valueOf(cPosted)),
          dh.add(BigInteger.valueOf(dHeld)),
          ch.add(BigInteger.valueOf(cHeld)),
          limit,
          closed);
    }

    boolean overflows() {
      return dp.add(dh).compareTo(MAX) > 0 || cp.add(ch).compareTo(MAX) > 0;
    }

    boolean overdrawn() {
      return limit.equals("credits") && dp.add(dh).compareTo(cp) > 0;
    }

    boolean overfilled() {
      return limit.equals("debits") && cp.add(ch).compareTo(dp) > 0;
    }
  }

  private record Hold(
      String debit, String credit, long amount, @Nullable Instant expires, int end) {}

  private record Failure(NewTransfer request, int result) {}

  /** All that is known; copied before a chain, put back when it fails. */
  private record State(
      Map<String, Tally> accounts, Map<String, Hold> holds, Map<String, NewTransfer> booked) {
    State copy() {
      return new State(new TreeMap<>(accounts), new HashMap<>(holds), new HashMap<>(booked));
    }
  }

  private State state = new State(new TreeMap<>(), new HashMap<>(), new HashMap<>());
  private final Map<String, Failure> failed = new HashMap<>();
  private final TreeSet<String> voided = new TreeSet<>();

  void open(String name, String limit) {
    BigInteger none = BigInteger.ZERO;
    state.accounts.put(name, new Tally(none, none, none, none, limit, false));
  }

  void close(String name) {
    Tally t = state.accounts.remove(name);
    if (t != null) {
      state.accounts.put(name, new Tally(t.dp, t.cp, t.dh, t.ch, t.limit, true));
    }
  }

  /** Account by account: name and the four counters. */
  List<String> balances() {
    List<String> lines = new ArrayList<>();
    state.accounts.forEach(
        (name, t) -> lines.add(name + " " + t.dp + " " + t.cp + " " + t.dh + " " + t.ch));
    return lines;
  }

  /** Open holds whose time is over. */
  List<String> lapsed(Instant now) {
    return state.holds.entrySet().stream()
        .filter(h -> h.getValue().end == 0 && isOver(h.getValue(), now))
        .map(Map.Entry::getKey)
        .sorted()
        .toList();
  }

  void expire(String holdId) {
    end(holdId, 53, 0);
  }

  /** Results by number, in the order of the group. */
  List<Integer> apply(TransferGroup group, Instant now) {
    List<Integer> results = new ArrayList<>();
    List<NewTransfer> chain = new ArrayList<>();
    int count = group.getTransfersCount();
    for (int i = 0; i < count; i++) {
      NewTransfer transfer = group.getTransfers(i);
      chain.add(transfer);
      boolean linked = group.getAtomic() ? i < count - 1 : transfer.getLinked();
      if (!linked || i == count - 1) {
        results.addAll(applyChain(chain, group.getPlatform(), now, linked));
        chain.clear();
      }
    }
    return results;
  }

  private List<Integer> applyChain(
      List<NewTransfer> chain, boolean platform, Instant now, boolean open) {
    State before = chain.size() > 1 || open ? state.copy() : state;
    List<Integer> results = new ArrayList<>();
    int culprit = -1;
    for (int i = 0; i < chain.size() && culprit < 0; i++) {
      int result = open ? 20 : decide(chain.get(i), platform, now);
      if (result == 1) {
        book(chain.get(i));
      }
      results.add(result);
      culprit = result > 2 ? i : -1;
    }
    if (culprit < 0) {
      return results;
    }
    boolean unseen = !state.booked.containsKey(chain.get(culprit).getHoldId());
    state = before;
    if (!open) {
      pin(chain.get(culprit), results.get(culprit), unseen);
    }
    for (int i = 0; i < chain.size(); i++) {
      if (i != culprit || open) {
        int known = isKnown(chain.get(i)) ? knownAs(chain.get(i)) : 99;
        int result = Math.min(known, open ? 20 : 21);
        if (i < results.size()) {
          results.set(i, result);
        } else {
          results.add(result);
        }
      }
    }
    return results;
  }

  private void pin(NewTransfer t, int result, boolean unseen) {
    boolean ofTheWorld =
        result == 40
            || result == 41
            || result == 50
            || result == 60
            || result == 61
            || result == 71
            || result == 72;
    if (!ofTheWorld || isKnown(t)) {
      return;
    }
    failed.put(t.getTransferId(), new Failure(t, result));
    String hold = t.getHoldId();
    boolean free = unseen && !state.booked.containsKey(hold) && !failed.containsKey(hold);
    if (result == 50 && t.getKind() == TransferKind.TRANSFER_KIND_VOID_HOLD && free) {
      voided.add(hold);
    }
  }

  private boolean isKnown(NewTransfer t) {
    String id = t.getTransferId();
    return state.booked.containsKey(id) || failed.containsKey(id) || voided.contains(id);
  }

  private int knownAs(NewTransfer t) {
    NewTransfer booked = state.booked.get(t.getTransferId());
    if (booked != null) {
      return differences(spelledOut(t), booked, 2);
    }
    Failure failure = failed.get(t.getTransferId());
    if (failure != null) {
      return differences(t, failure.request, failure.result);
    }
    return t.getKind() == TransferKind.TRANSFER_KIND_HOLD ? 22 : 10;
  }

  private static int differences(NewTransfer a, NewTransfer b, int same) {
    TreeSet<Integer> found = new TreeSet<>();
    found.add(a.getKind() == b.getKind() ? 99 : 10);
    found.add(a.getHoldId().equals(b.getHoldId()) ? 99 : 11);
    found.add(a.getDebitAccount().equals(b.getDebitAccount()) ? 99 : 12);
    found.add(a.getCreditAccount().equals(b.getCreditAccount()) ? 99 : 13);
    found.add(a.hasAmount() == b.hasAmount() && a.getAmount().equals(b.getAmount()) ? 99 : 14);
    boolean sameRest =
        a.getKeepRemainder() == b.getKeepRemainder()
            && a.getRemainderHoldId().equals(b.getRemainderHoldId());
    found.add(sameRest ? 99 : 15);
    found.add(a.getHoldExpireTime().equals(b.getHoldExpireTime()) ? 99 : 16);
    found.add(a.getReference().equals(b.getReference()) ? 99 : 17);
    found.add(a.getDescription().equals(b.getDescription()) ? 99 : 18);
    return found.first() == 99 ? same : found.first();
  }

  /** A resolution with what it leaves open taken from its hold. */
  private NewTransfer spelledOut(NewTransfer t) {
    Hold hold = state.holds.get(t.getHoldId());
    if (hold == null) {
      return t;
    }
    NewTransfer.Builder full = t.toBuilder();
    if (t.getDebitAccount().isEmpty()) {
      full.setDebitAccount(hold.debit);
    }
    if (t.getCreditAccount().isEmpty()) {
      full.setCreditAccount(hold.credit);
    }
    if (!t.hasAmount()) {
      full.setAmount(Money.newBuilder().setCurrencyCode("EUR").setMinorUnits(hold.amount));
    }
    return full.build();
  }

  private static boolean isOver(Hold hold, Instant now) {
    return hold.expires != null && !hold.expires.isAfter(now);
  }

  private static boolean reserved(String name) {
    return name.matches("(psp_receivable|merchant):.*|fees");
  }

  /** 1 when it can be booked. */
  private int decide(NewTransfer t, boolean platform, Instant now) {
    if (isKnown(t)) {
      return knownAs(t);
    }
    TreeSet<Integer> objections = new TreeSet<>();
    boolean resolution = !t.getHoldId().isEmpty();
    long amount = t.getAmount().getMinorUnits();
    if (amount <= 0 && (t.hasAmount() || !resolution)) {
      objections.add(30);
    }
    if (!t.getDebitAccount().isEmpty() && t.getDebitAccount().equals(t.getCreditAccount())) {
      objections.add(31);
    }
    if (!platform && (reserved(t.getDebitAccount()) || reserved(t.getCreditAccount()))) {
      objections.add(32);
    }
    if (resolution) {
      objectToResolution(t, platform, now, objections);
    } else {
      objectToMove(t, platform, objections);
    }
    return objections.isEmpty() ? 1 : objections.first();
  }

  private void objectToResolution(
      NewTransfer t, boolean platform, Instant now, Set<Integer> objections) {
    Hold hold = state.holds.get(t.getHoldId());
    if (hold == null) {
      objections.add(50);
      return;
    }
    if (!platform && (reserved(hold.debit) || reserved(hold.credit))) {
      objections.add(32);
    }
    if (hold.end != 0) {
      objections.add(hold.end);
    } else if (isOver(hold, now)) {
      objections.add(53);
    }
    NewTransfer full = spelledOut(t);
    if (!full.getDebitAccount().equals(hold.debit)
        || !full.getCreditAccount().equals(hold.credit)) {
      objections.add(54);
    }
    if (!full.getAmount().getCurrencyCode().equals("EUR")) {
      objections.add(55);
    }
    if (full.getAmount().getMinorUnits() > hold.amount) {
      objections.add(56);
    }
    String rest = t.getRemainderHoldId();
    boolean taken =
        state.booked.containsKey(rest)
            || failed.containsKey(rest)
            || voided.contains(rest)
            || rest.equals(t.getTransferId());
    if (!rest.isEmpty() && taken) {
      objections.add(57);
    }
  }

  private void objectToMove(NewTransfer t, boolean platform, Set<Integer> objections) {
    boolean euros = t.getAmount().getCurrencyCode().equals("EUR");
    Tally debit = euros ? account(t.getDebitAccount(), platform) : null;
    Tally credit = euros ? account(t.getCreditAccount(), platform) : null;
    if (debit == null) {
      objections.add(40);
    }
    if (credit == null) {
      objections.add(41);
    }
    if (debit == null || credit == null) {
      return;
    }
    if (debit.closed) {
      objections.add(60);
    }
    if (credit.closed) {
      objections.add(61);
    }
    long amount = t.getAmount().getMinorUnits();
    Tally debited = debit.plus(amount, 0, 0, 0);
    Tally credited = credit.plus(0, amount, 0, 0);
    // Whether it is posted or held makes no difference to either question.
    if (debited.overflows() || credited.overflows()) {
      objections.add(70);
    }
    if (debited.overdrawn()) {
      objections.add(71);
    }
    if (credited.overfilled()) {
      objections.add(72);
    }
  }

  private @Nullable Tally account(String name, boolean platform) {
    Tally there = state.accounts.get(name);
    if (there != null || !platform) {
      return there;
    }
    BigInteger none = BigInteger.ZERO;
    if (name.matches("wallet:.*|merchant:.*:available")) {
      return new Tally(none, none, none, none, "credits", false);
    }
    return name.matches("psp_receivable:.*|merchant:.*:pending|fees")
        ? new Tally(none, none, none, none, "", false)
        : null;
  }

  private void book(NewTransfer t) {
    if (!t.getHoldId().isEmpty()) {
      resolve(t);
      return;
    }
    long amount = t.getAmount().getMinorUnits();
    boolean held = t.getKind() == TransferKind.TRANSFER_KIND_HOLD;
    move(t.getDebitAccount(), t.getCreditAccount(), held ? 0 : amount, held ? amount : 0);
    state.booked.put(t.getTransferId(), t);
    if (held) {
      Instant expires =
          t.hasHoldExpireTime()
              ? Instant.ofEpochSecond(
                  t.getHoldExpireTime().getSeconds(), t.getHoldExpireTime().getNanos())
              : null;
      state.holds.put(
          t.getTransferId(),
          new Hold(t.getDebitAccount(), t.getCreditAccount(), amount, expires, 0));
    }
  }

  private void resolve(NewTransfer t) {
    NewTransfer full = spelledOut(t);
    Hold hold = state.holds.get(t.getHoldId());
    if (hold == null) {
      throw new AssertionError("no hold " + t);
    }
    boolean post = t.getKind() == TransferKind.TRANSFER_KIND_POST_HOLD;
    long amount = full.getAmount().getMinorUnits();
    end(t.getHoldId(), post ? 51 : 52, post ? amount : 0);
    state.booked.put(t.getTransferId(), full);
    long rest = hold.amount - amount;
    if (t.getKeepRemainder() && rest > 0) {
      move(hold.debit, hold.credit, 0, rest);
      String id = t.getRemainderHoldId();
      NewTransfer original = state.booked.get(t.getHoldId());
      if (original == null) {
        throw new AssertionError("no hold " + t);
      }
      Money left = Money.newBuilder().setCurrencyCode("EUR").setMinorUnits(rest).build();
      state.booked.put(id, original.toBuilder().setTransferId(id).setAmount(left).build());
      state.holds.put(id, new Hold(hold.debit, hold.credit, rest, hold.expires, 0));
    }
  }

  private void end(String id, int how, long posted) {
    Hold hold = state.holds.get(id);
    if (hold == null) {
      throw new AssertionError("no hold " + id);
    }
    move(hold.debit, hold.credit, posted, -hold.amount);
    state.holds.put(id, new Hold(hold.debit, hold.credit, hold.amount, hold.expires, how));
  }

  private void move(String debit, String credit, long posted, long held) {
    Tally from = account(debit, true);
    Tally to = account(credit, true);
    if (from == null || to == null) {
      throw new AssertionError("no account " + debit + " or " + credit);
    }
    state.accounts.put(debit, from.plus(posted, 0, held, 0));
    state.accounts.put(credit, to.plus(0, posted, 0, held));
  }
}
