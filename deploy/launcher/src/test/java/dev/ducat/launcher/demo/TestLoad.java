package dev.ducat.launcher.demo;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ducat.launcher.check.ClientHistory;
import dev.ducat.launcher.check.Drain;
import dev.ducat.launcher.client.Addresses;
import dev.ducat.launcher.testing.TestHouse;
import java.time.Duration;
import java.util.List;

/** The demo's load for tests of the auditor. */
public final class TestLoad {
  private TestLoad() {}

  /** Sends payments of every kind, and returns when all their work is done. */
  public static void pay(TestHouse house, int payments, ClientHistory history) {
    new Load(
            LoadPlan.make(payments, 7).orders(),
            List.of(Addresses.parse(house.node().info().grpc())),
            history,
            new Tally())
        .run(4);
    assertThat(new Drain(house.foundation().services()).await(Duration.ofSeconds(30))).isTrue();
  }
}
