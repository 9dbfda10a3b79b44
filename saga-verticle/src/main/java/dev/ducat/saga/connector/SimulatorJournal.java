package dev.ducat.saga.connector;

import dev.ducat.saga.connector.JournalEntry.Kind;
import dev.ducat.saga.connector.JournalEntry.Result;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What the simulated PSP really did, read from its journal: the independent witness that tests and
 * the demo count against.
 */
public final class SimulatorJournal {
  private final List<JournalEntry> entries;

  private SimulatorJournal(List<JournalEntry> entries) {
    this.entries = List.copyOf(entries);
  }

  /** What the PSP did for one payment, in minor units. */
  public record Totals(long authorized, long captured, long voided, long refunded) {
    /** What the payer's side still reserves. */
    public long held() {
      return authorized - captured - voided;
    }

    /** What the payer has paid in the end. */
    public long charged() {
      return captured - refunded;
    }
  }

  /**
   * Reads the journal as it is now; an absent file is an empty journal, an unfinished last line is
   * left out.
   */
  public static SimulatorJournal read(Path file) {
    List<JournalEntry> entries = new ArrayList<>();
    if (Files.exists(file)) {
      try (InputStream bytes = new BufferedInputStream(Files.newInputStream(file), 1 << 16)) {
        readLines(bytes, entries);
      } catch (IOException unreadable) {
        throw new UncheckedIOException(unreadable);
      }
    }
    return new SimulatorJournal(entries);
  }

  /** A line counts once its end is there: a BufferedReader would take a torn one for whole. */
  private static void readLines(InputStream bytes, List<JournalEntry> entries) throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    for (int next = bytes.read(); next >= 0; next = bytes.read()) {
      if (next != '\n') {
        line.write(next);
        continue;
      }
      JournalEntry entry = JournalEntry.parse(line.toString(StandardCharsets.UTF_8));
      if (entry != null) {
        entries.add(entry);
      }
      line.reset();
    }
  }

  /** All lines, oldest first. */
  public List<JournalEntry> entries() {
    return entries;
  }

  /** How often each operation key took effect. P8 holds when every number is 1. */
  public Map<String, Integer> effectsByOperation() {
    Map<String, Integer> effects = new LinkedHashMap<>();
    for (JournalEntry entry : entries) {
      if (entry.result() == Result.DONE) {
        effects.merge(entry.operationKey(), 1, Integer::sum);
      }
    }
    return effects;
  }

  /** What took effect, by payment id. */
  public Map<String, Totals> totalsByPayment() {
    Map<String, Totals> totals = new LinkedHashMap<>();
    for (JournalEntry entry : entries) {
      if (entry.result() == Result.DONE) {
        totals.merge(entry.paymentId(), single(entry), SimulatorJournal::sum);
      }
    }
    return totals;
  }

  private static Totals single(JournalEntry entry) {
    long amount = entry.amount();
    Kind kind = entry.kind();
    return new Totals(
        kind == Kind.AUTHORIZE ? amount : 0,
        kind == Kind.CAPTURE ? amount : 0,
        kind == Kind.VOID ? amount : 0,
        kind == Kind.REFUND ? amount : 0);
  }

  private static Totals sum(Totals a, Totals b) {
    return new Totals(
        a.authorized + b.authorized,
        a.captured + b.captured,
        a.voided + b.voided,
        a.refunded + b.refunded);
  }
}
