package dev.ducat.launcher.cli;

import dev.ducat.proto.operations.v1.DeadEvent;
import dev.ducat.proto.operations.v1.ListDeadEventsRequest;
import dev.ducat.proto.operations.v1.ListDeadEventsResponse;
import dev.ducat.proto.operations.v1.OperationsServiceGrpcClient;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "dead",
    description = {
      "List events that Kafka refuses, and those of their payments that wait behind them.",
      "Asks the operators' port (50052)."
    },
    mixinStandardHelpOptions = true)
final class DeadCommand extends OperatorCommand {
  private static final int PAGE_MAX = 1_000;

  @Option(names = "--topic", defaultValue = "", description = "Only those bound for this topic.")
  private String topic = "";

  @Option(names = "--key", defaultValue = "", description = "Only those of this payment.")
  private String key = "";

  @Option(
      names = "--limit",
      defaultValue = "50",
      paramLabel = "N",
      description = "At most so many. Default: ${DEFAULT-VALUE}.")
  private int limit = 50;

  @Override
  int run() {
    List<DeadEvent> events = read();
    if (json()) {
      events.forEach(event -> out().println(Shown.json(event)));
      return Shown.DONE;
    }
    Table table = new Table("event", "key", ">version", "topic", "cause", "redrive", "error");
    for (DeadEvent event : events) {
      table.row(
          event.getEventId(),
          event.getKey(),
          event.getVersion(),
          event.getTopic(),
          event.getCause().name().replaceFirst("^DEAD_EVENT_CAUSE_", "").toLowerCase(Locale.ROOT),
          event.getRedrivePending() ? "pending" : "-",
          event.getError());
    }
    out().print(table.isEmpty() ? "no parked events\n" : table.toString());
    return Shown.DONE;
  }

  private List<DeadEvent> read() {
    List<DeadEvent> events = new ArrayList<>();
    ListDeadEventsRequest.Builder request =
        ListDeadEventsRequest.newBuilder().setTopic(topic).setKey(key);
    do {
      request.setPageSize(Math.min(PAGE_MAX, limit - events.size()));
      ListDeadEventsResponse page =
          ask(OperationsServiceGrpcClient.ListDeadEvents, request.build()).message();
      events.addAll(page.getEventsList());
      request.setPageToken(page.getNextPageToken());
    } while (!request.getPageToken().isEmpty() && events.size() < limit);
    return events;
  }
}
