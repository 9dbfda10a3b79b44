package dev.ducat.saga;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import dev.ducat.kernel.id.IdKind;
import dev.ducat.kernel.id.PaymentId;
import dev.ducat.proto.connector.v1.Done;
import dev.ducat.proto.connector.v1.OperationKind;
import dev.ducat.proto.connector.v1.OperationResult;
import dev.ducat.proto.internal.v1.Intent;
import dev.ducat.proto.internal.v1.OperationCommand;
import dev.ducat.proto.internal.v1.TransferGroup;
import dev.ducat.proto.ledger.v1.TransferResult;
import dev.ducat.proto.payments.v1.CaptureMode;
import dev.ducat.proto.payments.v1.CreatePaymentRequest;
import dev.ducat.proto.payments.v1.NextAction;
import dev.ducat.proto.payments.v1.NextActionType;
import dev.ducat.proto.payments.v1.Payment;
import dev.ducat.proto.risk.v1.AssessResponse;
import dev.ducat.proto.risk.v1.Verdict;
import dev.ducat.proto.type.v1.Money;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * One payment and what happened to it, step by step, as a history is written down: {@link #step}
 * takes the line that says what happened and gives the line that says what was decided.
 */
final class History {
  private static final Instant START = Instant.parse("2026-11-29T10:00:00Z");
  private static final UUID ID = UUID.fromString("01950000-0000-7000-8000-000000000001");

  private final PaymentSaga sagas;
  private final int version;
  private final Map<String, Saga> named = new LinkedHashMap<>();
  private Instant now = START;
  private int steps;
  private @Nullable Standing standing;

  History(PaymentSaga sagas, int version) {
    this.sagas = sagas;
    this.version = version;
  }

  /** The same so far; what happens to it does not happen to this one. */
  History copy() {
    History copy = new History(sagas, version);
    copy.named.putAll(named);
    copy.now = now;
    copy.steps = steps;
    copy.standing = standing;
    return copy;
  }

  /** The rows that a saga may take from where it is. */
  List<PaymentSaga.Row> rowsFrom(String name) {
    Saga saga = saga(name);
    return PaymentSaga.DEFINITIONS.getOrDefault(version, List.of()).stream()
        .filter(row -> row.kind() == saga.claim().kind())
        .filter(row -> row.step() == saga.step() && row.phase() == saga.phase())
        .toList();
  }

  /** The names of all sagas. */
  List<String> all() {
    return List.copyOf(named.keySet());
  }

  /** The names of sagas that are not over. */
  List<String> open() {
    return named.entrySet().stream()
        .filter(entry -> !entry.getValue().phase().isOver())
        .map(Map.Entry::getKey)
        .toList();
  }

  /**
   * Something happens.
   *
   * @param line for example {@code +PT1S payment done}
   * @return what was decided; throws where this cannot happen now
   */
  String step(String line) {
    String[] words = line.split(" ", -1);
    steps++;
    now = now.plus(Duration.parse(words[0].substring(1)));
    return switch (words[1]) {
      case "create" -> create(words);
      case "operate" -> operate(words);
      case "late" -> late();
      default -> about(words[1], words);
    };
  }

  /** The same chance for the same step, whatever came before. */
  private Random random() {
    return new Random(steps);
  }

  private Standing standing() {
    return Objects.requireNonNull(standing, "nothing is created yet");
  }

  private String create(String[] words) {
    CreatePaymentRequest.Builder request =
        Requests.payment("k", "tok", Long.parseLong(words[3])).toBuilder();
    request.getAmountBuilder().setCurrencyCode(words[4]);
    request.setCaptureMode(
        words[2].equals("manual")
            ? CaptureMode.CAPTURE_MODE_MANUAL
            : CaptureMode.CAPTURE_MODE_AUTOMATIC);
    VelocityCount unlimited = new VelocityCount(Limits.NONE, Map.of());
    Claim claim = claim(SagaKind.PAYMENT, ID, "k");
    return told(sagas.start(claim, request.build(), unlimited, now, random()));
  }

  private Claim claim(SagaKind kind, UUID id, String key) {
    return new Claim(
        id,
        kind,
        version,
        "t1",
        0,
        new PaymentId(ID),
        key,
        now.plus(Duration.ofDays(3)),
        ByteString.EMPTY,
        ByteString.EMPTY,
        "",
        now);
  }

  private String operate(String[] words) {
    OperationCommand.Builder command = OperationCommand.newBuilder();
    long minorUnits = words.length < 4 ? 1 : Long.parseLong(words[3]);
    Money amount = Money.newBuilder().setCurrencyCode("EUR").setMinorUnits(minorUnits).build();
    switch (words[2]) {
      case "cancel" -> command.getCancelBuilder().setReason("changed my mind");
      case "capture" ->
          command.getCaptureBuilder().setAmount(amount).setKeepRemainder(words.length > 4);
      case "refund" -> command.getRefundBuilder().setAmount(amount);
      default -> throw new IllegalArgumentException(words[2]);
    }
    UUID id = new UUID(ID.getMostSignificantBits(), ID.getLeastSignificantBits() + steps);
    OperationRules.Verdict verdict =
        OperationRules.judge(
            command.build(), standing(), named.values(), IdKind.REFUND.text(id), now);
    if (!(verdict instanceof OperationRules.Begin begin)) {
      throw new IllegalStateException("refused: " + verdict);
    }
    Claim claim = claim(OperationRules.kindOf(command.build()), id, "o" + steps);
    return told(sagas.operate(claim, begin.data(), standing(), begin.open(), now, random()));
  }

  /** The PSP reports that it authorized what had been given up. */
  private String late() {
    Saga own = saga("payment");
    OperationResult report =
        report(
            Intents.authorizeKey(own.claim()),
            OperationKind.OPERATION_KIND_AUTHORIZE,
            standing().payment().getAmount());
    Claim claim = Reclaims.ofReport(own.claim(), now);
    if (!(ReportRules.judge(own, standing(), report) instanceof ReportRules.Late)
        || nameOf(claim.sagaId()) != null) {
      throw new IllegalStateException("not given up, or reported before");
    }
    return told(sagas.reclaim(claim, standing(), now, random()));
  }

  private String about(String name, String[] words) {
    Saga saga = saga(name);
    return switch (words[2]) {
      case "resumed" -> {
        named.put(name, sagas.resume(saga, now));
        yield shown(name);
      }
      case "settlement" -> settlement(saga);
      default -> told(sagas.decide(saga, standing(), outcome(saga, words), now, random()));
    };
  }

  /** The PSP reports what this saga captured as settled. */
  private String settlement(Saga saga) {
    String key = Intents.operationKey(saga.claim(), "capture");
    Money amount =
        saga.data().getIntent().getConnectorCall().hasCapture()
            ? saga.data().getIntent().getConnectorCall().getCapture().getAmount()
            : standing().payment().getAmountCaptured();
    OperationResult report = report(key, OperationKind.OPERATION_KIND_SETTLEMENT, amount);
    if (!(SettlementRules.judge(saga, standing(), report) instanceof SettlementRules.Counts)) {
      throw new IllegalStateException("nothing that counts");
    }
    StringBuilder told = new StringBuilder(told(SettlementRules.count(saga, standing(), report)));
    for (Saga one : List.copyOf(named.values())) {
      boolean early =
          one.claim().sagaId().equals(saga.claim().sagaId()) && SettlementRules.isEarly(one);
      if (early || SettlementRules.isComplete(one, standing())) {
        Outcome reported = new Outcome.SettlementReported();
        told.append(" || ").append(told(sagas.decide(one, standing(), reported, now, random())));
      }
    }
    return told.toString();
  }

  private static OperationResult report(String key, OperationKind kind, Money amount) {
    return OperationResult.newBuilder()
        .setOperationKey(key)
        .setKind(kind)
        .setDone(Done.newBuilder().setAmount(amount))
        .build();
  }

  private static Outcome outcome(Saga saga, String[] words) {
    Outcome.Done done = new Outcome.Done("psp-" + saga.step().text(), null);
    return switch (words[2]) {
      case "done" -> done;
      case "settled" -> new Outcome.Settled(done);
      case "declined" -> new Outcome.Declined("DECLINED", "no");
      case "pending" -> new Outcome.Pending("psp-pending", null);
      case "action" ->
          new Outcome.Pending(
              "psp-pending",
              NextAction.newBuilder()
                  .setType(NextActionType.NEXT_ACTION_TYPE_REDIRECT)
                  .setUrl("https://psp/3ds")
                  .build());
      case "retryable" -> new Outcome.Retryable("", "not now", null);
      case "unknown" -> new Outcome.Unknown("no answer");
      case "not-found" -> new Outcome.NotFound();
      case "not-sent" -> new Outcome.NotSent();
      case "ledger-refused" ->
          new Outcome.LedgerRefused(TransferResult.TRANSFER_RESULT_EXCEEDS_CREDITS);
      case "mismatch" -> new Outcome.Mismatch("another amount");
      case "told" ->
          new Outcome.Told(
              report(
                  saga.claim().sagaText(),
                  OperationKind.OPERATION_KIND_VOID,
                  Money.getDefaultInstance()));
      case "retried" -> new Outcome.Retried();
      case "given-up" -> new Outcome.GivenUp();
      case "time-up" -> new Outcome.TimeUp();
      case "allowed" -> verdict(Verdict.VERDICT_ALLOW);
      case "reviewed" -> verdict(Verdict.VERDICT_REVIEW);
      case "denied" -> verdict(Verdict.VERDICT_DECLINE);
      case "silent" -> Assessments.silence(saga.data().getIntent().getRiskCall(), "no answer");
      default -> throw new IllegalArgumentException("no such outcome: " + words[2]);
    };
  }

  private static Outcome verdict(Verdict verdict) {
    return Assessments.verdict(AssessResponse.newBuilder().setVerdict(verdict).build());
  }

  // ---- what was decided

  private String told(Decision decision) {
    standing = decision.standing();
    List<String> changed = new ArrayList<>();
    changed.add(put(decision.saga()));
    decision.others().forEach(other -> changed.add(put(other)));
    StringBuilder line =
        new StringBuilder(changed.stream().map(this::shown).collect(Collectors.joining(", ")));
    Payment payment = decision.standing().payment();
    line.append(
        " | %s v%d %d/%d/%d pending %d/%d %s%s"
            .formatted(
                PaymentStore.stateText(payment.getState()),
                payment.getVersion(),
                payment.getAmountAuthorized().getMinorUnits(),
                payment.getAmountCaptured().getMinorUnits(),
                payment.getAmountRefunded().getMinorUnits(),
                decision.standing().pendingCapture(),
                decision.standing().pendingRefund(),
                decision.standing().closing(),
                decision.standing().resting() ? " rests" : ""));
    for (Decision.Event event : decision.events()) {
      line.append(" | event ")
          .append(event.detail().getDetailCase())
          .append(hash(event.detail(), event.after()));
    }
    decision
        .audits()
        .forEach(
            audit ->
                line.append(" | audit ").append(audit.about()).append(' ').append(audit.action()));
    decision
        .attempts()
        .forEach(
            tried ->
                line.append(" | attempt ")
                    .append(tried.number())
                    .append(' ')
                    .append(tried.signal()));
    return line.toString();
  }

  private String put(Saga saga) {
    String name = nameOf(saga.claim().sagaId());
    if (name == null) {
      String kind = saga.claim().kind().name().toLowerCase(java.util.Locale.ROOT);
      int number = 1;
      name = kind;
      while (named.containsKey(name)) {
        name = kind + ++number;
      }
    }
    named.put(name, saga);
    return name;
  }

  private @Nullable String nameOf(UUID sagaId) {
    return named.entrySet().stream()
        .filter(entry -> entry.getValue().claim().sagaId().equals(sagaId))
        .map(Map.Entry::getKey)
        .findAny()
        .orElse(null);
  }

  private Saga saga(String name) {
    Saga saga = named.get(name);
    if (saga == null) {
      throw new IllegalStateException("no saga " + name);
    }
    return saga;
  }

  /** Where a saga is, when it goes on by itself, and what it will ask of ledger and PSP. */
  private String shown(String name) {
    Saga saga = saga(name);
    Intent intent = saga.data().getIntent();
    List<String> commands = new ArrayList<>();
    kinds(intent.getLedgerBefore(), commands);
    if (intent.hasRiskCall()) {
      commands.add("RISK");
    }
    if (intent.hasConnectorCall()) {
      commands.add(intent.getConnectorCall().getCallCase().name());
    }
    kinds(intent.getLedgerAfter(), commands);
    kinds(intent.getLedgerSettle(), commands);
    return "%s %s/%s %d%s%s"
        .formatted(
            name,
            saga.step(),
            saga.phase(),
            saga.attempt(),
            saga.nextAttemptAt() == null ? "" : " " + Duration.between(now, saga.nextAttemptAt()),
            " "
                + String.join("+", commands)
                + hash(
                    intent,
                    saga.data().getTold(),
                    saga.data().getAssessment(),
                    saga.data().getUnknownSince(),
                    saga.data().getProvenAfter()));
  }

  private static void kinds(TransferGroup group, List<String> commands) {
    group
        .getTransfersList()
        .forEach(
            transfer ->
                commands.add(transfer.getKind().name().substring("TRANSFER_KIND_".length())));
  }

  /** So that what is not shown counts too. */
  private static String hash(Message... messages) {
    java.util.zip.CRC32C sum = new java.util.zip.CRC32C();
    for (Message message : messages) {
      sum.update(message.toByteArray());
    }
    return ":" + HexFormat.of().toHexDigits((int) sum.getValue());
  }
}
