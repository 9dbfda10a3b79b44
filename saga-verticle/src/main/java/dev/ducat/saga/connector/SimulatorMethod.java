package dev.ducat.saga.connector;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What the simulator is told to do by a payment method. */
sealed interface SimulatorMethod {
  /** Everything succeeds. */
  record Ok() implements SimulatorMethod {}

  /** The authorize is declined with this reason. */
  record DeclineAuthorize(String reason, String message) implements SimulatorMethod {}

  /** The authorize succeeds, the capture is declined. */
  record DeclineCapture() implements SimulatorMethod {}

  /** The authorize answers "try again" this often, then succeeds. */
  record Errors(int count) implements SimulatorMethod {}

  /** Authorize and capture succeed, each after this long. */
  record Slow(long delayMs) implements SimulatorMethod {}

  /** The operation takes effect, but its answer never comes. */
  record Silent(JournalEntry.Kind kind) implements SimulatorMethod {}

  /** The authorize takes effect and is answered with another amount. */
  record WrongAmount() implements SimulatorMethod {}

  Pattern ERRORS = Pattern.compile("sim_error_(\\d{1,6})");
  Pattern SLOW = Pattern.compile("sim_slow_(\\d{1,6})");

  /** Reads a payment method; null when the simulator does not know it. */
  static @Nullable SimulatorMethod parse(String token) {
    return switch (token) {
      case "sim_ok" -> new Ok();
      case "sim_decline_authorize" -> new DeclineAuthorize("DECLINED", "declined by the simulator");
      case "sim_insufficient_funds" ->
          new DeclineAuthorize("INSUFFICIENT_FUNDS", "the simulated payer has not enough funds");
      case "sim_decline_capture" -> new DeclineCapture();
      case "sim_timeout_authorize" -> new Silent(JournalEntry.Kind.AUTHORIZE);
      case "sim_timeout_capture" -> new Silent(JournalEntry.Kind.CAPTURE);
      case "sim_wrong_amount" -> new WrongAmount();
      default -> parseNumbered(token);
    };
  }

  private static @Nullable SimulatorMethod parseNumbered(String token) {
    Matcher errors = ERRORS.matcher(token);
    if (errors.matches()) {
      return new Errors(Integer.parseInt(errors.group(1)));
    }
    Matcher slow = SLOW.matcher(token);
    return slow.matches() ? new Slow(Long.parseLong(slow.group(1))) : null;
  }
}
