package dev.ducat.saga;

import com.google.protobuf.ByteString;
import dev.ducat.kernel.id.IdKind;
import dev.ducat.kernel.id.Ids;
import dev.ducat.kernel.id.PaymentId;
import dev.ducat.kernel.lane.Plan;
import dev.ducat.proto.connector.v1.OperationResult;
import dev.ducat.proto.internal.v1.CreatePaymentCommand;
import dev.ducat.proto.internal.v1.Doorbell;
import dev.ducat.proto.internal.v1.OperationCommand;
import dev.ducat.proto.internal.v1.OperatorCommand;
import dev.ducat.proto.internal.v1.Refusal;
import dev.ducat.proto.internal.v1.ReportCommand;
import dev.ducat.proto.internal.v1.ShardReply;
import dev.ducat.proto.payments.v1.CreatePaymentRequest;
import dev.ducat.saga.PaymentBook.Live;
import dev.ducat.saga.PaymentLoadStore.Found;
import dev.ducat.saga.PaymentLoadStore.Known;
import dev.ducat.saga.PaymentLoadStore.Loaded;
import dev.ducat.saga.PaymentMessage.Asking;
import dev.ducat.saga.PaymentMessage.Attend;
import dev.ducat.saga.PaymentMessage.Create;
import dev.ducat.saga.PaymentMessage.Due;
import dev.ducat.saga.PaymentMessage.Nudge;
import dev.ducat.saga.PaymentMessage.Operate;
import dev.ducat.saga.PaymentMessage.Report;
import dev.ducat.saga.PaymentMessage.Returned;
import dev.ducat.saga.PaymentStore.AttemptMade;
import io.vertx.core.Promise;
import java.time.Duration;
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
    final ShardUnit unit;
    final @Nullable Saga before;
    Saga after;

    Work(ShardUnit unit, @Nullable Saga before, Saga after) {
      this.unit = unit;
      this.before = before;
      this.after = after;
    }
  }

  /** A payment that this batch may write, the same way. */
  private static final class Touched {
    final Claim claim;
    final @Nullable Standing before;
    Standing after;

    Touched(Claim claim, @Nullable Standing before, Standing after) {
      this.claim = claim;
      this.before = before;
      this.after = after;
    }
  }

  /** Someone who is answered about a saga, now or when it rests. */
  record Registration(Asking asking, UUID sagaId, boolean replayed) {}

  /** An answer that is ready. */
  record Reply(Promise<ShardReply> to, ShardReply answer) {}

  /** For a person, without anything that changes. */
  private record Noted(String stream, Claim claim, Decision.Audit audit) {}

  private record Told(String stream, Claim claim, Decision decision) {}

  private final PaymentBook book;
  private final PaymentSaga sagas;
  private final SagaSettings settings;
  private final Ids ids;
  private final Instant now;
  private final VelocityCount velocity;

  private final Map<UUID, Work> works = new LinkedHashMap<>();
  private final Map<UUID, Touched> payments = new LinkedHashMap<>();
  private final Map<PaymentBook.Key, UUID> newKeys = new HashMap<>();
  private final List<Told> told = new ArrayList<>();
  private final List<Noted> audits = new ArrayList<>();
  private final List<AttemptMade> attempts = new ArrayList<>();
  private final List<Registration> registrations = new ArrayList<>();
  private final List<Reply> replies = new ArrayList<>();
  private final List<Live> due = new ArrayList<>();
  private final List<Asking> impatient = new ArrayList<>();
  private final List<ShardUnit> ended = new ArrayList<>();

  /**
   * @param used what is counted already in the windows of velocity limits
   */
  PaymentBatch(
      PaymentBook book,
      PaymentSaga sagas,
      SagaSettings settings,
      Ids ids,
      Instant now,
      Map<Limits.Window, Long> used) {
    this.velocity = new VelocityCount(settings.limits(), used);
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
    if (joined(create)) {
      return;
    }
    if (known == null) {
      begin(create, create.request().getCreate(), version);
    } else if (isSame(create, known.canonical(), known.fingerprint())) {
      UUID paymentId = known.standing().uuid();
      Standing newest = payment(paymentId);
      Standing standing = newest == null ? known.standing() : newest;
      replies.add(new Reply(create.reply(), Answer.of(standing, standing.resting(), true, create)));
    }
  }

  /** Whether the key is at work in memory: the same request joins, another one is refused. */
  private boolean joined(Asking asking) {
    Live live = find(asking.key());
    if (live == null) {
      return false;
    }
    Claim claim = live.saga().claim();
    if (isSame(asking, claim.canonical(), claim.fingerprint())) {
      registrations.add(new Registration(asking, live.id(), true));
    }
    return true;
  }

  /** Whether it is the request that the key was first used with; if not, it is refused. */
  private boolean isSame(Asking asking, ByteString canonical, ByteString fingerprint) {
    boolean same = fingerprint.equals(asking.fingerprint());
    if (!same) {
      reply(asking, Answer.reused(Canonical.firstDifference(asking, canonical)));
    }
    return same;
  }

  private void begin(Create create, CreatePaymentCommand command, int version) {
    CreatePaymentRequest request = command.getRequest();
    Refusal refusal = Validation.refusalOf(request, settings);
    if (refusal != null) {
      reply(create, refusal);
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
            request.getIdempotencyKey(),
            now.plus(settings.keyLife()),
            command.getCanonical(),
            command.getFingerprint(),
            create.request().getTraceparent(),
            now);
    Decision decision = sagas.start(claim, request, velocity, now, ThreadLocalRandom.current());
    payments.put(claim.paymentId().uuid(), new Touched(claim, null, decision.standing()));
    begun(create, claim, decision);
  }

  private void begun(Asking asking, Claim claim, Decision decision) {
    works.put(claim.sagaId(), new Work(asking.unit(), null, decision.saga()));
    newKeys.put(asking.key(), claim.sagaId());
    told.add(new Told(asking.unit().stream(), claim, decision));
    registrations.add(new Registration(asking, claim.sagaId(), false));
  }

  /**
   * A client wants something done about a payment.
   *
   * @param found the payment with its sagas, as the tables have it
   * @param version definition version of what is begun
   */
  void operate(Operate operate, @Nullable Found found, int version) {
    ended.add(operate.unit());
    if (joined(operate)) {
      return;
    }
    // The id only routes: a forged shard ends here, like an id that never was.
    if (found == null || found.shard() != operate.unit().shard()) {
      reply(operate, Answer.notFound());
      return;
    }
    UUID paymentId = operate.paymentId().uuid();
    Standing newest = payment(paymentId);
    Standing standing = newest == null ? found.standing() : newest;
    for (Saga saga : found.sagas()) {
      if (PaymentBook.Key.of(saga.claim()).equals(operate.key())) {
        if (isSame(operate, saga.claim().canonical(), saga.claim().fingerprint())) {
          Live live = new Live(operate.unit(), newest(saga), standing);
          replies.add(new Reply(operate.reply(), Answer.of(live, true, operate)));
        }
        return;
      }
    }
    OperationRules.Verdict verdict =
        OperationRules.judge(
            operate.command(),
            standing,
            sagasOf(paymentId, found),
            IdKind.REFUND.text(ids.next()),
            now);
    switch (verdict) {
      case OperationRules.Refuse refuse -> reply(operate, refuse.refusal());
      case OperationRules.Begin begin -> begin(operate, standing, begin, version);
    }
  }

  private void begin(Operate operate, Standing standing, OperationRules.Begin begin, int version) {
    Claim claim =
        new Claim(
            ids.next(),
            OperationRules.kindOf(operate.command()),
            version,
            operate.tenant(),
            operate.unit().shard(),
            operate.paymentId(),
            OperationRules.keyOf(operate.command()),
            now.plus(settings.keyLife()),
            operate.canonical(),
            operate.fingerprint(),
            operate.request().getTraceparent(),
            now);
    Decision decision =
        sagas.operate(
            claim, begin.data(), standing, begin.open(), now, ThreadLocalRandom.current());
    Saga open = begin.open();
    if (open != null) {
      works.computeIfAbsent(open.claim().sagaId(), none -> new Work(operate.unit(), open, open));
    }
    stand(claim, standing, decision.standing());
    begun(operate, claim, decision);
    others(operate.unit(), decision);
  }

  /** All sagas of a payment, as this batch leaves them. */
  private List<Saga> sagasOf(UUID paymentId, Found found) {
    Map<UUID, Saga> all = new LinkedHashMap<>();
    found.sagas().forEach(saga -> all.put(saga.claim().sagaId(), newest(saga)));
    for (Work work : works.values()) {
      if (work.after.claim().paymentId().uuid().equals(paymentId)) {
        all.put(work.after.claim().sagaId(), work.after);
      }
    }
    return List.copyOf(all.values());
  }

  private Saga newest(Saga loaded) {
    Live live = find(loaded.claim().sagaId());
    return live == null ? loaded : live.saga();
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
    take(live, decide(live, returned.outcome()), returned.started(), returned.took());
  }

  private Decision decide(Live live, Outcome outcome) {
    return sagas.decide(live.saga(), live.standing(), outcome, now, ThreadLocalRandom.current());
  }

  /**
   * A connector reports what became of an operation. What decides something is stored before it is
   * answered; what comes again, or late, or twisted, changes nothing.
   *
   * @param loaded the saga as the table has it, where memory lacks it
   * @param settling for a report of a settlement: the saga that waits for it, where it is not the
   *     payment's own
   * @param reclaimed whether what was reported late is, or was, freed already
   */
  void report(
      Report report, @Nullable Loaded loaded, @Nullable Loaded settling, boolean reclaimed) {
    ended.add(report.unit());
    ReportCommand command = report.request().getReport();
    Live live = newest(report.unit(), report.sagaId(), loaded);
    if (live == null || !ReportRules.isAbout(live.saga(), report)) {
      refuse(report, Answer.operationNotFound());
      return;
    }
    if (ReportRules.isSettlement(report)) {
      settlement(report, live, settling);
      return;
    }
    switch (ReportRules.judge(live.saga(), live.standing(), command.getResult())) {
      case ReportRules.News news -> {
        take(live, decide(live, news.outcome()), now, Duration.ZERO);
        replies.add(new Reply(report.reply(), Answer.reported(false)));
      }
      case ReportRules.Known known -> replies.add(new Reply(report.reply(), Answer.reported(true)));
      case ReportRules.Twisted twisted -> keep(report, live, twisted.why());
      case ReportRules.Late late -> {
        Claim claim = Reclaims.ofReport(live.saga().claim(), now);
        boolean known = reclaimed || find(claim.sagaId()) != null;
        if (!known) {
          Decision found = sagas.reclaim(claim, live.standing(), now, ThreadLocalRandom.current());
          works.put(claim.sagaId(), new Work(report.unit(), null, found.saga()));
          stand(claim, live.standing(), found.standing());
          told.add(new Told(report.unit().stream(), claim, found));
        }
        replies.add(new Reply(report.reply(), Answer.reported(known)));
      }
    }
  }

  private void settlement(Report report, Live live, @Nullable Loaded settling) {
    OperationResult result = report.request().getReport().getResult();
    switch (SettlementRules.judge(live.saga(), live.standing(), result)) {
      case SettlementRules.NoSuch none -> refuse(report, Answer.operationNotFound());
      case SettlementRules.Known known ->
          replies.add(new Reply(report.reply(), Answer.reported(true)));
      case SettlementRules.Twisted twisted -> keep(report, live, twisted.why());
      case SettlementRules.Wrong wrong -> {
        take(live, decide(live, new Outcome.Mismatch(wrong.why())), now, Duration.ZERO);
        replies.add(new Reply(report.reply(), Answer.reported(false)));
      }
      case SettlementRules.Counts counts -> {
        Decision counted = SettlementRules.count(live.saga(), live.standing(), result);
        take(live, counted, now, Duration.ZERO);
        replies.add(new Reply(report.reply(), Answer.reported(false)));
        Live waiting = waiting(new Live(live.unit(), counted.saga(), counted.standing()), settling);
        if (waiting != null) {
          Outcome reported = new Outcome.SettlementReported();
          take(waiting, decide(waiting, reported), now, Duration.ZERO);
        }
      }
    }
  }

  /**
   * A person decides about a saga. What changes it is written with its audit event; what has been
   * decided already, or does not fit, changes nothing.
   *
   * @param loaded the saga as the table has it, where memory lacks it
   * @param version definition version of what is begun
   */
  void attend(Attend attend, @Nullable Loaded loaded, int version) {
    ended.add(attend.unit());
    Live live = newest(attend.unit(), attend.sagaId(), loaded);
    String tenant = attend.request().getTenant();
    if (live == null
        || live.saga().claim().shard() != attend.unit().shard()
        || !(tenant.isEmpty() || tenant.equals(live.saga().claim().tenant()))) {
      replies.add(new Reply(attend.reply(), refusal(Answer.sagaNotFound())));
      return;
    }
    OperatorCommand command = attend.request().getAttend();
    switch (OperatorRules.judge(command, live.saga(), live.standing())) {
      case OperatorRules.Apply apply -> {
        Decision decision =
            sagas.attend(
                Attention.noted(live.saga(), command, ""),
                live.standing(),
                apply,
                now,
                ThreadLocalRandom.current());
        take(live, decision.with(Attention.audit(command, live, decision)), now, Duration.ZERO);
        attended(attend, decision.saga(), decision.standing());
      }
      case OperatorRules.Unchanged same -> attended(attend, live.saga(), live.standing());
      case OperatorRules.Decided before ->
          replies.add(new Reply(attend.reply(), Answer.decided(before)));
      case OperatorRules.GiveBack back -> giveBack(attend, live, version);
      case OperatorRules.Refuse refuse ->
          replies.add(new Reply(attend.reply(), refusal(refuse.refusal())));
    }
  }

  /**
   * The refund of an operator, under a key that says so. What captured remembers it, so that it
   * answers for the same decision later.
   */
  private void giveBack(Attend attend, Live captured, int version) {
    OperatorCommand command = attend.request().getAttend();
    Standing standing = captured.standing();
    OperationCommand asked = Attention.refund(command, captured.saga(), standing);
    switch (OperationRules.judge(
        asked, standing, List.of(captured.saga()), IdKind.REFUND.text(ids.next()), now)) {
      case OperationRules.Refuse refuse ->
          replies.add(new Reply(attend.reply(), refusal(refuse.refusal())));
      case OperationRules.Begin begin -> {
        Claim of = captured.saga().claim();
        Claim claim =
            new Claim(
                ids.next(),
                SagaKind.REFUND,
                version,
                of.tenant(),
                of.shard(),
                of.paymentId(),
                OperationRules.keyOf(asked),
                now.plus(settings.keyLife()),
                asked.getCanonical(),
                asked.getFingerprint(),
                attend.request().getTraceparent(),
                now);
        Decision begun =
            sagas.operate(claim, begin.data(), standing, null, now, ThreadLocalRandom.current());
        Saga noted = Attention.noted(captured.saga(), command, claim.sagaText());
        Decision decision =
            begun.with(Attention.audit(command, captured, begun)).with(noted.next());
        works.computeIfAbsent(
            captured.id(), none -> new Work(attend.unit(), captured.saga(), captured.saga()));
        stand(claim, standing, decision.standing());
        works.put(claim.sagaId(), new Work(attend.unit(), null, decision.saga()));
        newKeys.put(PaymentBook.Key.of(claim), claim.sagaId());
        told.add(new Told(attend.unit().stream(), claim, decision));
        others(attend.unit(), decision);
        attended(attend, decision.saga(), decision.standing());
      }
    }
  }

  private void attended(Attend attend, Saga saga, Standing standing) {
    replies.add(
        new Reply(
            attend.reply(),
            Answer.of(
                SagaView.of(saga, standing, now, now).toBuilder()
                    .setPayment(standing.payment())
                    .build())));
  }

  private static ShardReply refusal(Refusal refusal) {
    return ShardReply.newBuilder().setRefusal(refusal).build();
  }

  /** Who goes on because of the report of a settlement; null while more must come. */
  private @Nullable Live waiting(Live counted, @Nullable Loaded settling) {
    if (SettlementRules.isEarly(counted.saga())) {
      return counted;
    }
    Saga saga = settling == null ? counted.saga() : newest(settling.saga());
    for (Work work : works.values()) {
      if (work.after.claim().paymentId().uuid().equals(counted.paymentId())
          && work.after.step() == Step.SETTLE) {
        saga = work.after;
      }
    }
    return SettlementRules.isComplete(saga, counted.standing())
        ? new Live(counted.unit(), saga, counted.standing())
        : null;
  }

  private void keep(Report report, Live live, String why) {
    Claim claim = live.saga().claim();
    String key = report.request().getReport().getResult().getOperationKey();
    audits.add(
        new Noted(
            report.unit().stream(),
            claim,
            new Decision.Audit(
                "report_contradicts",
                "keep_report",
                why,
                Map.of("saga_id", claim.sagaText(), "operation_key", key))));
    replies.add(new Reply(report.reply(), Answer.reported(false)));
  }

  /** A saga as this batch leaves it, else as memory or, last, the table has it. */
  private @Nullable Live newest(ShardUnit unit, UUID sagaId, @Nullable Loaded loaded) {
    Live live = find(sagaId);
    if (live != null || loaded == null) {
      return live;
    }
    Standing newest = payment(loaded.saga().claim().paymentId().uuid());
    return new Live(unit, loaded.saga(), newest == null ? loaded.standing() : newest);
  }

  private void refuse(Report report, Refusal refusal) {
    replies.add(new Reply(report.reply(), ShardReply.newBuilder().setRefusal(refusal).build()));
  }

  /** An outcome that cannot be recorded as it is: the saga stops for a person. */
  void park(Returned returned, String why) {
    ended.add(returned.unit());
    Live live = find(returned.sagaId());
    if (live != null && live.saga().version() == returned.version()) {
      take(
          live,
          sagas.park(live.saga(), live.standing(), why, now, ThreadLocalRandom.current()),
          returned.started(),
          returned.took());
    }
  }

  private void take(Live live, Decision decision, Instant started, Duration took) {
    Work work = works.get(live.id());
    if (work == null) {
      works.put(live.id(), new Work(live.unit(), live.saga(), decision.saga()));
    } else {
      work.after = decision.saga();
    }
    Claim claim = live.saga().claim();
    stand(claim, live.standing(), decision.standing());
    others(live.unit(), decision);
    told.add(new Told(live.unit().stream(), claim, decision));
    for (Decision.Attempt attempt : decision.attempts()) {
      attempts.add(new AttemptMade(claim, attempt, started, took));
    }
  }

  private void stand(Claim claim, Standing before, Standing after) {
    payments.computeIfAbsent(claim.paymentId().uuid(), none -> new Touched(claim, before, before))
            .after =
        after;
  }

  private void others(ShardUnit unit, Decision decision) {
    for (Saga other : decision.others()) {
      UUID id = other.claim().sagaId();
      Work work = works.get(id);
      if (work != null) {
        work.after = other;
      } else if (other.version() == 1) {
        works.put(id, new Work(unit, null, other));
      } else {
        throw new IllegalStateException("another saga changes that nobody loaded: " + id);
      }
    }
  }

  /** A timer: the saga goes on from where it is, which needs no commit, unless it only slept. */
  void due(Due message) {
    Live live = find(message.sagaId());
    if (live == null || live.saga().version() != message.version() || !live.isUnfinished()) {
      return;
    }
    if (live.saga().phase() == Phase.OPEN) {
      take(live, decide(live, new Outcome.TimeUp()), now, Duration.ZERO);
    } else {
      due.add(live);
    }
  }

  /** It asks now. Its timer stays, and finds that the saga has gone on, or asks once more. */
  void nudge(Nudge message) {
    Live live = find(message.sagaId());
    if (live == null || live.saga().nextAttemptAt() == null) {
      return;
    }
    if (live.saga().phase() == Phase.ASK || live.saga().phase() == Phase.AWAIT) {
      due.add(live);
    }
  }

  void waitOver(Asking asking) {
    impatient.add(asking);
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
    for (Noted noted : audits) {
      plan.touch(noted.stream);
      plan.append(noted.stream, events.audit(noted.claim, noted.audit, now));
    }
    List<PaymentStore.ChangedSaga> changed = new ArrayList<>();
    List<Saga> created = new ArrayList<>();
    for (Work work : works.values()) {
      if (work.before == null) {
        created.add(work.after);
      } else if (work.before.version() != work.after.version()) {
        changed.add(new PaymentStore.ChangedSaga(work.before, work.after));
      }
    }
    List<PaymentStore.NewPayment> newPayments = new ArrayList<>();
    List<PaymentStore.ChangedPayment> changedPayments = new ArrayList<>();
    for (Touched touched : payments.values()) {
      if (touched.before == null) {
        newPayments.add(new PaymentStore.NewPayment(touched.claim, touched.after));
      } else if (!touched.before.equals(touched.after)) {
        changedPayments.add(
            new PaymentStore.ChangedPayment(touched.claim, touched.before, touched.after));
      }
    }
    PaymentStore.write(
        plan, new PaymentStore.Rows(newPayments, created, changed, changedPayments, attempts), now);
    VelocityStore.write(plan, velocity.additions());
    return plan;
  }

  // ---- after the commit

  List<Live> changed() {
    return works.values().stream().map(work -> live(work.unit, work.after)).toList();
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

  List<Asking> impatient() {
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
    audits.forEach(noted -> streams.add(noted.stream));
    return streams.isEmpty()
        ? Optional.empty()
        : Optional.of(Doorbell.newBuilder().addAllStreams(streams).build());
  }

  private void reply(Asking asking, Refusal refusal) {
    replies.add(new Reply(asking.reply(), ShardReply.newBuilder().setRefusal(refusal).build()));
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
    if (work != null) {
      return live(work.unit, work.after);
    }
    Live live = book.find(sagaId);
    return live == null ? null : live(live.unit(), live.saga());
  }

  private Live live(ShardUnit unit, Saga saga) {
    Standing standing = payment(saga.claim().paymentId().uuid());
    if (standing == null) {
      throw new IllegalStateException("a saga without its payment: " + saga.claim().sagaText());
    }
    return new Live(unit, saga, standing);
  }

  /** A payment as this batch leaves it, else as memory has it; null where neither knows it. */
  private @Nullable Standing payment(UUID paymentId) {
    Touched touched = payments.get(paymentId);
    return touched == null ? book.payment(paymentId) : touched.after;
  }
}
