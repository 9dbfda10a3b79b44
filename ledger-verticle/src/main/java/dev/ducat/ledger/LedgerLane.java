package dev.ducat.ledger;

import dev.ducat.kernel.bus.BusException;
import dev.ducat.kernel.bus.BusFailure;
import dev.ducat.kernel.lane.LaneActor;
import dev.ducat.kernel.lane.Plan;
import dev.ducat.kernel.lane.Stream;
import dev.ducat.kernel.node.Node;
import dev.ducat.kernel.outbox.OutboxStore;
import dev.ducat.kernel.outbox.StoredEvent;
import dev.ducat.kernel.sql.Await;
import dev.ducat.kernel.sql.SqlFailure;
import io.vertx.core.Future;
import io.vertx.sqlclient.SqlConnection;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The actor that keeps the books of some tenants: decides in memory, writes what it decided. */
final class LedgerLane implements LaneActor<LedgerMessage> {
  /** Lapsed holds released in one batch. */
  private static final int SWEEP_MAX = 500;

  private final Node node;
  private final LedgerSettings settings;
  private final LedgerRules rules;
  private final LedgerChain chain;
  private final Map<String, Books> books = new HashMap<>();

  LedgerLane(Node node, LedgerSettings settings) {
    this.node = node;
    this.settings = settings;
    this.rules = new LedgerRules(node.ids()::next, settings.overdraft());
    this.chain = new LedgerChain(settings.chainKey());
  }

  @Override
  public String streamOf(LedgerMessage message) {
    return message.stream();
  }

  @Override
  public int weight(LedgerMessage message) {
    return switch (message) {
      case LedgerMessage.ApplyTransfers apply -> {
        int transfers = 0;
        for (TransferGroupCommand group : apply.groups()) {
          transfers += group.transfers().size();
        }
        yield Math.max(1, transfers);
      }
      case LedgerMessage.OpenAccount open -> 1;
      case LedgerMessage.CloseAccount close -> 1;
      case LedgerMessage.SealTime seal -> 1;
      case LedgerMessage.SweepHolds sweep -> 1;
    };
  }

  /**
   * Accounts and holds are read when they are needed. Only the time of the last transfer must be
   * known at once, so that times go on growing however the clocks of two owners differ.
   */
  @Override
  public void takeOver(SqlConnection connection, Stream stream) {
    Future<List<StoredEvent>> event =
        OutboxStore.afterPosition(connection, stream.name(), stream.head() - 1, 1);
    Future<LedgerTimeStore.Promised> promised =
        LedgerTimeStore.findPromised(connection, stream.lease().unit());
    Await.result(Future.join(event, promised), settings.answerMax());
    Instant last = promised.result().sealedUntil();
    for (StoredEvent booked : event.result()) {
      Instant bookedAt = booked.event().createdAt();
      last = bookedAt.isAfter(last) ? bookedAt : last;
    }
    books.put(stream.name(), new Books(stream, settings, last, promised.result().sweptUntil()));
  }

  @Override
  public void forget(String stream) {
    books.remove(stream);
  }

  @Override
  public void load(SqlConnection connection, List<LedgerMessage> batch) {
    Set<Books> begun = new HashSet<>();
    Map<TransferKey, Books> ids = new HashMap<>();
    for (LedgerMessage message : batch) {
      Books known = booksOf(message);
      if (begun.add(known)) {
        known.beginBatch();
      }
      if (message instanceof LedgerMessage.SweepHolds) {
        known.learn(findLapsed(connection, known));
      }
      Wanted.ids(message, known, ids);
    }
    if (!ids.isEmpty()) {
      Future<Map<TransferKey, Entry>> transfers =
          LedgerReadStore.findTransfers(connection, ids.keySet());
      Future<Map<TransferKey, Entry>> refusals =
          LedgerReadStore.findRefusals(connection, ids.keySet());
      Await.result(Future.join(transfers, refusals), settings.answerMax());
      transfers.result().forEach((key, entry) -> ownerOf(ids, key).learn(key, entry));
      refusals.result().forEach((key, entry) -> ownerOf(ids, key).learn(key, entry));
    }
    Map<AccountKey, Books> accounts = new HashMap<>();
    for (LedgerMessage message : batch) {
      Wanted.accounts(message, booksOf(message), accounts);
    }
    if (!accounts.isEmpty()) {
      Await.result(
              LedgerReadStore.findAccounts(connection, accounts.keySet()), settings.answerMax())
          .forEach(account -> ownerOf(accounts, account.key()).learn(account));
    }
  }

  @Override
  public Plan decide(List<LedgerMessage> batch) {
    BatchPlan plan = new BatchPlan(node, chain);
    for (LedgerMessage message : batch) {
      switch (message) {
        case LedgerMessage.ApplyTransfers apply -> plan.apply(apply, booksOf(apply), rules);
        case LedgerMessage.OpenAccount open -> plan.open(open, booksOf(open));
        case LedgerMessage.CloseAccount close -> plan.close(close, booksOf(close));
        case LedgerMessage.SealTime seal -> plan.seal(seal, booksOf(seal));
        case LedgerMessage.SweepHolds sweep -> plan.sweep(sweep, booksOf(sweep), rules);
      }
    }
    return plan.finish();
  }

  @Override
  public Plan decideAlone(LedgerMessage culprit, String failure) {
    Plan plan = new Plan();
    plan.afterCommit(
        () ->
            culprit
                .answer()
                .tryFail(
                    new BusException(BusFailure.INTERNAL, "the ledger cannot store this request")));
    return plan;
  }

  /** Every id is looked up before it is decided about, so it cannot be there already. */
  @Override
  public boolean showsStaleMemory(SqlFailure.BadData refusal) {
    return refusal.sqlState().equals("23505");
  }

  @Override
  public void notOwner(LedgerMessage message) {
    message.answer().tryFail(new BusException(BusFailure.NOT_OWNER, message.stream()));
  }

  private Books.Sweep findLapsed(SqlConnection connection, Books known) {
    Instant now = node.clock().now();
    if (!now.isAfter(known.sweptUntil())) {
      return new Books.Sweep(List.of(), known.sweptUntil());
    }
    List<LedgerTimeStore.LapsedHold> found =
        Await.result(
            LedgerTimeStore.findLapsedHolds(
                connection, known.lane(), known.sweptUntil(), now, SWEEP_MAX),
            settings.answerMax());
    Instant until =
        found.size() < SWEEP_MAX
            ? now
            // There may be more that lapsed in the same microsecond.
            : found.getLast().lapsedAt().minus(1, ChronoUnit.MICROS);
    return new Books.Sweep(found.stream().map(LedgerTimeStore.LapsedHold::key).toList(), until);
  }

  private Books booksOf(LedgerMessage message) {
    Books known = books.get(message.stream());
    if (known == null) {
      throw new IllegalStateException("not taken over: " + message.stream());
    }
    return known;
  }

  private static <K> Books ownerOf(Map<K, Books> owners, K key) {
    Books owner = owners.get(key);
    if (owner == null) {
      throw new IllegalStateException("not asked for: " + key);
    }
    return owner;
  }
}
