package dev.ducat.ledger;

import dev.ducat.proto.ledger.v1.BalanceLimit;
import dev.ducat.proto.ledger.v1.NormalSide;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The accounts that payments use. They are opened when a saga first moves them; those of the
 * platform itself are moved by sagas only.
 */
record Chart(NormalSide side, BalanceLimit limit) {
  private static final Chart ASSET =
      new Chart(NormalSide.NORMAL_SIDE_DEBIT, BalanceLimit.BALANCE_LIMIT_NONE);
  private static final Chart OPEN_LIABILITY =
      new Chart(NormalSide.NORMAL_SIDE_CREDIT, BalanceLimit.BALANCE_LIMIT_NONE);

  private static final Pattern AVAILABLE = Pattern.compile("merchant:(.*):available");

  /** What may be spent: it cannot be overdrawn. */
  private static final Chart FUNDS =
      new Chart(
          NormalSide.NORMAL_SIDE_CREDIT, BalanceLimit.BALANCE_LIMIT_DEBITS_MUST_NOT_EXCEED_CREDITS);

  /**
   * How an account of this name is opened on first use; null when the chart has no such account.
   *
   * @param overdraft merchants whose available funds may go below zero
   */
  static @Nullable Chart entryOf(String name, Set<String> overdraft) {
    if (name.startsWith("psp_receivable:")) {
      return ASSET;
    }
    if (name.equals("fees") || (name.startsWith("merchant:") && name.endsWith(":pending"))) {
      return OPEN_LIABILITY;
    }
    Matcher available = AVAILABLE.matcher(name);
    if (available.matches()) {
      return overdraft.contains(available.group(1)) ? OPEN_LIABILITY : FUNDS;
    }
    return name.startsWith("wallet:") ? FUNDS : null;
  }

  /** Whether only sagas may open or move an account of this name. */
  static boolean isReserved(String name) {
    return name.startsWith("psp_receivable:")
        || name.startsWith("merchant:")
        || name.equals("fees");
  }
}
