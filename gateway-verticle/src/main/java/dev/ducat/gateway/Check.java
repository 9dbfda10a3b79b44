package dev.ducat.gateway;

import com.google.protobuf.Timestamp;
import dev.ducat.gateway.Problem.InvalidRequest;
import dev.ducat.gateway.Problem.Violation;
import dev.ducat.kernel.money.Currencies;
import java.util.ArrayList;
import java.util.List;

/** Collects what is wrong with a request, so that its caller learns all of it in one go. */
final class Check {
  /** AIP-158: as many as a page has when nothing is said. */
  private static final int PAGE_SIZE_DEFAULT = 50;

  /** More than this in one answer would pass what clients take by default (4 MiB). */
  private static final int PAGE_SIZE_MAX = 1_000;

  /** Tokens are ours and short; this only bounds what is passed on. */
  private static final int PAGE_TOKEN_CHARS_MAX = 1_024;

  /** The years 0001 to 9999, as google.protobuf.Timestamp defines itself. */
  private static final long TIMESTAMP_SECONDS_MIN = -62_135_596_800L;

  private static final long TIMESTAMP_SECONDS_MAX = 253_402_300_799L;
  private static final int NANOS_MAX = 999_999_999;

  private final List<Violation> violations = new ArrayList<>();

  /** Which characters a text may have. */
  enum Characters {
    PRINTABLE_ASCII("printable ASCII characters"),
    NAME("characters of [A-Za-z0-9._-]"),
    LOWER_NAME("characters of [a-z0-9_-]"),
    ACCOUNT("characters of [A-Za-z0-9._:-]"),
    LINE("characters without control characters"),
    TEXT("characters without control characters other than line ends and tabs");

    private final String words;

    Characters(String words) {
      this.words = words;
    }

    private boolean has(char c) {
      boolean lower = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
      boolean name = lower || (c >= 'A' && c <= 'Z') || c == '.';
      return switch (this) {
        case PRINTABLE_ASCII -> c >= ' ' && c <= '~';
        case NAME -> name;
        case LOWER_NAME -> lower;
        case ACCOUNT -> name || c == ':';
        case LINE -> !Character.isISOControl(c);
        case TEXT -> !Character.isISOControl(c) || c == '\n' || c == '\r' || c == '\t';
      };
    }
  }

  /** Notes a violation unless {@code holds}. */
  void that(boolean holds, String field, String description) {
    if (!holds) {
      violations.add(new Violation(field, description, false));
    }
  }

  /** A text of {@code min} to {@code max} characters that does not look like a card number. */
  void text(String field, String value, int min, int max, Characters characters) {
    if (CardNumbers.isIn(value)) {
      sensitive(field);
      return;
    }
    int length = value.codePointCount(0, value.length());
    boolean fits = length >= min && length <= max;
    for (int i = 0; fits && i < value.length(); i++) {
      fits = characters.has(value.charAt(i));
    }
    String limits = min > 0 ? min + " to " + max : "at most " + max;
    that(fits, field, "must be " + limits + " " + characters.words);
  }

  /** Notes that a value looks like card data, without a word of it. */
  void sensitive(String field) {
    violations.add(new Violation(field, "must not have a card number in it", true));
  }

  void currency(String field, String code) {
    that(Currencies.isKnown(code), field, "must be an ISO 4217 code in upper case");
  }

  void pageSize(String field, int size) {
    that(size >= 0, field, "must not be negative");
  }

  void pageToken(String field, String token) {
    that(token.length() <= PAGE_TOKEN_CHARS_MAX, field, "is not a token of an earlier answer");
  }

  void timestamp(String field, Timestamp time) {
    boolean valid =
        time.getSeconds() >= TIMESTAMP_SECONDS_MIN
            && time.getSeconds() <= TIMESTAMP_SECONDS_MAX
            && time.getNanos() >= 0
            && time.getNanos() <= NANOS_MAX;
    that(valid, field, "must be a time from the year 1 to 9999");
  }

  /** How many violations there are so far. */
  int count() {
    return violations.size();
  }

  /**
   * Ends the check.
   *
   * @throws ProblemException naming every violation
   */
  void done() {
    if (!violations.isEmpty()) {
      throw new InvalidRequest(violations).asException();
    }
  }

  /** The page size that applies: 50 for 0, never more than 1,000. */
  static int effectivePageSize(int asked) {
    return asked == 0 ? PAGE_SIZE_DEFAULT : Math.min(asked, PAGE_SIZE_MAX);
  }
}
