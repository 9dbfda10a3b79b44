package dev.ducat.embedded;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;

/**
 * PostgreSQL 18, Redis and Kafka on 127.0.0.1, each its own process, over one data folder.
 *
 * <p>Several processes may use one folder: the first starts the services, the others adopt them,
 * the last to close stops them. An owner that is killed leaves them running, for the next start to
 * adopt. Nothing here asks for a password; it is made for development and tests.
 */
public final class EmbeddedServices implements AutoCloseable {
  // Long, because crash recovery may have gigabytes of log to replay; a service that dies is
  // noticed at once.
  private static final Duration START_LIMIT = Duration.ofMinutes(2);

  /**
   * How to start.
   *
   * @param dataDir the folder for data, logs and pid files, {@code .ducat} by custom
   * @param fresh whether to delete what the services stored there before
   * @param services which services to run
   * @param ports ports that services must have when they are started anew; a service without an
   *     entry gets the one it had last time, or else any free one. A service that is adopted stays
   *     on its port
   * @param boundToJvm whether services started here end when this JVM does, even when it is killed
   * @param startLimit how long a service may take until it answers
   */
  public record Options(
      Path dataDir,
      boolean fresh,
      Set<Service> services,
      Map<Service, Integer> ports,
      boolean boundToJvm,
      Duration startLimit) {
    public Options {
      services = Set.copyOf(services);
      ports = Map.copyOf(ports);
      if (!startLimit.isPositive()) {
        throw new IllegalArgumentException("startLimit must be positive, not " + startLimit);
      }
    }

    /** All three services, data kept, any ports. */
    public static Options in(Path dataDir) {
      return new Options(
          dataDir, false, EnumSet.allOf(Service.class), Map.of(), false, START_LIMIT);
    }

    public Options withFresh(boolean value) {
      return new Options(dataDir, value, services, ports, boundToJvm, startLimit);
    }

    public Options withServices(Service... values) {
      return new Options(dataDir, fresh, Set.of(values), ports, boundToJvm, startLimit);
    }

    public Options withPort(Service service, int port) {
      Map<Service, Integer> all = new EnumMap<>(Service.class);
      all.putAll(ports);
      all.put(service, port);
      return new Options(dataDir, fresh, services, all, boundToJvm, startLimit);
    }

    public Options withBoundToJvm(boolean value) {
      return new Options(dataDir, fresh, services, ports, value, startLimit);
    }

    public Options withStartLimit(Duration value) {
      return new Options(dataDir, fresh, services, ports, boundToJvm, value);
    }
  }

  private final DataFolder folder;
  private final Options options;
  private final Path ticket;
  private final Map<Service, ManagedService> managed = new ConcurrentHashMap<>();
  private boolean closed;

  EmbeddedServices(DataFolder folder, Options options) {
    this.folder = folder;
    this.options = options;
    this.ticket = folder.join();
  }

  /**
   * Starts the services, or adopts those that already run in the folder, and returns when all of
   * them answer.
   *
   * @throws EmbeddedServiceException when a service does not come up, a requested port is taken,
   *     there are no binaries for this platform, or {@code fresh} is asked for while another live
   *     process uses the folder
   */
  public static EmbeddedServices start(Options options) {
    DataFolder folder = DataFolder.open(options.dataDir());
    List<EmbeddedServices> started = new ArrayList<>();
    folder.locked(
        () -> {
          if (options.fresh()) {
            wipe(folder, options);
          }
          EmbeddedServices services = new EmbeddedServices(folder, options);
          try {
            services.ensureServing(options.services());
          } catch (RuntimeException e) {
            services.leave();
            throw e;
          }
          started.add(services);
        });
    return started.getFirst();
  }

  /**
   * The services that all tests of this JVM share, started when first asked for and ended with the
   * JVM, however it ends. Closing the returned object does nothing. A test that stops, kills or
   * pauses a service must bring it back.
   */
  public static EmbeddedServices forTests(Service... services) {
    return SharedByTests.with(Set.of(services));
  }

  /**
   * The database {@code ducat}; for one of your own see {@link
   * PostgresEndpoint#createDatabase(String)}.
   */
  public PostgresEndpoint postgres() {
    return new PostgresEndpoint(
        Ports.HOST, managed(Service.POSTGRES).port(), PostgresEngine.DATABASE, PostgresEngine.USER);
  }

  public RedisEndpoint redis() {
    return new RedisEndpoint(Ports.HOST, managed(Service.REDIS).port());
  }

  public KafkaEndpoint kafka() {
    return new KafkaEndpoint(Ports.HOST, managed(Service.KAFKA).port());
  }

  /** The data folder, as an absolute path. */
  public Path dataDir() {
    return folder.root();
  }

  /** The log of a service's current process. */
  public Path log(Service service) {
    return folder.home(service).log();
  }

  /**
   * The pid of a service's (first) process.
   *
   * @throws IllegalStateException when it does not run
   */
  public long pid(Service service) {
    return managed(service).process().pid();
  }

  /** Ends a service in good order, and returns when it has ended. Data and port stay. */
  public void stop(Service service) {
    managed(service).stop();
  }

  /** SIGKILLs every process of a service at once, and returns when they are gone. */
  public void kill(Service service) {
    managed(service).kill();
  }

  /**
   * Starts a service on its port and data again, stopping it before when it runs; returns when it
   * answers.
   */
  public void restart(Service service) {
    managed(service).restart();
  }

  /** Freezes every process of a service (SIGSTOP): connections stay open and nothing answers. */
  public void pause(Service service) {
    managed(service).pause();
  }

  /** Ends a pause. */
  public void resume(Service service) {
    managed(service).resume();
  }

  /** Stops the services unless another live process uses them. Closing twice is no error. */
  @Override
  public void close() {
    if (!SharedByTests.owns(this)) {
      folder.locked(this::leave);
    }
  }

  private void leave() {
    if (closed) {
      return;
    }
    closed = true;
    folder.leave(ticket);
    if (folder.users().isEmpty()) {
      all(folder, options, ManagedService::stop);
    }
  }

  /** Starts or adopts what does not run yet. The caller holds the folder's lock. */
  void ensureServing(Set<Service> services) {
    for (Service service : services) {
      managed.computeIfAbsent(service, s -> manage(folder, s, options));
    }
    inParallel(services, service -> managed(service).ensureServing(options.ports().get(service)));
  }

  boolean runs(Service service) {
    ManagedService found = managed.get(service);
    return found != null && found.running().isPresent();
  }

  private ManagedService managed(Service service) {
    ManagedService found = managed.get(service);
    if (found == null) {
      throw new IllegalStateException(service + " was not asked for at start");
    }
    return found;
  }

  private static void wipe(DataFolder folder, Options options) {
    List<ProcessRef> users = folder.users();
    if (!users.isEmpty()) {
      throw new EmbeddedServiceException(
          "%s cannot be wiped: process %d uses it"
              .formatted(folder.root(), users.getFirst().pid()));
    }
    all(folder, options, ManagedService::kill);
    folder.wipe();
  }

  /** Also the services this object was not asked to run: an earlier user may have left them. */
  static void all(DataFolder folder, Options options, Consumer<ManagedService> action) {
    inParallel(
        EnumSet.allOf(Service.class), service -> action.accept(manage(folder, service, options)));
  }

  private static ManagedService manage(DataFolder folder, Service service, Options options) {
    return new ManagedService(
        service, folder.home(service), options.boundToJvm(), options.startLimit());
  }

  /** Waits for all of them, then throws the first failure with the others attached. */
  private static void inParallel(Set<Service> services, Consumer<Service> action) {
    List<Future<?>> running = new ArrayList<>();
    try (ExecutorService threads = Executors.newCachedThreadPool()) {
      for (Service service : services) {
        running.add(threads.submit(() -> action.accept(service)));
      }
    }
    RuntimeException failure = null;
    for (Future<?> future : running) {
      try {
        future.get();
      } catch (ExecutionException e) {
        RuntimeException cause =
            e.getCause() instanceof RuntimeException r
                ? r
                : new EmbeddedServiceException("unexpected failure", e.getCause());
        if (failure == null) {
          failure = cause;
        } else {
          failure.addSuppressed(cause);
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new EmbeddedServiceException("interrupted while starting or stopping services", e);
      }
    }
    if (failure != null) {
      throw failure;
    }
  }
}
