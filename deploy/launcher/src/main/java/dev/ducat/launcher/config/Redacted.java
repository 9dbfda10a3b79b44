package dev.ducat.launcher.config;

import java.util.regex.Pattern;

/** Text that is fit for logs. */
final class Redacted {
  // Greedy up to the last @: a password may itself contain one.
  private static final Pattern PASSWORD = Pattern.compile("^([a-z]+://[^:@/]*):.*@");

  private Redacted() {}

  /** A URI without its password. */
  static String uri(String text) {
    return PASSWORD.matcher(text).replaceFirst("$1:***@");
  }

  /** Of a URI what is no secret, of anything else nothing. */
  static String secret(String text) {
    return text.contains("://") ? uri(text) : "***";
  }
}
