package dev.ducat.embedded;

import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * One service in one data folder: adopts what runs there or starts it, and does to its process what
 * is asked.
 */
final class ManagedService {
  private static final Duration ADOPT_LIMIT = Duration.ofSeconds(20);
  private static final Duration STOP_LIMIT = Duration.ofSeconds(15);
  private static final Duration KILL_LIMIT = Duration.ofSeconds(10);
  private static final long POLL_NS = TimeUnit.MILLISECONDS.toNanos(20);
  private static final int PORT_ATTEMPTS = 3;

  private final Service service;
  private final Engine engine;
  private final ServiceHome home;
  private final boolean boundToJvm;
  private final Duration startLimit;

  ManagedService(Service service, ServiceHome home, boolean boundToJvm, Duration startLimit) {
    this.service = service;
    this.engine = Engine.of(service);
    this.home = home;
    this.boundToJvm = boundToJvm;
    this.startLimit = startLimit;
  }

  int port() {
    return home.port().orElseThrow(() -> new IllegalStateException(service + " was never started"));
  }

  Optional<ProcessRef> running() {
    return home.process().filter(ProcessRef::alive);
  }

  /**
   * Makes the service serve. What already runs in the folder is adopted on the port it has.
   *
   * @param requestedPort the port it must have when it is started anew; null chooses the last one
   *     or any free one
   */
  synchronized void ensureServing(@Nullable Integer requestedPort) {
    if (!adopt()) {
      start(requestedPort);
    }
  }

  synchronized void stop() {
    ProcessRef process = running().orElse(null);
    if (process != null) {
      var tree = process.tree();
      // Frozen processes obey only after they are thawed.
      process.resume();
      process.signal(engine.gracefulSignal());
      if (!ProcessRef.awaitEnd(tree, STOP_LIMIT)) {
        process.kill(KILL_LIMIT);
      }
    }
    home.recordStop();
  }

  synchronized void kill() {
    running().ifPresent(process -> process.kill(KILL_LIMIT));
    home.recordStop();
  }

  synchronized void restart() {
    int port = port();
    stop();
    start(port);
  }

  synchronized void pause() {
    process().pause();
  }

  synchronized void resume() {
    process().resume();
  }

  ProcessRef process() {
    return running().orElseThrow(() -> new IllegalStateException(service + " is not running"));
  }

  private boolean adopt() {
    ProcessRef left = running().orElse(null);
    if (left == null) {
      return false;
    }
    left.resume();
    if (awaitAnswer(left, port(), ADOPT_LIMIT)) {
      return true;
    }
    // It lives but does not serve, and nobody is left who could know why.
    left.kill(KILL_LIMIT);
    return false;
  }

  private void start(@Nullable Integer requestedPort) {
    for (int attempt = 1; ; attempt++) {
      int port = choosePort(requestedPort);
      try {
        startOn(port);
        return;
      } catch (EmbeddedServiceException e) {
        home.recordStop();
        // Between looking for a free port and listening on it another process can be faster.
        boolean lostTheRace = requestedPort == null && !Ports.isFree(port);
        if (!lostTheRace || attempt == PORT_ATTEMPTS) {
          throw e;
        }
      }
    }
  }

  private int choosePort(@Nullable Integer requestedPort) {
    if (requestedPort != null) {
      if (!Ports.isFree(requestedPort)) {
        throw new EmbeddedServiceException(
            "port %d, wanted for %s, is taken by another process"
                .formatted(requestedPort, service));
      }
      return requestedPort;
    }
    OptionalInt last = home.port();
    return last.isPresent() && Ports.isFree(last.getAsInt()) ? last.getAsInt() : Ports.free();
  }

  private void startOn(int port) {
    home.rollLog();
    Process process;
    ProcessRef ref;
    try {
      process = Detached.start(engine.prepare(home, port), home.folder(), home.log());
      ref = ProcessRef.of(process.pid()).orElseThrow(() -> failed("ended at once"));
      // Before anything else: whoever comes after a kill of this JVM must find the process.
      home.recordStart(port, ref);
      if (boundToJvm) {
        Detached.bindToThisJvm(process, engine.abruptSignal());
      }
    } catch (IOException e) {
      throw new EmbeddedServiceException("cannot run " + service, e);
    }
    if (!awaitAnswer(ref, port, startLimit)) {
      boolean ended = !ref.alive();
      if (!ended) {
        ref.kill(KILL_LIMIT);
      }
      throw failed(ended ? "ended with exit code " + exitCode(process) : "did not answer in time");
    }
    engine.afterStart(port);
  }

  private boolean awaitAnswer(ProcessRef process, int port, Duration limit) {
    long deadline = System.nanoTime() + limit.toNanos();
    while (process.alive() && System.nanoTime() - deadline < 0) {
      // Asked twice: an answer counts only when our process, and not a stranger on its port, has
      // given it.
      if (engine.answers(port) && process.alive()) {
        return true;
      }
      LockSupport.parkNanos(POLL_NS);
    }
    return false;
  }

  private EmbeddedServiceException failed(String how) {
    return new EmbeddedServiceException(
        "%s %s; the end of its log %s:%n%s".formatted(service, how, home.log(), home.logTail()));
  }

  private static String exitCode(Process process) {
    try {
      // The JVM learns of the end a moment after the kernel does.
      return process.waitFor(1, TimeUnit.SECONDS)
          ? Integer.toString(process.exitValue())
          : "unknown";
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return "unknown";
    }
  }
}
