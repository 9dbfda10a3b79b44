package dev.ducat.launcher.demo;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ducat.launcher.check.ClientHistory.Sent;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class DemoTest {
  @TempDir private Path folder = Path.of("unset");

  @Test
  void aKillHalfWayBreaksNoPromise() throws Exception {
    StringWriter out = new StringWriter();

    boolean holds =
        new Demo(new DemoOptions(60, 6, 1, folder), new Screen(new PrintWriter(out), false)).run();

    assertThat(holds).as(out.toString()).isTrue();
    assertThat(out.toString())
        .contains("was killed (SIGKILL)", "Trial balance", "P10", "O3")
        .contains("CANCELED", "REQUIRES_ACTION", "INSUFFICIENT_FUNDS")
        .contains("by itself", "NEEDS_ATTENTION", "OUTCOME_UNKNOWN", "resolve", "compensate")
        .doesNotContain("no cases", "BROKEN");
  }

  @Test
  void aPlanIsTheSameForTheSameSeedAndHasEveryKind() {
    LoadPlan plan = LoadPlan.make(300, 1);

    assertThat(plan).isEqualTo(LoadPlan.make(300, 1)).isNotEqualTo(LoadPlan.make(300, 2));
    assertThat(plan.payments()).isEqualTo(300);
    assertThat(plan.orders()).hasSizeGreaterThan(300);
    assertThat(plan.conflicts()).isNotEmpty();
    assertThat(plan.orders().stream().map(Sent::method).distinct())
        .containsExactlyInAnyOrder(
            "sim_ok",
            "sim_error_2",
            "sim_slow_200",
            "sim_decline_authorize",
            "sim_insufficient_funds",
            "sim_decline_capture");
  }
}
