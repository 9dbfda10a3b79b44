package dev.ducat.saga;

import dev.ducat.proto.payments.v1.Payment;
import dev.ducat.proto.type.v1.Money;
import dev.ducat.saga.Limits.Window;
import java.time.Instant;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What one batch of a lane admits under velocity limits, on top of what the table said when the
 * batch was loaded. The table may have moved on since: the commit's guard notices.
 */
final class VelocityCount {
  /** What a batch adds to a window, and what the window may hold. */
  record Addition(long units, long most) {}

  private final Limits limits;
  private final Map<Window, Long> used;
  private final Map<Window, Addition> additions = new HashMap<>();

  /**
   * @param used what the table says; windows that it does not have are empty
   */
  VelocityCount(Limits limits, Map<Window, Long> used) {
    this.limits = limits;
    this.used = used;
  }

  /** Counts a payment in all its windows, or says why it has no room in one, and counts nothing. */
  Outcome.@Nullable Declined admit(String tenant, Payment payment, Instant now) {
    Money amount = payment.getAmount();
    Map<Window, Long> windows =
        limits.windowsOf(tenant, payment.getMerchantAccount(), amount.getCurrencyCode(), now);
    for (Map.Entry<Window, Long> window : windows.entrySet()) {
      long left = window.getValue() - taken(window.getKey());
      if (units(window.getKey(), amount) > left) {
        return refusal(window.getKey(), window.getValue());
      }
    }
    windows.forEach(
        (window, most) -> {
          Addition before = additions.getOrDefault(window, new Addition(0, most));
          additions.put(window, new Addition(before.units + units(window, amount), most));
        });
    return null;
  }

  Map<Window, Addition> additions() {
    return additions;
  }

  private long taken(Window window) {
    Addition added = additions.get(window);
    return used.getOrDefault(window, 0L) + (added == null ? 0 : added.units);
  }

  private static long units(Window window, Money amount) {
    return window.unit().isEmpty() ? 1 : amount.getMinorUnits();
  }

  private static Outcome.Declined refusal(Window window, long most) {
    return new Outcome.Declined(
        "VELOCITY_EXCEEDED",
        "at most %d %s per %s of this %s"
            .formatted(
                most,
                window.unit().isEmpty() ? "payments" : "minor units of " + window.unit(),
                window.span().name().toLowerCase(Locale.ROOT),
                window.merchant().isEmpty() ? "tenant" : "merchant"));
  }
}
