package dev.ducat.bench.ducat;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/** What the simulated PSP did since a mark, by its own journal. */
final class PspFacts {
  // Columns of a line: time, operation, kind, result, payment, authorization, amount, currency.
  private static final int KIND = 2;
  private static final int RESULT = 3;
  private static final int PAYMENT = 4;
  private static final int AMOUNT = 6;

  private static final int AUTHORIZED = 1;
  private static final int CAPTURED = 2;

  private long odd;
  private final Map<Long, Integer> payments = new HashMap<>();

  private PspFacts() {}

  static long end(Path journal) {
    try {
      return Files.exists(journal) ? Files.size(journal) : 0;
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
  }

  /** Reads from the mark on; every operation is expected to move {@code amount}. */
  static PspFacts since(Path journal, long mark, long amount) {
    PspFacts facts = new PspFacts();
    try (FileChannel file = FileChannel.open(journal);
        BufferedReader lines =
            new BufferedReader(
                new InputStreamReader(Channels.newInputStream(file.position(mark)), UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        facts.add(line.split("\t", -1), Long.toString(amount));
      }
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
    return facts;
  }

  private void add(String[] line, String amount) {
    int effect =
        switch (line[KIND]) {
          case "AUTHORIZE" -> AUTHORIZED;
          case "CAPTURE" -> CAPTURED;
          default -> 0;
        };
    long payment = KafkaFacts.hash(line[PAYMENT]);
    int before = payments.getOrDefault(payment, 0);
    payments.put(payment, before | effect);
    // An authorize is the first thing that happens to a payment, a capture the second and last.
    boolean inOrder =
        switch (effect) {
          case AUTHORIZED -> before == 0;
          case CAPTURED -> before == AUTHORIZED;
          default -> false;
        };
    if (!inOrder || !line[RESULT].equals("DONE") || !line[AMOUNT].equals(amount)) {
      odd++;
    }
  }

  /** Lines that are not the one authorize and, after it, the one capture of a payment. */
  long odd() {
    return odd;
  }

  /** Payments that were authorized and captured. */
  long captured() {
    return payments.values().stream().filter(done -> done == (AUTHORIZED | CAPTURED)).count();
  }

  Set<Long> payments() {
    return payments.keySet();
  }
}
