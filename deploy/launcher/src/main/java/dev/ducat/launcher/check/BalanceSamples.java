package dev.ducat.launcher.check;

import dev.ducat.kernel.sql.PgSettings;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** Adds the books up again and again while others work on them: L1 must hold at every moment. */
public final class BalanceSamples implements AutoCloseable {
  private static final Duration PAUSE = Duration.ofMillis(100);

  private static final String SUMS =
      """
      select currency, sum(debits_posted) - sum(credits_posted) as posted,
             sum(debits_pending) - sum(credits_pending) as held
        from ledger.account group by currency
      """;

  private final AtomicLong taken = new AtomicLong();
  private final List<Off> off = new CopyOnWriteArrayList<>();
  private volatile boolean open = true;
  private @Nullable Thread thread;

  /** A moment at which the books of a currency did not balance. */
  record Off(String currency, long posted, long held) {
    String text() {
      return "were off by " + posted + " posted, " + held + " held, while work went on";
    }
  }

  private BalanceSamples() {}

  /** No samples: for a check of books at rest. */
  public static BalanceSamples none() {
    return new BalanceSamples();
  }

  /** Takes samples until closed. */
  public static BalanceSamples start(PgSettings postgres) {
    BalanceSamples samples = new BalanceSamples();
    samples.thread =
        Thread.ofPlatform().daemon().name("balance-samples").start(() -> samples.run(postgres));
    return samples;
  }

  long taken() {
    return taken.get();
  }

  List<Off> off() {
    return List.copyOf(off);
  }

  @Override
  public void close() {
    open = false;
    Thread running = thread;
    if (running != null) {
      LockSupport.unpark(running);
    }
  }

  private void run(PgSettings postgres) {
    while (open) {
      try (Connection connection = Database.open(postgres);
          Statement statement = connection.createStatement()) {
        while (open) {
          sample(statement);
          LockSupport.parkNanos(PAUSE.toNanos());
        }
      } catch (SQLException away) {
        // A database that is away has no books to look at; the next round tries again.
        LockSupport.parkNanos(PAUSE.toNanos());
      }
    }
  }

  private void sample(Statement statement) throws SQLException {
    try (ResultSet row = statement.executeQuery(SUMS)) {
      while (row.next()) {
        taken.incrementAndGet();
        Off found = new Off(row.getString("currency"), row.getLong("posted"), row.getLong("held"));
        if (found.posted() != 0 || found.held() != 0) {
          off.add(found);
        }
      }
    }
  }
}
