package dev.ducat.launcher.check;

import dev.ducat.kernel.sql.PgSettings;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Checks P1–P10, L1, L2, S1 and O1–O3 over a system at rest. Outside of it: own SQL, own consumer,
 * the PSP's journal, the clients' memories.
 */
public final class InvariantCheck {
  private final PgSettings postgres;
  private final String bootstrap;
  private final Path journal;

  public InvariantCheck(PgSettings postgres, String bootstrap, Path journal) {
    this.postgres = postgres;
    this.bootstrap = bootstrap;
    this.journal = journal;
  }

  /**
   * What was found.
   *
   * @param findings one per invariant, in the order of their ids
   * @param eventsByType committed records in Kafka
   * @param trialBalance what all accounts add up to
   */
  public record Report(
      List<Finding> findings, Map<String, Long> eventsByType, List<BookLine> trialBalance) {
    public boolean broken() {
      return findings.stream().anyMatch(Finding::broken);
    }
  }

  /** One account of the trial balance, in minor units. */
  public record BookLine(String account, String currency, long debits, long credits, long held) {}

  /**
   * Reads everything and checks it.
   *
   * @throws IllegalStateException when the database or Kafka does not answer: then nothing is known
   */
  public Report run(ClientHistory history, BalanceSamples samples) {
    Facts facts = FactReader.read(postgres, bootstrap, journal);
    List<Finding> findings = new ArrayList<>();
    findings.addAll(new PaymentChecks(facts, history).run());
    findings.addAll(new PspChecks(facts).run());
    findings.addAll(new LedgerChecks(facts).run(samples));
    findings.addAll(new EventChecks(facts).run());
    Map<String, Long> events = new TreeMap<>();
    facts.kafka().forEach(record -> events.merge(record.type(), 1L, Long::sum));
    return new Report(findings, events, trialBalance(facts));
  }

  private static List<BookLine> trialBalance(Facts facts) {
    Map<String, BookLine> lines = new TreeMap<>();
    for (Facts.Account account : facts.accounts()) {
      Facts.Counters counters = account.counters();
      lines.merge(
          account.currency() + " " + account.name(),
          new BookLine(
              account.name(),
              account.currency(),
              counters.debitsPosted(),
              counters.creditsPosted(),
              counters.debitsPending() + counters.creditsPending()),
          (a, b) ->
              new BookLine(
                  a.account(),
                  a.currency(),
                  a.debits() + b.debits(),
                  a.credits() + b.credits(),
                  a.held() + b.held()));
    }
    return List.copyOf(lines.values());
  }
}
