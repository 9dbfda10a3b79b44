package dev.ducat.saga;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Keeps docs/saga-states.md what the table says; the page says how to regenerate it. */
final class SagaDiagramTest {
  private static final Path PAGE = Path.of("..", "docs", "saga-states.md");

  @Test
  void thePageShowsTheTable() throws IOException {
    String page = page();
    if (Boolean.getBoolean("ducat.regenerate")) {
      Files.writeString(PAGE, page);
    }
    assertThat(PAGE).content().isEqualTo(page);
  }

  private static String page() {
    StringBuilder page =
        new StringBuilder(
            """
            # The sagas of a payment

            Generated from the table in `PaymentSaga` (`mvn -pl saga-verticle -am test -Dtest=SagaDiagramTest \
            -Dsurefire.failIfNoSpecifiedTests=false -Dducat.test.jvm.extra=-Dducat.regenerate=true`); a test compares.

            Each kind of saga has a table: PAYMENT is CreatePayment; CAPTURE, CANCEL and REFUND are what clients ask for
            later; EXPIRE is the clock of an authorization that waits for its captures.

            A state is a step and a phase: ACT does the step, ASK finds out what became of it, AWAIT waits for the PSP's
            decision, OPEN waits for its time or for somebody else to end it, RELEASE and UNDO take back what was done,
            PARKED waits for a person, ENDED and UNDONE are over. Signals that leave the state where it is (pauses,
            polls) are left out of the pictures and stand in the tables.
            """);
    for (SagaKind kind : SagaKind.values()) {
      section(page, kind);
    }
    return page.toString();
  }

  private static void section(StringBuilder page, SagaKind kind) {
    List<PaymentSaga.Row> rows =
        PaymentSaga.TABLE.stream().filter(row -> row.kind() == kind).toList();
    PaymentSaga.Row first = rows.getFirst();
    page.append("\n## ").append(kind).append("\n\n```mermaid\nstateDiagram-v2\n    [*] --> ");
    page.append(first.step()).append('_').append(first.phase()).append('\n');
    Map<String, List<String>> arrows = new LinkedHashMap<>();
    Set<String> ends = new TreeSet<>();
    for (PaymentSaga.Row row : rows) {
      String from = row.step() + "_" + row.phase();
      String to = row.toStep() + "_" + row.toPhase();
      if (row.toPhase().isOver()) {
        ends.add(to);
      }
      if (!from.equals(to)) {
        arrows
            .computeIfAbsent(from + " --> " + to, none -> new ArrayList<>())
            .add(row.signal().name());
      }
    }
    arrows.forEach(
        (arrow, signals) ->
            page.append("    %s: %s\n".formatted(arrow, String.join(", ", signals))));
    ends.forEach(end -> page.append("    ").append(end).append(" --> [*]\n"));
    page.append("```\n\n| step | phase | signal | leads to | effects |\n|---|---|---|---|---|\n");
    for (PaymentSaga.Row row : rows) {
      page.append(
          "| %s | %s | %s | %s / %s | %s |\n"
              .formatted(
                  row.step(),
                  row.phase(),
                  row.signal(),
                  row.toStep(),
                  row.toPhase(),
                  row.effects().stream().map(Enum::name).collect(Collectors.joining(", "))));
    }
  }
}
