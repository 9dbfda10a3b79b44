package dev.ducat.launcher.demo;

import dev.ducat.launcher.check.ClientHistory.Sent;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/**
 * What the clients of the demo will ask for, the same for the same seed.
 *
 * @param orders what is sent, in this order; a key that stands twice is sent by two clients
 * @param conflicts keys of before, now with another amount: to be refused
 */
record LoadPlan(List<Sent> orders, List<Sent> conflicts) {
  private static final String TENANT = "default";
  private static final List<String> MERCHANTS = List.of("acme", "globex", "initech");
  private static final List<String> CURRENCIES = List.of("EUR", "USD", "JPY");

  /** Payment methods, and how many in a hundred payments use each. */
  private enum Kind {
    OK("sim_ok", 50),
    ERRORS("sim_error_2", 12),
    SLOW("sim_slow_200", 10),
    DECLINED("sim_decline_authorize", 10),
    POOR("sim_insufficient_funds", 6),
    DECLINED_LATE("sim_decline_capture", 12);

    private final String method;
    private final int share;

    Kind(String method, int share) {
      this.method = method;
      this.share = share;
    }
  }

  /** One payment in this many is sent by a second client as well. */
  private static final int DUPLICATE_EVERY = 8;

  /** One payment in this many is asked for again with another amount. */
  private static final int CONFLICT_EVERY = 30;

  LoadPlan {
    orders = List.copyOf(orders);
    conflicts = List.copyOf(conflicts);
  }

  /** How many payments there will be: each key once. */
  int payments() {
    return (int) orders.stream().map(Sent::key).distinct().count();
  }

  static LoadPlan make(int payments, long seed) {
    Random random = new Random(seed);
    List<String> methods = new ArrayList<>();
    for (int i = 0; i < payments; i++) {
      methods.add(methodAt(i * 100 / payments));
    }
    Collections.shuffle(methods, random);
    List<Sent> orders = new ArrayList<>();
    List<Sent> conflicts = new ArrayList<>();
    for (int i = 0; i < payments; i++) {
      Sent sent =
          new Sent(
              TENANT,
              "demo-" + i,
              100 + random.nextInt(50_000),
              CURRENCIES.get(random.nextInt(CURRENCIES.size())),
              MERCHANTS.get(random.nextInt(MERCHANTS.size())),
              methods.get(i));
      orders.add(sent);
      if (i % DUPLICATE_EVERY == 0) {
        // Right behind the first: the two are at work at the same time.
        orders.add(sent);
      }
      if (i % CONFLICT_EVERY == 0) {
        conflicts.add(
            new Sent(
                sent.tenant(),
                sent.key(),
                sent.amount() + 1,
                sent.currency(),
                sent.merchant(),
                sent.method()));
      }
    }
    return new LoadPlan(orders, conflicts);
  }

  private static String methodAt(int percent) {
    int sum = 0;
    for (Kind kind : Kind.values()) {
      sum += kind.share;
      if (percent < sum) {
        return kind.method;
      }
    }
    return Kind.OK.method;
  }
}
