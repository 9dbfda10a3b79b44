package dev.ducat.ledger;

import dev.ducat.kernel.crash.CrashPoint;
import dev.ducat.kernel.id.IdKind;
import dev.ducat.kernel.lane.Plan;
import dev.ducat.kernel.node.Node;
import dev.ducat.kernel.outbox.OutboxEvent;
import dev.ducat.kernel.outbox.Topics;
import dev.ducat.proto.events.v1.TransferEvent;
import dev.ducat.proto.internal.v1.AppliedTransfers;
import dev.ducat.proto.internal.v1.Doorbell;
import dev.ducat.proto.internal.v1.GroupOutcome;
import dev.ducat.proto.internal.v1.LedgerReply;
import dev.ducat.proto.internal.v1.RefusalReason;
import dev.ducat.proto.internal.v1.TimeSealed;
import dev.ducat.proto.ledger.v1.NewTransfer;
import dev.ducat.proto.ledger.v1.Transfer;
import dev.ducat.proto.ledger.v1.TransferKind;
import dev.ducat.proto.ledger.v1.TransferOutcome;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * One batch of a ledger lane on its way to a plan: a draft per stream, and what goes out once it is
 * committed.
 */
final class BatchPlan {
  static final String DOORBELL = "relay.doorbell";
  private static final String SOURCE = "/ducat/ledger";

  /** The next owner looks through the holds that lapsed since: those of an hour at most. */
  private static final Duration TELL_SWEEP = Duration.ofHours(1);

  /** What is decided about one stream. */
  private static final class StreamDraft {
    final Draft draft;
    byte @Nullable [] chain;
    boolean tellSweep;

    StreamDraft(Books books, Instant now) {
      draft = new Draft(books, now);
      chain = books.stream().chain();
    }
  }

  /** An answer, due after the commit. */
  private record Reply(Promise<LedgerReply> to, LedgerReply reply) {}

  private final Node node;
  private final LedgerChain chain;
  private final Instant now;
  private final Plan plan = new Plan();
  private final Map<Books, StreamDraft> drafts = new LinkedHashMap<>();
  private final List<LedgerWriteStore.TransferRow> transferRows = new ArrayList<>();
  private final List<Reply> replies = new ArrayList<>();
  private final IdentityHashMap<BookedTransfer, Transfer> shown = new IdentityHashMap<>();

  BatchPlan(Node node, LedgerChain chain) {
    this.node = node;
    this.chain = chain;
    this.now = node.clock().now();
  }

  void apply(LedgerMessage.ApplyTransfers message, Books books, LedgerRules rules) {
    StreamDraft stream = draftOf(books);
    AppliedTransfers.Builder applied = AppliedTransfers.newBuilder();
    for (TransferGroupCommand group : message.groups()) {
      int before = stream.draft.booked().size();
      List<Outcome> outcomes = rules.decide(stream.draft, group);
      List<BookedTransfer> booked = stream.draft.booked();
      for (BookedTransfer transfer : booked.subList(before, booked.size())) {
        write(books, stream, transfer, group.traceparent());
      }
      applied.addGroups(show(outcomes));
    }
    reply(message, LedgerReply.newBuilder().setApplied(applied).build());
  }

  void open(LedgerMessage.OpenAccount message, Books books) {
    Draft draft = draftOf(books).draft;
    Account account = draft.account(message.key());
    if (account == null) {
      account =
          Account.opened(
              node.ids().next(), message.key(), message.side(), message.limit(), draft.nextTime());
      draft.keep(account);
    }
    boolean same = account.side() == message.side() && account.limit() == message.limit();
    reply(
        message,
        same
            ? LedgerReply.newBuilder().setAccount(account.toProto()).build()
            : Refusals.reply(
                Refusals.of(
                    RefusalReason.REFUSAL_REASON_ACCOUNT_EXISTS_DIFFERENT,
                    account.side() == message.side() ? "limit" : "normal_side",
                    "the account stands with other properties")));
  }

  /** From the next message on: those of this batch that came before it were decided before it. */
  void close(LedgerMessage.CloseAccount message, Books books) {
    Draft draft = draftOf(books).draft;
    Account account = draft.account(message.key());
    if (account == null) {
      reply(
          message,
          Refusals.reply(
              Refusals.of(
                  RefusalReason.REFUSAL_REASON_ACCOUNT_NOT_FOUND,
                  "name",
                  "there is no account of this name and currency")));
      return;
    }
    if (!account.closed()) {
      account = account.shut();
      draft.keep(account);
    }
    reply(message, LedgerReply.newBuilder().setAccount(account.toProto()).build());
  }

  void seal(LedgerMessage.SealTime message, Books books) {
    draftOf(books).draft.seal(message.time());
    reply(message, LedgerReply.newBuilder().setSealed(TimeSealed.getDefaultInstance()).build());
  }

  /**
   * Releases what the load has found. Each hold by itself: another message may have resolved it.
   */
  void sweep(LedgerMessage.SweepHolds message, Books books, LedgerRules rules) {
    StreamDraft stream = draftOf(books);
    for (TransferKey hold : books.sweep().lapsed()) {
      int before = stream.draft.booked().size();
      rules.decide(stream.draft, expiry(hold));
      List<BookedTransfer> booked = stream.draft.booked();
      for (BookedTransfer transfer : booked.subList(before, booked.size())) {
        write(books, stream, transfer, "");
      }
    }
    boolean tell = !books.sweep().lapsed().isEmpty() || books.shouldTellSweep(TELL_SWEEP);
    stream.tellSweep |= tell;
    plan.afterCommit(() -> books.swept(tell));
    reply(message, LedgerReply.getDefaultInstance());
  }

  private TransferGroupCommand expiry(TransferKey hold) {
    TransferCommand expire =
        new TransferCommand(
            node.ids().next(),
            TransferKind.TRANSFER_KIND_EXPIRE_HOLD,
            "",
            "",
            null,
            "",
            hold.id(),
            false,
            false,
            null,
            "",
            "",
            null,
            NewTransfer.getDefaultInstance());
    return new TransferGroupCommand(hold.tenant(), List.of(expire), true, "");
  }

  /** The plan: everything that was decided, in a handful of statements. */
  Plan finish() {
    List<String> written = new ArrayList<>();
    List<Account> opened = new ArrayList<>();
    List<LedgerWriteStore.ChangedAccount> changed = new ArrayList<>();
    List<Account> closed = new ArrayList<>();
    List<LedgerWriteStore.RefusalRow> refused = new ArrayList<>();
    List<LedgerTimeStore.LaneTimes> times = new ArrayList<>();
    drafts.forEach(
        (books, stream) -> {
          if (stream.draft.isEmpty() && !stream.tellSweep) {
            return;
          }
          if (stream.draft.isSealed() || stream.tellSweep) {
            times.add(
                new LedgerTimeStore.LaneTimes(
                    books.lane(),
                    stream.draft.lastBookedAt(),
                    stream.tellSweep ? books.sweep().until() : Instant.EPOCH));
          }
          written.add(books.stream().name());
          plan.touch(books.stream().name());
          if (stream.chain != null) {
            plan.chain(books.stream().name(), stream.chain);
          }
          for (Account account : stream.draft.accounts()) {
            Account before = books.account(account.key());
            if (before == null) {
              opened.add(account);
            } else {
              if (account.closed() && !before.closed()) {
                closed.add(account);
              }
              changed.add(
                  new LedgerWriteStore.ChangedAccount(account, before.counters().version()));
            }
          }
          stream
              .draft
              .refused()
              .forEach(
                  entry -> refused.add(new LedgerWriteStore.RefusalRow(books.lane(), entry, now)));
          plan.afterCommit(() -> books.takeUp(stream.draft));
        });
    if (!opened.isEmpty()) {
      plan.execute(LedgerWriteStore.insertAccounts(opened));
    }
    if (!changed.isEmpty()) {
      plan.execute(LedgerWriteStore.updateAccounts(changed));
    }
    if (!closed.isEmpty()) {
      plan.execute(LedgerWriteStore.closeAccounts(closed));
    }
    if (!transferRows.isEmpty()) {
      plan.execute(LedgerWriteStore.insertTransfers(transferRows));
    }
    if (!refused.isEmpty()) {
      plan.execute(LedgerWriteStore.insertRefusals(refused));
    }
    if (!times.isEmpty()) {
      plan.execute(LedgerTimeStore.promise(times));
    }
    if (!written.isEmpty()) {
      plan.afterCommit(CrashPoint.LEDGER_COMMITTED::reached);
    }
    plan.afterCommit(() -> replies.forEach(reply -> reply.to().tryComplete(reply.reply())));
    if (!transferRows.isEmpty()) {
      Doorbell news = Doorbell.newBuilder().addAllStreams(written).build();
      plan.afterCommit(() -> node.bus().publish(DOORBELL, news));
    }
    return plan;
  }

  private StreamDraft draftOf(Books books) {
    return drafts.computeIfAbsent(books, key -> new StreamDraft(key, now));
  }

  private void write(Books books, StreamDraft stream, BookedTransfer transfer, String traceparent) {
    byte[] hash = chain.link(stream.chain, transfer);
    stream.chain = hash;
    transferRows.add(new LedgerWriteStore.TransferRow(books.lane(), transfer, Buffer.buffer(hash)));
    plan.append(books.stream().name(), event(transfer, traceparent));
  }

  private OutboxEvent event(BookedTransfer transfer, String traceparent) {
    UUID eventId = node.ids().next();
    String type = "dev.ducat.transfer." + verb(transfer.kind()) + ".v1";
    Transfer content = show(transfer);
    TransferEvent event =
        TransferEvent.newBuilder()
            .setEventId(IdKind.EVENT.text(eventId))
            .setType(type)
            .setOccurTime(content.getTimestamp())
            .setTransfer(content)
            .build();
    return new OutboxEvent(
        eventId,
        Topics.LEDGER,
        content.getTransferId(),
        type,
        SOURCE,
        Buffer.buffer(event.toByteArray()),
        0,
        transfer.tenant(),
        traceparent.isEmpty() ? null : traceparent,
        transfer.bookedAt());
  }

  private static String verb(TransferKind kind) {
    return switch (kind) {
      case TRANSFER_KIND_POST -> "posted";
      case TRANSFER_KIND_HOLD -> "held";
      case TRANSFER_KIND_POST_HOLD -> "hold_posted";
      case TRANSFER_KIND_VOID_HOLD -> "hold_voided";
      case TRANSFER_KIND_EXPIRE_HOLD -> "hold_expired";
      case TRANSFER_KIND_UNSPECIFIED, UNRECOGNIZED ->
          throw new IllegalArgumentException("never booked: " + kind);
    };
  }

  private GroupOutcome show(List<Outcome> outcomes) {
    GroupOutcome.Builder group = GroupOutcome.newBuilder();
    for (Outcome outcome : outcomes) {
      TransferOutcome.Builder shownOutcome =
          TransferOutcome.newBuilder()
              .setTransferId(IdKind.TRANSFER.text(outcome.id()))
              .setResult(outcome.result());
      BookedTransfer transfer = outcome.transfer();
      if (transfer != null) {
        shownOutcome.setTransfer(show(transfer));
      }
      group.addOutcomes(shownOutcome);
    }
    return group.build();
  }

  /** Made once, for the event and for every answer. */
  private Transfer show(BookedTransfer transfer) {
    return shown.computeIfAbsent(transfer, BookedTransfer::toProto);
  }

  private void reply(LedgerMessage message, LedgerReply reply) {
    replies.add(new Reply(message.answer(), reply));
  }
}
