package dev.ducat.torture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.ducat.consumer.example.SettledVolume;
import dev.ducat.embedded.PostgresEndpoint;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/**
 * The example consumer of the documentation, in a process of its own beside a node that takes
 * payments: killed again and again, its table must end right to the cent.
 */
final class ExampleConsumerTest {
  private static final int KILLS = 10;
  private static final int PAYMENTS_PER_ROUND = 25;
  private static final Duration PROGRESS_MAX = Duration.ofSeconds(60);

  /** What the ledger says was settled, of all tenants: the consumer reads all of them. */
  private static final String ON_THE_LEDGER =
      """
      select split_part(name, ':', 2) || ' ' || currency, sum(credits_posted)
        from ledger.account
       where name like 'merchant:%:available' and credits_posted > 0
       group by 1
      """;

  private static final String IN_ITS_TABLE =
      "select merchant || ' ' || currency, minor_units from settled_volume";

  private final Installation installation = Installation.shared();

  /** It keeps its table in a database of its own. */
  private final PostgresEndpoint own = installation.services().postgres().createDatabase("volume");

  @Test
  void theExamplesTableIsRightToTheCentAfterTenKills() throws InterruptedException {
    NodeProcess node = installation.steadyNode();
    History history = null;
    for (int round = 0; round < KILLS; round++) {
      long before = settled();
      try (Load load =
          Load.start(
              "volume-" + round, PAYMENTS_PER_ROUND, 4, 100 + round, () -> List.of(node.grpc()))) {
        Process example = start();
        try {
          await("the consumer has counted something in round " + round)
              .atMost(PROGRESS_MAX)
              .pollInterval(Duration.ofMillis(10))
              .until(() -> settled() > before || !example.isAlive());
          assertThat(example.isAlive()).as("the consumer runs until it is killed").isTrue();
        } finally {
          example.destroyForcibly().waitFor();
        }
        history = load.join();
      }
    }
    Proof.of(installation).assertAllHold(Objects.requireNonNull(history, "ten kills took place"));
    Process last = start();
    try {
      await("the consumer has caught up")
          .atMost(PROGRESS_MAX)
          .pollInterval(Duration.ofMillis(100))
          .untilAsserted(
              () ->
                  assertThat(amounts(IN_ITS_TABLE, own))
                      .isEqualTo(amounts(ON_THE_LEDGER, installation.services().postgres())));
    } finally {
      last.destroyForcibly().waitFor();
    }
  }

  /** Static membership: a consumer that was killed goes on at once under its name. */
  private Process start() {
    try {
      return new ProcessBuilder(
              Path.of(System.getProperty("java.home"), "bin", "java").toString(),
              "-Xmx128m",
              "-XX:+UseSerialGC",
              "-XX:TieredStopAtLevel=1",
              "-cp",
              System.getProperty("java.class.path"),
              SettledVolume.class.getName(),
              installation.services().kafka().bootstrap(),
              own.uri(),
              "the-only-one")
          .redirectErrorStream(true)
          .redirectOutput(
              ProcessBuilder.Redirect.appendTo(
                  installation.data().resolve("settled-volume.log").toFile()))
          .start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private long settled() {
    boolean there =
        !Sql.query(own, "select 1 from pg_tables where tablename = 'settled_volume'").isEmpty();
    return there ? Sql.number(own, "select coalesce(sum(payments), 0) from settled_volume") : 0;
  }

  private static Map<String, Long> amounts(String sql, PostgresEndpoint database) {
    Map<String, Long> amounts = new TreeMap<>();
    Sql.query(database, sql)
        .forEach(
            row ->
                amounts.put(String.valueOf(row.get(0)), Long.valueOf(String.valueOf(row.get(1)))));
    return amounts;
  }
}
