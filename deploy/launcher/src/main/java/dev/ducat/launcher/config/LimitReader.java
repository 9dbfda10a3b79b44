package dev.ducat.launcher.config;

import dev.ducat.kernel.money.Currencies;
import dev.ducat.saga.Limits;
import dev.ducat.saga.Limits.Span;
import dev.ducat.saga.Limits.Who;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads {@code limits.…}: items {@code who=what}, where who is {@code tenant}, {@code
 * tenant/merchant}, or either with {@code *} for every one by itself.
 */
final class LimitReader {
  private static final String NAME = "\\*|[A-Za-z0-9._-]{1,64}";
  private static final String WHO = "(?<tenant>" + NAME + ")(/(?<merchant>" + NAME + "))?";
  private static final Pattern AMOUNT =
      Pattern.compile(
          WHO + "=(?<currency>[A-Z]{3}):(?<least>[0-9]{0,15})\\.\\.(?<most>[0-9]{0,15})");
  private static final Pattern VELOCITY =
      Pattern.compile(
          WHO + "=((?<currency>[A-Z]{3}):)?(?<most>[0-9]{1,15})/(?<span>minute|hour|day)");

  private final Values values;

  LimitReader(Values values) {
    this.values = values;
  }

  Limits read() {
    List<Limits.Amount> amounts = new ArrayList<>();
    List<Limits.Velocity> velocities = new ArrayList<>();
    Set<Object> seen = new HashSet<>();
    for (String item : values.items(Setting.LIMITS_AMOUNTS)) {
      Matcher parts = AMOUNT.matcher(item);
      if (isGood(Setting.LIMITS_AMOUNTS, item, parts, "*=EUR:100..500000")) {
        String currency = parts.group("currency");
        long least = number(parts.group("least"), 1);
        long most = number(parts.group("most"), Long.MAX_VALUE);
        if (least < 1 || most < least) {
          values.fault(Setting.LIMITS_AMOUNTS, "allows no amount at all: " + item);
        } else if (isNew(Setting.LIMITS_AMOUNTS, item, seen, List.of(who(parts), currency))) {
          amounts.add(new Limits.Amount(who(parts), currency, least, most));
        }
      }
    }
    for (String item : values.items(Setting.LIMITS_VELOCITY)) {
      Matcher parts = VELOCITY.matcher(item);
      if (isGood(Setting.LIMITS_VELOCITY, item, parts, "*/*=100/minute or shop=EUR:5000000/day")) {
        String unit = parts.group("currency") == null ? "" : parts.group("currency");
        Span span = Span.valueOf(parts.group("span").toUpperCase(Locale.ROOT));
        long most = number(parts.group("most"), 0);
        if (most < 1) {
          values.fault(Setting.LIMITS_VELOCITY, "allows nothing at all: " + item);
        } else if (isNew(Setting.LIMITS_VELOCITY, item, seen, List.of(who(parts), unit, span))) {
          velocities.add(new Limits.Velocity(who(parts), unit, span, most));
        }
      }
    }
    return new Limits(amounts, velocities);
  }

  private boolean isGood(Setting setting, String item, Matcher parts, String example) {
    if (!parts.matches()) {
      values.fault(setting, "must be limits such as " + example + ", has " + item);
      return false;
    }
    String currency = parts.group("currency");
    if (currency != null && !Currencies.isKnown(currency)) {
      values.fault(setting, "knows no currency " + currency + ", has " + item);
      return false;
    }
    return true;
  }

  private boolean isNew(Setting setting, String item, Set<Object> seen, Object what) {
    if (!seen.add(what)) {
      values.fault(setting, "says two things about the same: " + item);
      return false;
    }
    return true;
  }

  private static Who who(Matcher parts) {
    String merchant = parts.group("merchant");
    return new Who(parts.group("tenant"), merchant == null ? "" : merchant);
  }

  private static long number(String digits, long otherwise) {
    return digits.isEmpty() ? otherwise : Long.parseLong(digits);
  }
}
