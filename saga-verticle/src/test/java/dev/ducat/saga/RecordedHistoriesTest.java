package dev.ducat.saga;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ducat.saga.HistoryWalks.Recorded;
import dev.ducat.saga.HistoryWalks.Told;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What each version of the definition did, written down: sagas that began under it finish as if
 * nothing had been changed since. A file per version; in it, each history begins with {@code
 * history} and its terms, each line that says what happened is followed by what was decided.
 *
 * <p>While a version is not released, {@code -Dducat.regenerate=true} writes its file anew, as for
 * {@link SagaDiagramTest}.
 */
final class RecordedHistoriesTest {
  private static final Path FOLDER = Path.of("src", "test", "resources", "histories");
  private static final String UNRELEASED = "unreleased";

  private static final String BUMP =
      "sagas that began under version %d would no longer go on as they began: bump the version"
          + " (PaymentSaga.DEFINITION_VERSION), and keep the old table beside the new";

  private static final int WALKS = 20_000;
  private static final int WALKS_MORE = 3_000;

  static List<Integer> versions() {
    return PaymentSaga.DEFINITIONS.keySet().stream().sorted().toList();
  }

  @ParameterizedTest
  @MethodSource("versions")
  void sagasFinishAsTheyBegan(int version) throws IOException {
    if (Boolean.getBoolean("ducat.regenerate") && isUnreleased(version)) {
      write(version, recordAnew(version));
    }
    Set<PaymentSaga.Row> taken = new HashSet<>();
    assertThat(replay(version, PaymentSaga.DEFINITIONS, taken::add)).as(BUMP, version).isNull();
    assertThat(rows(version))
        .as("rows of version %d that no history takes: record some", version)
        .filteredOn(row -> !taken.contains(row))
        .isEmpty();
  }

  @Test
  void everyChangeOfTheTableIsNoticed() throws IOException {
    int version = PaymentSaga.DEFINITION_VERSION;
    List<Recorded> histories = read(version);
    for (PaymentSaga.Row row : rows(version)) {
      for (PaymentSaga.Row changed : changesOf(row)) {
        Map<Integer, List<PaymentSaga.Row>> other = Map.of(version, with(version, row, changed));
        assertThat(deviation(histories, version, other, taken -> {}))
            .as("%s became %s", row, changed)
            .isNotNull();
      }
    }
  }

  @Test
  void aSagaGoesOnByTheTableItBeganWith() {
    List<PaymentSaga.Row> second = new ArrayList<>(PaymentSaga.TABLE);
    // From version 2 on, say, nobody tries a capture again.
    second.replaceAll(
        row ->
            row.step() == Step.CAPTURE && row.signal() == Signal.RETRYABLE
                ? new PaymentSaga.Row(
                    row.kind(),
                    row.step(),
                    row.phase(),
                    row.signal(),
                    Step.CAPTURE,
                    Phase.PARKED,
                    List.of(Effect.NOTE_ATTEMPT, Effect.PARK))
                : row);
    PaymentSaga sagas =
        new PaymentSaga(
            HistoryWalks.settings("immediate"), Map.of(1, PaymentSaga.TABLE, 2, second), row -> {});
    assertThat(captureWithAnError(sagas, 1)).startsWith("payment CAPTURE/ACT 2");
    assertThat(captureWithAnError(sagas, 2)).startsWith("payment CAPTURE/PARKED");
    assertThatThrownBy(() -> captureWithAnError(sagas, 3)).hasMessageContaining("version 3");
  }

  private static String captureWithAnError(PaymentSaga sagas, int version) {
    History history = new History(sagas, version);
    history.step("+PT0S create automatic 1000 EUR");
    history.step("+PT1S payment done");
    return history.step("+PT1S payment retryable");
  }

  private static List<PaymentSaga.Row> rows(int version) {
    return PaymentSaga.DEFINITIONS.getOrDefault(version, List.of());
  }

  /** Each of them says something else: where it leads, or what is done on the way. */
  private static List<PaymentSaga.Row> changesOf(PaymentSaga.Row row) {
    List<PaymentSaga.Row> changes = new ArrayList<>();
    Phase other = row.toPhase() == Phase.PARKED ? Phase.ENDED : Phase.PARKED;
    changes.add(
        new PaymentSaga.Row(
            row.kind(), row.step(), row.phase(), row.signal(), row.toStep(), other, row.effects()));
    for (int i = 0; i < row.effects().size(); i++) {
      List<Effect> fewer = new ArrayList<>(row.effects());
      fewer.remove(i);
      changes.add(
          new PaymentSaga.Row(
              row.kind(),
              row.step(),
              row.phase(),
              row.signal(),
              row.toStep(),
              row.toPhase(),
              fewer));
    }
    return changes;
  }

  // ---- replaying

  private static @Nullable String replay(
      int version, Map<Integer, List<PaymentSaga.Row>> definitions, Consumer<PaymentSaga.Row> taken)
      throws IOException {
    return deviation(read(version), version, definitions, taken);
  }

  /** The first step that is decided otherwise than it was; null where there is none. */
  private static @Nullable String deviation(
      List<Recorded> histories,
      int version,
      Map<Integer, List<PaymentSaga.Row>> definitions,
      Consumer<PaymentSaga.Row> taken) {
    for (Recorded recorded : histories) {
      History history =
          new History(
              new PaymentSaga(HistoryWalks.settings(recorded.terms()), definitions, taken),
              version);
      for (Told told : recorded.steps()) {
        String decided;
        try {
          decided = history.step(told.happened());
        } catch (RuntimeException impossible) {
          decided = impossible.toString();
        }
        if (!decided.equals(told.decided())) {
          return "%s: was %s, is %s".formatted(told.happened(), told.decided(), decided);
        }
      }
    }
    return null;
  }

  // ---- the files

  private static Path file(int version) {
    return FOLDER.resolve("v" + version + ".txt");
  }

  private static boolean isUnreleased(int version) throws IOException {
    return !Files.exists(file(version))
        || Files.readString(file(version)).startsWith("# " + UNRELEASED);
  }

  private static List<Recorded> read(int version) throws IOException {
    assertThat(file(version)).as("no histories of version %d are recorded", version).exists();
    List<Recorded> histories = new ArrayList<>();
    String happened = "";
    for (String line : Files.readAllLines(file(version))) {
      if (line.startsWith("history ")) {
        histories.add(new Recorded(line.substring("history ".length()), new ArrayList<>()));
      } else if (line.startsWith("+")) {
        happened = line;
      } else if (line.startsWith("  ")) {
        histories.getLast().steps().add(new Told(happened, line.strip()));
      }
    }
    return histories;
  }

  private static void write(int version, List<Recorded> histories) throws IOException {
    StringBuilder page =
        new StringBuilder("# " + UNRELEASED + "; RecordedHistoriesTest says how this is written\n");
    for (Recorded recorded : histories) {
      page.append("\nhistory ").append(recorded.terms()).append('\n');
      recorded
          .steps()
          .forEach(
              told ->
                  page.append(told.happened()).append("\n  ").append(told.decided()).append('\n'));
    }
    Files.createDirectories(FOLDER);
    Files.writeString(file(version), page);
  }

  /** Those that are there, as they go now, and random walks to what none of them shows. */
  private static List<Recorded> recordAnew(int version) throws IOException {
    HistoryWalks walks = new HistoryWalks(version);
    List<Recorded> histories = new ArrayList<>();
    Set<PaymentSaga.Row> missing = new HashSet<>(rows(version));
    if (Files.exists(file(version))) {
      for (Recorded old : read(version)) {
        Recorded again = walks.again(old.terms(), old.steps(), missing);
        if (!again.steps().isEmpty()) {
          histories.add(again);
        }
      }
    }
    for (int seed = 0; seed < WALKS && !missing.isEmpty(); seed++) {
      Recorded walked = walks.wander(new Random(seed), missing);
      if (!walked.steps().isEmpty()) {
        histories.add(walked);
      }
    }
    // What a row does shows under some terms only.
    for (PaymentSaga.Row row : rows(version)) {
      for (PaymentSaga.Row changed : changesOf(row)) {
        Map<Integer, List<PaymentSaga.Row>> other = Map.of(version, with(version, row, changed));
        boolean seen = deviation(histories, version, other, taken -> {}) != null;
        for (int seed = 0; seed < WALKS_MORE && !seen; seed++) {
          Recorded walked = walks.wander(new Random(WALKS + seed), new HashSet<>(Set.of(row)));
          seen = deviation(List.of(walked), version, other, taken -> {}) != null;
          if (seen) {
            histories.add(walked);
          }
        }
      }
    }
    return histories;
  }

  private static List<PaymentSaga.Row> with(
      int version, PaymentSaga.Row row, PaymentSaga.Row changed) {
    List<PaymentSaga.Row> table =
        new ArrayList<>(PaymentSaga.DEFINITIONS.getOrDefault(version, List.of()));
    table.set(table.indexOf(row), changed);
    return table;
  }
}
