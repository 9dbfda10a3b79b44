package dev.ducat.saga;

import dev.ducat.proto.connector.v1.SettlementMode;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;

/** Random walks through the table of a version, to record what has no history yet. */
final class HistoryWalks {
  /** What happened, and what was decided about it, as {@link History} writes it. */
  record Told(String happened, String decided) {}

  /** A history under some of {@link #TERMS}. */
  record Recorded(String terms, List<Told> steps) {}

  static final List<String> TERMS =
      List.of("immediate", "reported", "immediate-forgetful", "risk-allows", "risk-denies");

  private static final List<String> OPERATIONS =
      List.of(
          "cancel", "capture 300 keep", "capture 300", "capture 700", "capture 1000", "refund 100");

  private static final int STEPS_MAX = 14;

  private final int version;
  private final List<PaymentSaga.Row> taken = new ArrayList<>();
  private final Map<String, PaymentSaga> sagas = new HashMap<>();

  HistoryWalks(int version) {
    this.version = version;
    for (String terms : TERMS) {
      sagas.put(terms, new PaymentSaga(settings(terms), PaymentSaga.DEFINITIONS, taken::add));
    }
  }

  private History begin(String terms) {
    return new History(Objects.requireNonNull(sagas.get(terms)), version);
  }

  /** The same happens once more, as far as it can. */
  Recorded again(String terms, List<Told> happened, Set<PaymentSaga.Row> missing) {
    History history = begin(terms);
    List<Told> steps = new ArrayList<>();
    for (Told told : happened) {
      taken.clear();
      try {
        steps.add(new Told(told.happened, history.step(told.happened)));
      } catch (RuntimeException impossible) {
        break;
      }
      taken.forEach(missing::remove);
    }
    return new Recorded(terms, steps);
  }

  /** Up to the last step that takes a row which was missing; empty where there is none. */
  Recorded wander(Random random, Set<PaymentSaga.Row> missing) {
    String terms = pick(TERMS, random);
    History history = begin(terms);
    List<Told> steps = new ArrayList<>();
    int worth = 0;
    for (int i = 0; i < STEPS_MAX * 3 && steps.size() < STEPS_MAX; i++) {
      String happening =
          steps.isEmpty()
              ? "+PT0S create %s 1000 %s"
                  .formatted(
                      random.nextInt(3) == 0 ? "automatic" : "manual",
                      random.nextInt(50) == 0 ? "XXX" : "EUR")
              : happening(history, random, missing);
      taken.clear();
      History next = history.copy();
      try {
        steps.add(new Told(happening, next.step(happening)));
      } catch (RuntimeException impossible) {
        continue;
      }
      history = next;
      if (taken.stream().filter(missing::remove).count() > 0) {
        worth = steps.size();
      }
    }
    return new Recorded(terms, List.copyOf(steps.subList(0, worth)));
  }

  static SagaSettings settings(String terms) {
    ConnectorTerms simulator = ConnectorTerms.simulator();
    SettlementMode mode =
        terms.equals("reported")
            ? SettlementMode.SETTLEMENT_MODE_REPORTED
            : SettlementMode.SETTLEMENT_MODE_IMMEDIATE;
    ConnectorTerms connector =
        new ConnectorTerms(
                simulator.deadline(),
                simulator.quarantine(),
                simulator.idempotencyWindow(),
                simulator.windowMargin(),
                simulator.authorizationLifetime(),
                mode,
                Duration.ofDays(1))
            .withTombstones(!terms.endsWith("forgetful"));
    RiskTerms risk =
        terms.startsWith("risk")
            ? new RiskTerms("unused", 1, Duration.ofMillis(500), terms.endsWith("allows"), 1)
            : null;
    RetryTerms all = RetryTerms.defaults();
    return SagaSettings.defaults(Path.of("unused"))
        .withConnectors(Map.of("simulator", connector), "simulator")
        .withFees(new Fee(100, 5), Map.of())
        .withRisk(risk)
        .withRetry(
            new RetryTerms(
                all.authorize().pause(), 2, all.ask(), all.undo(), all.undoMax(), all.notSent()));
  }

  /** What would make a saga take one of its rows, if its circumstances allow, or an operation. */
  private static String happening(History history, Random random, Set<PaymentSaga.Row> missing) {
    List<String> open = history.open();
    if (open.isEmpty() || random.nextInt(5) == 0) {
      return "+PT1S " + (random.nextInt(6) == 0 ? "late" : "operate " + pick(OPERATIONS, random));
    }
    String name = pick(open, random);
    List<PaymentSaga.Row> rows = history.rowsFrom(name);
    List<PaymentSaga.Row> wanted = rows.stream().filter(missing::contains).toList();
    if (rows.isEmpty()) {
      return "+PT1S late";
    }
    boolean forward = random.nextInt(3) == 0;
    PaymentSaga.Row row = pick(wanted.isEmpty() || forward ? rows : wanted, random);
    List<String> ways = waysTo(row.signal());
    String[] happening = pick(ways, random).split(" ", -1);
    // A settlement is reported of a capture, whoever waits for it.
    String about = row.signal() == Signal.REPORTED ? pick(history.all(), random) : name;
    return "+" + happening[0] + " " + about + " " + happening[1];
  }

  private static List<String> waysTo(Signal signal) {
    return switch (signal) {
      case VALID, INVALID, ASSESS, CLOSED, LATE -> List.of("PT1S resumed");
      case DONE -> List.of("PT1S done", "PT1S allowed", "PT1S reviewed");
      case HELD, PART, REST, AFTER_CAPTURE, UNSETTLED -> List.of("PT1S done");
      case SETTLED_TOO -> List.of("PT1S settled");
      case REPORTED, EARLY -> List.of("PT1S settlement");
      case DECLINED, REST_ONLY -> List.of("PT1S declined", "PT1S denied");
      case LEDGER_REFUSED -> List.of("PT1S ledger-refused");
      case PENDING -> List.of("PT1S pending", "PT1S action");
      case RETRYABLE -> List.of("PT1S retryable");
      case RETRIES_SPENT -> List.of("PT1S retryable", "PT1S given-up");
      case UNKNOWN -> List.of("PT5S unknown", "PT1S silent");
      case NOT_FOUND -> List.of("PT0.1S not-found", "PT23.5H not-found");
      case PROVEN_ABSENT -> List.of("PT10S not-found");
      case NOT_SENT -> List.of("PT0S not-sent");
      case MISMATCH -> List.of("PT1S mismatch");
      case TOLD -> List.of("PT1S told");
      case LAPSED, BUSY ->
          List.of("PT200H time-up", "PT1S time-up", "PT2H pending", "PT2H not-found");
      case TOO_LONG -> List.of("PT200H unknown", "PT200H not-found");
      case HURRIED, BACK_TO_ASK, BACK_TO_ACT, BACK_TO_RELEASE, BACK_TO_UNDO ->
          List.of("PT1S retried");
    };
  }

  private static <T> T pick(List<T> from, Random random) {
    return from.get(random.nextInt(from.size()));
  }
}
