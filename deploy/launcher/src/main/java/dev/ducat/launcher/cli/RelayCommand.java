package dev.ducat.launcher.cli;

import dev.ducat.proto.operations.v1.GetRelayStatusRequest;
import dev.ducat.proto.operations.v1.OperationsServiceGrpcClient;
import dev.ducat.proto.operations.v1.RelaySlot;
import dev.ducat.proto.operations.v1.RelaySlotState;
import dev.ducat.proto.operations.v1.RelayStatus;
import dev.ducat.proto.operations.v1.RelayStream;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
    name = "relay",
    description = "See how far publication to Kafka is, and what Kafka refuses.",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {RelayCommand.Status.class, DeadCommand.class, RedriveCommand.class})
final class RelayCommand implements Runnable {
  // Replaced by picocli.
  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public void run() {
    spec.commandLine().usage(spec.commandLine().getOut());
  }

  @Command(
      name = "status",
      description = {
        "Each slot: who publishes it, how much waits, why it stands.",
        "Asks the operators' port (50052). Exits with 1 when a slot has stopped."
      },
      mixinStandardHelpOptions = true)
  static final class Status extends OperatorCommand {
    @Option(names = "--streams", description = "Each stream with its head and position, too.")
    private boolean streams;

    @Override
    int run() {
      RelayStatus status =
          ask(
                  OperationsServiceGrpcClient.GetRelayStatus,
                  GetRelayStatusRequest.getDefaultInstance())
              .message();
      out().print(json() ? Shown.json(status) + "\n" : shown(status));
      return status.getSlotsList().stream()
              .anyMatch(slot -> slot.getState() == RelaySlotState.RELAY_SLOT_STATE_ALARMED)
          ? Shown.ERROR
          : Shown.DONE;
    }

    private String shown(RelayStatus status) {
      Table slots = new Table("slot", "node", ">epoch", "state", ">waiting", "problem");
      Table all = new Table("stream", ">head", ">position");
      for (RelaySlot slot : status.getSlotsList()) {
        slots.row(
            slot.getSlot(),
            slot.getNodeId().isEmpty() ? "-" : slot.getNodeId(),
            slot.getEpoch(),
            slot.getState().name().replaceFirst("^RELAY_SLOT_STATE_", "").toLowerCase(Locale.ROOT),
            slot.getStreamsList().stream()
                .mapToLong(one -> one.getHead() - one.getPosition())
                .sum(),
            slot.getProblem());
        for (RelayStream stream : slot.getStreamsList()) {
          all.row(stream.getStream(), stream.getHead(), stream.getPosition());
        }
      }
      String behind =
          status.getLagEvents() == 0
              ? "nothing waits\n"
              : "%,d events wait, the oldest for %s\n"
                  .formatted(status.getLagEvents(), Shown.age(status.getLag()));
      String parked =
          status.getDeadEvents() == 0
              ? ""
              : "%,d events are parked: ./ducat relay dead\n".formatted(status.getDeadEvents());
      return slots + (streams ? "\n" + all : "") + behind + parked;
    }
  }
}
