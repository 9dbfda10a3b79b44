package dev.ducat.torture;

import dev.ducat.embedded.Service;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Postgres crashes and comes back: what was acknowledged is there, what was begun is finished. */
final class PostgresAwayTest {
  private final Installation installation = Installation.shared();

  private boolean away;

  @AfterEach
  void bringPostgresBack() {
    if (away) {
      installation.services().restart(Service.POSTGRES);
    }
  }

  @Test
  void aCrashOfPostgresLosesNothingThatWasAcknowledged() {
    NodeProcess node = installation.steadyNode();
    try (Load load = Load.start("postgres-away", 150, 8, 8, () -> List.of(node.grpc()))) {
      load.awaitFinished(50);
      installation.services().kill(Service.POSTGRES);
      away = true;
      load.assertUnderWay();
      installation.services().restart(Service.POSTGRES);
      away = false;

      Proof.of(installation).assertAllHold(load.join());
    }
  }
}
