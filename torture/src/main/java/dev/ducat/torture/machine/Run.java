package dev.ducat.torture.machine;

import dev.ducat.launcher.check.Finding;
import dev.ducat.launcher.check.InvariantCheck;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A run that has been checked.
 *
 * @param rested whether everything was at rest, and published, within a minute
 */
record Run(
    Settings settings,
    Witness witness,
    List<Struck> struck,
    boolean rested,
    InvariantCheck.Report report,
    Census census) {

  /** What was asked for, which makes it the same run when asked for again. */
  record Settings(long seed, double minutes, List<String> faults, int rate, int clients) {
    Settings {
      faults = List.copyOf(faults);
    }

    JsonObject json() {
      return new JsonObject()
          .put("seed", seed)
          .put("minutes", minutes)
          .put("asked_faults", String.join(",", faults))
          .put("rate", rate)
          .put("clients", clients);
    }

    /** Whether a line of the results is of this run. */
    boolean madeBy(JsonObject line) {
      JsonObject own = json();
      return own.fieldNames().stream()
          .allMatch(
              name ->
                  String.valueOf(own.getValue(name)).equals(String.valueOf(line.getValue(name))));
    }
  }

  List<String> violations() {
    List<String> violations = new ArrayList<>(witness.breaches());
    for (Finding finding : report.findings()) {
      finding.violations().forEach(one -> violations.add(finding.id() + " " + one));
    }
    if (!rested) {
      violations.add("S1 not at rest, or not published, 60 s after the end");
    }
    return violations;
  }

  /** One line of the results. */
  JsonObject json(String version) {
    Timeline timeline = witness.timeline();
    List<Timeline.Wait> doubted = timeline.waits().stream().filter(Timeline.Wait::doubted).toList();
    List<Double> creates =
        timeline.calls().stream()
            .filter(call -> call.method().equals("CreatePayment") && !call.silent())
            .filter(call -> call.outcome().equals("ok"))
            .map(Timeline.Call::ms)
            .toList();
    JsonObject cases = new JsonObject();
    report.findings().forEach(finding -> cases.put(finding.id(), finding.cases()));
    JsonObject line = settings.json();
    line.put("version", version)
        .put("payments", timeline.begun().size())
        .put("calls", object(timeline.outcomes()))
        .put(
            "create_ms",
            new JsonObject()
                .put("p50", tenths(TimelinePicture.quantile(creates, 0.5)))
                .put("p99", tenths(TimelinePicture.quantile(creates, 0.99))))
        .put(
            "unknown",
            new JsonObject()
                .put("at_first", doubted.size())
                .put("known_later", doubted.stream().filter(Timeline.Wait::resolved).count()))
        .put("payments_by_state", object(census.payments()))
        .put("refunds_by_state", object(census.refunds()))
        .put("attempts", object(census.attempts()))
        .put("faults", hits())
        .put("cases", cases)
        .put("violations", new JsonArray(violations()));
    return line;
  }

  private JsonArray hits() {
    Timeline timeline = witness.timeline();
    JsonArray hits = new JsonArray();
    for (Struck one : struck) {
      Recovery recovery = timeline.recovery(one.at(), one.healed());
      JsonObject hit =
          new JsonObject()
              .put("fault", one.fault())
              .put("at", hundredths(one.at()))
              .put("healed", hundredths(one.healed()))
              .put("dipped", recovery.dipped())
              .put("longest_wait_s", hundredths(timeline.longestWait(one.at(), one.healed())));
      if (Double.isNaN(recovery.seconds())) {
        hit.putNull("recovery_s");
      } else {
        hit.put("recovery_s", hundredths(recovery.seconds()));
      }
      hits.add(hit);
    }
    return hits;
  }

  private static JsonObject object(Map<String, Long> counts) {
    JsonObject object = new JsonObject();
    counts.forEach(object::put);
    return object;
  }

  private static double tenths(double value) {
    return Math.round(value * 10) / 10.0;
  }

  private static double hundredths(double value) {
    return Math.round(value * 100) / 100.0;
  }
}
