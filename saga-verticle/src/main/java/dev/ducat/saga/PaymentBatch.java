package dev.ducat.saga;

import dev.ducat.kernel.id.Ids;
import dev.ducat.kernel.id.PaymentId;
import dev.ducat.kernel.lane.Plan;
import dev.ducat.proto.internal.v1.CreatePaymentCommand;
import dev.ducat.proto.internal.v1.Doorbell;
import dev.ducat.proto.internal.v1.Refusal;
import dev.ducat.proto.internal.v1.RefusalReason;
import dev.ducat.proto.internal.v1.ShardReply;
import dev.ducat.proto.payments.v1.CaptureMode;
import dev.ducat.proto.payments.v1.CreatePaymentRequest;
import dev.ducat.saga.PaymentBook.Live;
import dev.ducat.saga.PaymentLoadStore.Known;
import dev.ducat.saga.PaymentMessage.Create;
import dev.ducat.saga.PaymentMessage.Due;
import dev.ducat.saga.PaymentMessage.Returned;
import dev.ducat.saga.PaymentStore.AttemptMade;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * One batch of a payment lane on its way to a commit: what its messages make of memory, without
 * touching it. Later messages see what earlier ones decided.
 */
final class PaymentBatch {
  /** A saga that this batch writes: as committed before (null: new), and as it will be. */
  private static final class Work {
    final @Nullable Live before;
    Live after;

    Work(@Nullable Live before, Live after) {
      this.before = before;
      this.after = after;
    }
  }

  /** Someone who is answered with a saga's payment, now or when it rests. */
  record Registration(Create create, UUID sagaId, boolean replayed) {}

  /** An answer that is ready. */
  record Reply(Create create, ShardReply answer) {}

  private record Told(String stream, Claim claim, Decision decision) {}

  private final PaymentBook book;
  private final PaymentSaga sagas;
  private final SagaSettings settings;
  private final Ids ids;
  private final Instant now;

  private final Map<UUID, Work> works = new LinkedHashMap<>();
  private final Map<PaymentBook.Key, UUID> newKeys = new HashMap<>();
  private final List<Told> told = new ArrayList<>();
  private final List<AttemptMade> attempts = new ArrayList<>();
  private final List<Registration> registrations = new ArrayList<>();
  private final List<Reply> replies = new ArrayList<>();
  private final List<Live> due = new ArrayList<>();
  private final List<Create> impatient = new ArrayList<>();
  private final List<ShardUnit> ended = new ArrayList<>();

  PaymentBatch(PaymentBook book, PaymentSaga sagas, SagaSettings settings, Ids ids, Instant now) {
    this.book = book;
    this.sagas = sagas;
    this.settings = settings;
    this.ids = ids;
    this.now = now;
  }

  // ---- messages

  /**
   * A client wants a payment.
   *
   * @param known what the table says about its key, where memory says nothing
   * @param version definition version of what is begun
   */
  void create(Create create, @Nullable Known known, int version) {
    ended.add(create.unit());
    Live live = find(new PaymentBook.Key(create.tenant(), create.key()));
    CreatePaymentCommand command = create.request().getCreate();
    if (live != null) {
      Claim claim = live.saga().claim();
      if (claim.fingerprint().equals(command.getFingerprint())) {
        registrations.add(new Registration(create, live.id(), true));
      } else {
        reply(create, reused(Canonical.firstDifference(claim.canonical(), command.getCanonical())));
      }
    } else if (known != null) {
      if (known.fingerprint().equals(command.getFingerprint())) {
        replies.add(new Reply(create, answer(known.standing(), true, create)));
      } else {
        reply(create, reused(Canonical.firstDifference(known.canonical(), command.getCanonical())));
      }
    } else {
      begin(create, command, version);
    }
  }

  private void begin(Create create, CreatePaymentCommand command, int version) {
    CreatePaymentRequest request = command.getRequest();
    if (!request.getConnector().isEmpty()
        && !settings.connectors().containsKey(request.getConnector())) {
      reply(create, invalid("connector", "no connector of this name is configured"));
      return;
    }
    if (request.getCaptureMode() == CaptureMode.CAPTURE_MODE_MANUAL) {
      reply(create, invalid("capture_mode", "this version captures automatically only"));
      return;
    }
    int shard = create.unit().shard();
    PaymentId payment = ids.nextPayment(shard);
    Claim claim =
        new Claim(
            // One id for both: whoever knows the payment finds its saga.
            payment.uuid(),
            SagaKind.PAYMENT,
            version,
            create.tenant(),
            shard,
            payment,
            create.key(),
            now.plus(settings.keyLife()),
            command.getCanonical(),
            command.getFingerprint(),
            create.request().getTraceparent(),
            now);
    Decision decision = sagas.start(claim, request, now, ThreadLocalRandom.current());
    Live live = new Live(create.unit(), decision.saga(), decision.standing());
    works.put(live.id(), new Work(null, live));
    newKeys.put(live.key(), live.id());
    told.add(new Told(create.unit().stream(), claim, decision));
    registrations.add(new Registration(create, live.id(), false));
  }

  /** An action came back. */
  void returned(Returned returned) {
    ended.add(returned.unit());
    Live live = find(returned.sagaId());
    if (live == null || live.saga().version() != returned.version()) {
      // The saga has gone on without it: a late answer of an action that was asked about in the
      // meantime.
      return;
    }
    take(
        live,
        sagas.decide(
            live.saga(), live.standing(), returned.outcome(), now, ThreadLocalRandom.current()),
        returned);
  }

  /** An outcome that cannot be recorded as it is: the saga stops for a person. */
  void park(Returned returned, String why) {
    ended.add(returned.unit());
    Live live = find(returned.sagaId());
    if (live != null && live.saga().version() == returned.version()) {
      take(
          live,
          sagas.park(live.saga(), live.standing(), why, now, ThreadLocalRandom.current()),
          returned);
    }
  }

  private void take(Live live, Decision decision, Returned returned) {
    Live after = new Live(live.unit(), decision.saga(), decision.standing());
    Work work = works.get(live.id());
    if (work == null) {
      works.put(live.id(), new Work(live, after));
    } else {
      work.after = after;
    }
    Claim claim = live.saga().claim();
    told.add(new Told(live.unit().stream(), claim, decision));
    for (Decision.Attempt attempt : decision.attempts()) {
      attempts.add(new AttemptMade(claim, attempt, returned.started(), returned.took()));
    }
  }

  /** A timer: the saga goes on from where it is, which needs no commit. */
  void due(Due message) {
    Live live = find(message.sagaId());
    if (live != null && live.saga().version() == message.version() && live.isUnfinished()) {
      due.add(live);
    }
  }

  void waitOver(Create create) {
    impatient.add(create);
  }

  // ---- the commit

  Plan plan(PaymentEvents events) {
    Plan plan = new Plan();
    for (Told tale : told) {
      plan.touch(tale.stream);
      for (Decision.Event event : tale.decision.events()) {
        plan.append(tale.stream, events.event(tale.claim, event, now));
      }
      for (Decision.Audit audit : tale.decision.audits()) {
        plan.append(tale.stream, events.audit(tale.claim, audit, now));
      }
    }
    List<PaymentStore.Created> created = new ArrayList<>();
    List<PaymentStore.Changed> changed = new ArrayList<>();
    for (Work work : works.values()) {
      Live before = work.before;
      if (before == null) {
        created.add(new PaymentStore.Created(work.after.saga(), work.after.standing()));
      } else {
        boolean same = before.standing().equals(work.after.standing());
        changed.add(
            new PaymentStore.Changed(
                before.saga().version(),
                work.after.saga(),
                before.standing().payment().getVersion(),
                same ? null : work.after.standing()));
      }
    }
    PaymentStore.write(plan, created, changed, attempts, now);
    return plan;
  }

  // ---- after the commit

  List<Live> changed() {
    return works.values().stream().map(work -> work.after).toList();
  }

  List<Decision> decisions() {
    return told.stream().map(Told::decision).toList();
  }

  List<Registration> registrations() {
    return registrations;
  }

  List<Reply> replies() {
    return replies;
  }

  /** Those whose timer has come, unless something else happened to them in this batch. */
  List<Live> due() {
    return due.stream().filter(live -> !works.containsKey(live.id())).toList();
  }

  List<Create> impatient() {
    return impatient;
  }

  /** One entry for each message that was counted as going on. */
  List<ShardUnit> ended() {
    return ended;
  }

  /** The streams that have news. */
  Optional<Doorbell> doorbell() {
    Set<String> streams = new LinkedHashSet<>();
    told.stream()
        .filter(tale -> !tale.decision.events().isEmpty() || !tale.decision.audits().isEmpty())
        .forEach(tale -> streams.add(tale.stream));
    return streams.isEmpty()
        ? Optional.empty()
        : Optional.of(Doorbell.newBuilder().addAllStreams(streams).build());
  }

  /** The answer to a client: the payment as it stands. */
  static ShardReply answer(Standing standing, boolean replayed, Create create) {
    return ShardReply.newBuilder()
        .setPayment(standing.payment())
        .setReplayed(replayed)
        .setAtRest(standing.resting())
        .setFingerprint(create.request().getCreate().getFingerprint())
        .build();
  }

  private void reply(Create create, Refusal refusal) {
    replies.add(new Reply(create, ShardReply.newBuilder().setRefusal(refusal).build()));
  }

  private static Refusal reused(String field) {
    return Refusal.newBuilder()
        .setReason(RefusalReason.REFUSAL_REASON_IDEMPOTENCY_KEY_REUSED)
        .setMessage("this idempotency key was used with another request")
        .setField(field)
        .build();
  }

  private static Refusal invalid(String field, String message) {
    return Refusal.newBuilder()
        .setReason(RefusalReason.REFUSAL_REASON_INVALID_ARGUMENT)
        .setMessage(message)
        .setField(field)
        .build();
  }

  private @Nullable Live find(PaymentBook.Key key) {
    UUID id = newKeys.get(key);
    if (id != null) {
      return find(id);
    }
    Live live = book.find(key);
    return live == null ? null : find(live.id());
  }

  private @Nullable Live find(UUID sagaId) {
    Work work = works.get(sagaId);
    return work == null ? book.find(sagaId) : work.after;
  }
}
