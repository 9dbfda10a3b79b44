package dev.ducat.launcher.cli;

import dev.ducat.proto.operations.v1.DeadEvent;
import dev.ducat.proto.operations.v1.OperationsServiceGrpcClient;
import dev.ducat.proto.operations.v1.RedriveEventRequest;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "redrive",
    description = {
      "Publish a refused event, and those that wait behind it, in order.",
      "Asks the operators' port (50052). Needs a reason and is audited."
    },
    mixinStandardHelpOptions = true)
final class RedriveCommand extends OperatorCommand {
  @Parameters(paramLabel = "EVENT", description = "The refused event, evt_...")
  private String event = "";

  @Option(names = "--reason", required = true, description = "Why.")
  private String reason = "";

  @Override
  int run() {
    DeadEvent asked =
        ask(
                OperationsServiceGrpcClient.RedriveEvent,
                RedriveEventRequest.newBuilder().setEventId(event).setReason(reason).build())
            .message();
    out()
        .print(
            json()
                ? Shown.json(asked) + "\n"
                : "%s of %s will be published, with what waits behind it%n"
                    .formatted(asked.getEventId(), asked.getKey()));
    return Shown.DONE;
  }
}
