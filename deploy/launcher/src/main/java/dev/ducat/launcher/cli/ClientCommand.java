package dev.ducat.launcher.cli;

import com.google.protobuf.Message;
import dev.ducat.launcher.client.Addresses;
import dev.ducat.launcher.client.Answer;
import dev.ducat.launcher.client.CallFailure;
import dev.ducat.launcher.client.DucatClient;
import io.vertx.core.Future;
import io.vertx.core.net.SocketAddress;
import io.vertx.grpc.common.ServiceMethod;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** What the client commands share: whom they ask, as whom, and how they print. */
abstract class ClientCommand implements Callable<Integer> {
  private static final Duration STREAM_MAX = Duration.ofHours(1);

  @Option(
      names = "--address",
      paramLabel = "HOST:PORT",
      description =
          "The node to ask. Default: a live one of the data folder, else localhost:50051, for"
              + " operators :50052.")
  private @Nullable String address;

  @Option(
      names = "--data",
      paramLabel = "DIR",
      defaultValue = ".ducat",
      description = "The data folder of ./ducat up. Default: ${DEFAULT-VALUE}.")
  private Path data = Path.of(".ducat");

  @Option(
      names = "--tenant",
      paramLabel = "NAME",
      description = "Default: the tenant \"default\"; for operators, every tenant.")
  private @Nullable String tenant;

  @Option(names = "--json", description = "Print proto3 JSON, one object per line.")
  private boolean json;

  @Option(
      names = "--timeout",
      paramLabel = "SECONDS",
      defaultValue = "15",
      description = "How long to wait for an answer. Default: ${DEFAULT-VALUE}.")
  private int timeoutSeconds = 15;

  // Replaced by picocli.
  @Spec private CommandSpec spec = CommandSpec.create();

  private @Nullable DucatClient client;

  /** Does the command's work. */
  abstract int run();

  @Override
  public Integer call() {
    try (DucatClient opened = new DucatClient(tenant == null ? tenantByDefault() : tenant)) {
      client = opened;
      return run();
    } catch (CallFailure failure) {
      err().println("ducat: " + failure.explain());
      return Shown.ERROR;
    } finally {
      out().flush();
    }
  }

  final <Q extends Message, A extends Message> Answer<A> ask(
      ServiceMethod<A, Q> method, Q request) {
    Duration timeout = timeout();
    return await(opened().call(target(address), method, request, timeout), timeout.plusSeconds(5));
  }

  final <Q extends Message, A extends Message> void follow(
      ServiceMethod<A, Q> method, Q request, Consumer<A> each) {
    await(opened().follow(target(address), method, request, STREAM_MAX, each), STREAM_MAX);
  }

  final PrintWriter out() {
    return spec.commandLine().getOut();
  }

  final PrintWriter err() {
    return spec.commandLine().getErr();
  }

  final boolean json() {
    return json;
  }

  final Path data() {
    return data;
  }

  final Duration timeout() {
    return Duration.ofSeconds(timeoutSeconds);
  }

  /** As whom to ask when nobody says; empty: as nobody's in particular. */
  String tenantByDefault() {
    return "default";
  }

  /** Whom to ask, given {@code --address} or not. */
  SocketAddress target(@Nullable String given) {
    return Addresses.find(given, data);
  }

  private DucatClient opened() {
    if (client == null) {
      throw new IllegalStateException("not in a call");
    }
    return client;
  }

  private static <T> T await(Future<T> future, Duration limit) {
    try {
      return future.await(limit.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException hanging) {
      throw new IllegalStateException("no answer within " + limit.toSeconds() + " s", hanging);
    }
  }
}
