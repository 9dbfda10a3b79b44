package dev.ducat.launcher.check;

import dev.ducat.kernel.outbox.Topics;
import dev.ducat.launcher.config.NodeConfig.Services;
import dev.ducat.launcher.events.EventReader;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;

/** Waits for the end of all work, seen from outside: nothing unfinished, nothing unpublished. */
public final class Drain {
  private static final Duration POLL = Duration.ofMillis(100);

  private final Services services;

  public Drain(Services services) {
    this.services = services;
  }

  /**
   * Waits until all is done.
   *
   * @return whether it was within the limit; what is missing then, the audit will name
   * @throws IllegalStateException when the database does not answer
   */
  public boolean await(Duration limit) {
    long start = System.nanoTime();
    long published = 0;
    try (Connection connection = Database.open(services.postgres());
        Statement statement = connection.createStatement();
        EventReader reader =
            EventReader.open(
                services.kafkaBootstrap(),
                List.of(Topics.PAYMENTS, Topics.LEDGER, Topics.AUDIT),
                true)) {
      while (System.nanoTime() - start < limit.toNanos()) {
        published += reader.poll(POLL).size();
        long unfinished =
            count(
                statement,
                "select count(*) from payment.saga"
                    + " where not finished and state <> 'NEEDS_ATTENTION' and phase <> 'OPEN'");
        if (unfinished == 0 && published >= count(statement, "select count(*) from outbox.event")) {
          return true;
        }
      }
      return false;
    } catch (SQLException away) {
      throw Database.away(away);
    }
  }

  private static long count(Statement statement, String sql) throws SQLException {
    try (ResultSet row = statement.executeQuery(sql)) {
      row.next();
      return row.getLong(1);
    }
  }
}
