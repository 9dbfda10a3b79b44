package dev.ducat.saga;

import dev.ducat.proto.payments.v1.Payment;
import dev.ducat.proto.type.v1.Money;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How large payments may be and how many there may be, per tenant and per merchant, by
 * configuration. Of the limits that measure the same, the one that names tenant and merchant most
 * exactly counts; those of a tenant as a whole and those of its merchants count beside each other.
 */
public record Limits(List<Amount> amounts, List<Velocity> velocities) {
  /** No limit of any kind. */
  public static final Limits NONE = new Limits(List.of(), List.of());

  /** What stands for every tenant, or every merchant, each by itself. */
  public static final String ANY = "*";

  public Limits {
    amounts = List.copyOf(amounts);
    velocities = List.copyOf(velocities);
  }

  /**
   * Whom a limit is about.
   *
   * @param tenant its name, or {@link #ANY}
   * @param merchant its account, or {@link #ANY}; empty for the tenant as a whole
   */
  public record Who(String tenant, String merchant) {
    private boolean isTenant() {
      return merchant.isEmpty();
    }

    private boolean covers(String someTenant, String someMerchant) {
      return (tenant.equals(ANY) || tenant.equals(someTenant))
          && (isTenant() || merchant.equals(ANY) || merchant.equals(someMerchant));
    }

    /** How exactly it names somebody; the tenant's name counts more than the merchant's. */
    private int exactness() {
      return (tenant.equals(ANY) ? 0 : 2) + (isTenant() || merchant.equals(ANY) ? 0 : 1);
    }
  }

  /** A window of time, aligned to UTC. */
  public enum Span {
    MINUTE(ChronoUnit.MINUTES),
    HOUR(ChronoUnit.HOURS),
    DAY(ChronoUnit.DAYS);

    private final ChronoUnit unit;

    Span(ChronoUnit unit) {
      this.unit = unit;
    }

    Instant startOf(Instant time) {
      return time.truncatedTo(unit);
    }
  }

  sealed interface Limit {
    Who who();

    /** What two limits have in common of which only one counts. */
    Object measure();
  }

  /**
   * How large one payment may be, in minor units of a currency.
   *
   * @param least at least 1
   * @param most at least {@code least}
   */
  public record Amount(Who who, String currency, long least, long most) implements Limit {
    public Amount {
      if (least < 1 || most < least) {
        throw new IllegalArgumentException("amounts from " + least + " to " + most);
      }
    }

    @Override
    public Object measure() {
      return currency;
    }
  }

  /**
   * How much there may be in a window.
   *
   * @param unit empty to count payments, else a currency whose minor units are added up
   * @param most at least 1
   */
  public record Velocity(Who who, String unit, Span span, long most) implements Limit {
    public Velocity {
      if (most < 1) {
        throw new IllegalArgumentException("at most " + most);
      }
    }

    @Override
    public Object measure() {
      return List.of(unit, span);
    }
  }

  /** A window in which something is counted; {@code merchant} is empty for a whole tenant. */
  record Window(String tenant, String merchant, String unit, Span span, Instant startsAt) {}

  /** Why a payment is too small or too large; null when it is neither. */
  Outcome.@Nullable Declined refusalOf(String tenant, Payment payment) {
    Money amount = payment.getAmount();
    for (Amount limit : applying(amounts, tenant, payment.getMerchantAccount())) {
      if (!limit.currency.equals(amount.getCurrencyCode())) {
        continue;
      }
      if (amount.getMinorUnits() > limit.most) {
        return new Outcome.Declined(
            "LIMIT_EXCEEDED", "at most " + limit.most + " minor units per payment");
      }
      if (amount.getMinorUnits() < limit.least) {
        return new Outcome.Declined(
            "AMOUNT_BELOW_MINIMUM", "at least " + limit.least + " minor units per payment");
      }
    }
    return null;
  }

  /** The windows in which a payment counts, with what each may hold. */
  Map<Window, Long> windowsOf(String tenant, String merchant, String currency, Instant now) {
    if (velocities.isEmpty()) {
      return Map.of();
    }
    Map<Window, Long> windows = new HashMap<>();
    for (Velocity limit : applying(velocities, tenant, merchant)) {
      if (limit.unit.isEmpty() || limit.unit.equals(currency)) {
        String of = limit.who.isTenant() ? "" : merchant;
        windows.put(
            new Window(tenant, of, limit.unit, limit.span, limit.span.startOf(now)), limit.most);
      }
    }
    return windows;
  }

  private static <L extends Limit> List<L> applying(List<L> all, String tenant, String merchant) {
    if (all.isEmpty()) {
      return all;
    }
    Map<List<Object>, L> best = new HashMap<>();
    for (L limit : all) {
      if (limit.who().covers(tenant, merchant)) {
        best.merge(
            List.of(limit.who().isTenant(), limit.measure()),
            limit,
            (one, other) -> other.who().exactness() > one.who().exactness() ? other : one);
      }
    }
    return new ArrayList<>(best.values());
  }
}
