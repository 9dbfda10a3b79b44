package dev.ducat.saga.connector;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What the simulator is told to do by a payment method. */
sealed interface SimulatorMethod {
  /** Everything succeeds. */
  record Ok() implements SimulatorMethod {}

  /** The authorize is declined with this reason. */
  record DeclineAuthorize(String reason) implements SimulatorMethod {}

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

  /** The authorize waits for the payer, who acts by himself after this long. */
  record Action(long afterMs) implements SimulatorMethod {}

  /**
   * The authorize is lost on the way and arrives this long after its caller gave up: until then the
   * PSP knows nothing of it.
   */
  record Late(long afterMs) implements SimulatorMethod {}

  /** The authorize takes effect, and the PSP never says a word about it. */
  record UnknownForever() implements SimulatorMethod {}

  Pattern NUMBERED = Pattern.compile("sim_(error|slow|action|late)_(\\d{1,6})");

  /** Reads a payment method; null when the simulator does not know it. */
  static @Nullable SimulatorMethod parse(String token) {
    return switch (token) {
      case "sim_ok" -> new Ok();
      case "sim_decline_authorize" -> new DeclineAuthorize("DECLINED");
      case "sim_insufficient_funds" -> new DeclineAuthorize("INSUFFICIENT_FUNDS");
      case "sim_decline_capture" -> new DeclineCapture();
      case "sim_timeout_authorize" -> new Silent(JournalEntry.Kind.AUTHORIZE);
      case "sim_timeout_capture" -> new Silent(JournalEntry.Kind.CAPTURE);
      case "sim_wrong_amount" -> new WrongAmount();
      case "sim_unknown_forever" -> new UnknownForever();
      default -> parseNumbered(token);
    };
  }

  private static @Nullable SimulatorMethod parseNumbered(String token) {
    Matcher parts = NUMBERED.matcher(token);
    if (!parts.matches()) {
      return null;
    }
    int number = Integer.parseInt(parts.group(2));
    return switch (parts.group(1)) {
      case "error" -> new Errors(number);
      case "slow" -> new Slow(number);
      case "action" -> new Action(number);
      default -> new Late(number);
    };
  }
}
