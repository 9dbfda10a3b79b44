package dev.ducat.saga;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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
            # The saga of a payment

            Generated from the table in `PaymentSaga` (`mvn -pl saga-verticle -am test -Dtest=SagaDiagramTest \
            -Dsurefire.failIfNoSpecifiedTests=false -Dducat.test.jvm.extra=-Dducat.regenerate=true`); a test compares.

            A state is a step and a phase: ACT does the step, ASK finds out what became of it, AWAIT waits for the PSP's
            decision, RELEASE and UNDO take back what was done, PARKED waits for a person, ENDED and UNDONE are over.
            Signals that leave the state where it is (pauses, polls) are left out of the picture and stand in the table.

            ```mermaid
            stateDiagram-v2
                [*] --> VALIDATE_ACT
            """);
    Map<String, List<String>> arrows = new LinkedHashMap<>();
    for (PaymentSaga.Row row : PaymentSaga.TABLE) {
      String from = row.step() + "_" + row.phase();
      String to = row.toStep() + "_" + row.toPhase();
      if (!from.equals(to)) {
        arrows
            .computeIfAbsent(from + " --> " + to, none -> new java.util.ArrayList<>())
            .add(row.signal().name());
      }
    }
    arrows.forEach(
        (arrow, signals) ->
            page.append("    ")
                .append(arrow)
                .append(": ")
                .append(String.join(", ", signals))
                .append('\n'));
    page.append("    NOTIFY_ENDED --> [*]\n    NOTIFY_UNDONE --> [*]\n```\n\n");
    page.append("| step | phase | signal | leads to | effects |\n|---|---|---|---|---|\n");
    for (PaymentSaga.Row row : PaymentSaga.TABLE) {
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
    return page.toString();
  }
}
