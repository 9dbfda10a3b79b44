package dev.ducat.launcher.cli;

import com.google.protobuf.Duration;
import com.google.protobuf.util.Durations;
import dev.ducat.launcher.client.Answer;
import dev.ducat.proto.connector.v1.Declined;
import dev.ducat.proto.connector.v1.Done;
import dev.ducat.proto.connector.v1.NotFound;
import dev.ducat.proto.operations.v1.CompensateSagaRequest;
import dev.ducat.proto.operations.v1.GetSagaRequest;
import dev.ducat.proto.operations.v1.ListSagasRequest;
import dev.ducat.proto.operations.v1.ListSagasResponse;
import dev.ducat.proto.operations.v1.OperationsServiceGrpcClient;
import dev.ducat.proto.operations.v1.ResolveSagaRequest;
import dev.ducat.proto.operations.v1.RetrySagaRequest;
import dev.ducat.proto.operations.v1.Saga;
import dev.ducat.proto.operations.v1.SagaFilter;
import dev.ducat.proto.operations.v1.SagaState;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
    name = "sagas",
    description = {
      "See what is under way or stands still, and decide about it.",
      "Asks the operators' port (50052). Decisions need a reason and are audited."
    },
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      SagasCommand.ListThem.class,
      SagasCommand.ShowOne.class,
      SagasCommand.Retry.class,
      SagasCommand.Compensate.class,
      SagasCommand.Resolve.class
    })
final class SagasCommand implements Runnable {
  private static final String STATE_PREFIX = "SAGA_STATE_";

  // Replaced by picocli.
  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public void run() {
    spec.commandLine().usage(spec.commandLine().getOut());
  }

  @Command(
      name = "list",
      description = "List sagas, the longest unchanged first.",
      mixinStandardHelpOptions = true)
  static final class ListThem extends OperatorCommand {
    private static final int PAGE_MAX = 1_000;

    @Option(
        names = "--state",
        split = ",",
        paramLabel = "STATE",
        description =
            "Only in these states: running, waiting, compensating, done, compensated,"
                + " needs_attention.")
    private List<String> states = new ArrayList<>();

    @Option(
        names = "--stuck",
        paramLabel = "TIME",
        description = "Not ended, and unchanged for at least this long: 90s, 15m, 2h, 1d.")
    private @Nullable String stuck;

    @Option(names = "--payment", defaultValue = "", description = "Only of this payment.")
    private String payment = "";

    @Option(
        names = "--limit",
        defaultValue = "50",
        paramLabel = "N",
        description = "At most so many. Default: ${DEFAULT-VALUE}.")
    private int limit = 50;

    @Override
    int run() {
      List<Saga> sagas = read();
      if (json()) {
        sagas.forEach(saga -> out().println(Shown.json(saga)));
        return Shown.DONE;
      }
      Table table = new Table("saga", "tenant", "kind", "at", "state", "unchanged", "why");
      for (Saga saga : sagas) {
        table.row(
            saga.getSagaId(),
            saga.getTenant(),
            plain(saga.getKind().name(), "SAGA_KIND_"),
            saga.getStep(),
            plain(saga.getState().name(), STATE_PREFIX),
            Shown.age(saga.getUnchangedFor()),
            saga.getFailure().getCode());
      }
      out().print(table.isEmpty() ? "no sagas\n" : table.toString());
      return Shown.DONE;
    }

    private List<Saga> read() {
      SagaFilter.Builder filter = SagaFilter.newBuilder().setPaymentId(payment);
      states.forEach(state -> filter.addStates(parse(state)));
      if (stuck != null) {
        filter.setStuckLongerThan(time(stuck));
      }
      List<Saga> sagas = new ArrayList<>();
      ListSagasRequest.Builder request = ListSagasRequest.newBuilder().setFilter(filter);
      do {
        request.setPageSize(Math.min(PAGE_MAX, limit - sagas.size()));
        ListSagasResponse page =
            ask(OperationsServiceGrpcClient.ListSagas, request.build()).message();
        sagas.addAll(page.getSagasList());
        request.setPageToken(page.getNextPageToken());
      } while (sagas.size() < limit && !request.getPageToken().isEmpty());
      return sagas;
    }

    private static SagaState parse(String state) {
      try {
        return SagaState.valueOf(
            STATE_PREFIX + state.strip().toUpperCase(Locale.ROOT).replace('-', '_'));
      } catch (IllegalArgumentException unknown) {
        throw new IllegalArgumentException("there is no state " + state, unknown);
      }
    }

    private static Duration time(String text) {
      if (!text.matches("[0-9]{1,6}[smhd]")) {
        throw new IllegalArgumentException("--stuck must be like 90s, 15m, 2h or 1d, is " + text);
      }
      long amount = Long.parseLong(text.substring(0, text.length() - 1));
      return switch (text.charAt(text.length() - 1)) {
        case 's' -> Durations.fromSeconds(amount);
        case 'm' -> Durations.fromMinutes(amount);
        case 'h' -> Durations.fromHours(amount);
        default -> Durations.fromDays(amount);
      };
    }
  }

  /** A command about one saga, which it prints as it stands afterwards. */
  abstract static class AboutOne extends OperatorCommand {
    @Parameters(paramLabel = "SAGA", description = "The saga's id.")
    private String sagaId = "";

    final String sagaId() {
      return sagaId;
    }

    abstract Answer<Saga> ask();

    @Override
    final int run() {
      Saga saga = ask().message();
      out().print(json() ? Shown.json(saga) + "\n" : shown(saga));
      return Shown.DONE;
    }
  }

  @Command(
      name = "show",
      description = "Show a saga with its attempts.",
      mixinStandardHelpOptions = true)
  static final class ShowOne extends AboutOne {
    @Override
    Answer<Saga> ask() {
      return ask(
          OperationsServiceGrpcClient.GetSaga,
          GetSagaRequest.newBuilder().setSagaId(sagaId()).build());
    }
  }

  /** A decision: with a reason, and if need be for one version only. */
  abstract static class Decision extends AboutOne {
    @Option(names = "--reason", required = true, description = "Why, in your words. Audited.")
    private String reason = "";

    @Option(
        names = "--at-version",
        defaultValue = "0",
        paramLabel = "N",
        description = "Only if the saga is still at this version.")
    private long version;

    final String reason() {
      return reason;
    }

    final long version() {
      return version;
    }
  }

  @Command(
      name = "retry",
      description = "Take the present step up again now; what is unknown is asked about first.",
      mixinStandardHelpOptions = true)
  static final class Retry extends Decision {
    @Override
    Answer<Saga> ask() {
      return ask(
          OperationsServiceGrpcClient.RetrySaga,
          RetrySagaRequest.newBuilder()
              .setSagaId(sagaId())
              .setReason(reason())
              .setVersion(version())
              .build());
    }
  }

  @Command(
      name = "compensate",
      description = "Give up and undo: by a void and a release, after the capture by a refund.",
      mixinStandardHelpOptions = true)
  static final class Compensate extends Decision {
    @Override
    Answer<Saga> ask() {
      return ask(
          OperationsServiceGrpcClient.CompensateSaga,
          CompensateSagaRequest.newBuilder()
              .setSagaId(sagaId())
              .setReason(reason())
              .setVersion(version())
              .build());
    }
  }

  @Command(
      name = "resolve",
      description = "State what really happened at the PSP, where Ducat could not find out.",
      mixinStandardHelpOptions = true)
  static final class Resolve extends Decision {
    /** Exactly one of them. */
    static final class Stated {
      @Option(
          names = "--done",
          paramLabel = "REFERENCE",
          description = "It took effect, in the amount that was asked for: the PSP's reference.")
      private @Nullable String done;

      @Option(
          names = "--declined",
          paramLabel = "CODE",
          description = "It did not take effect and never will, for this reason.")
      private @Nullable String declined;

      @Option(
          names = "--never-happened",
          description = "It never arrived at the PSP: it is sent again, under the same key.")
      private boolean never;
    }

    @ArgGroup(multiplicity = "1")
    private Stated stated = new Stated();

    @Override
    Answer<Saga> ask() {
      // What is decided about is what the saga is in doubt about at this moment, and no other.
      Saga saga =
          ask(
                  OperationsServiceGrpcClient.GetSaga,
                  GetSagaRequest.newBuilder().setSagaId(sagaId()).build())
              .message();
      ResolveSagaRequest.Builder request =
          ResolveSagaRequest.newBuilder()
              .setSagaId(sagaId())
              .setReason(reason())
              .setVersion(version() == 0 ? saga.getVersion() : version())
              .setOperationKey(saga.getOperationKey());
      if (stated.done != null) {
        request.setDone(
            Done.newBuilder()
                .setConnectorReference(stated.done)
                .setAmount(saga.getOutstanding().getAmount()));
      } else if (stated.declined != null) {
        request.setDeclined(Declined.newBuilder().setReasonCode(stated.declined));
      } else if (stated.never) {
        request.setNeverHappened(NotFound.getDefaultInstance());
      }
      return ask(OperationsServiceGrpcClient.ResolveSaga, request.build());
    }
  }

  // ---- what it looks like

  private static String shown(Saga saga) {
    Table table =
        new Table("", "")
            .row("saga", saga.getSagaId())
            .row("payment", saga.getPaymentId() + " of " + saga.getTenant())
            .row("kind", plain(saga.getKind().name(), "SAGA_KIND_"))
            .row("at", saga.getStep() + ", attempt " + saga.getAttempt())
            .row("state", plain(saga.getState().name(), STATE_PREFIX))
            .row("unchanged", Shown.age(saga.getUnchangedFor()));
    if (saga.hasFailure()) {
      table.row("why", saga.getFailure().getCode() + ": " + saga.getFailure().getMessage());
    }
    if (saga.hasOutstanding()) {
      table
          .row(
              "wants",
              plain(saga.getOutstanding().getKind().name(), "OPERATION_KIND_")
                  + " of "
                  + Shown.money(saga.getOutstanding().getAmount())
                  + " at "
                  + saga.getOutstanding().getConnector())
          .row("key there", saga.getOperationKey());
    }
    if (saga.getOutstanding().hasUnknownSinceTime()) {
      table.row("unknown since", Shown.time(saga.getOutstanding().getUnknownSinceTime()));
    }
    if (saga.hasNextAttemptTime()) {
      table.row("next attempt", Shown.time(saga.getNextAttemptTime()));
    }
    if (!saga.getNodeId().isEmpty()) {
      table.row("owner", saga.getNodeId() + ", shard " + saga.getShard());
    }
    table.row("version", saga.getVersion());
    if (saga.hasPayment()) {
      table.row("payment is", Shown.state(saga.getPayment().getState()));
    }
    saga.getAttemptsList()
        .forEach(
            attempt ->
                table.row(
                    "attempt " + attempt.getNumber(),
                    "%s  %s %s  %s"
                        .formatted(
                            Shown.time(attempt.getStartTime()),
                            attempt.getStep(),
                            plain(attempt.getOutcome().name(), "STEP_OUTCOME_"),
                            attempt.getError())));
    return table.toString();
  }

  private static String plain(String name, String prefix) {
    return name.replaceFirst("^" + prefix, "").toLowerCase(Locale.ROOT).replace('_', ' ');
  }
}
