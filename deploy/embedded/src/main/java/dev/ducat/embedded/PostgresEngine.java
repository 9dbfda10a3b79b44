package dev.ducat.embedded;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/** PostgreSQL with its own durability defaults: fsync and synchronous commit stay on. */
final class PostgresEngine implements Engine {
  static final String USER = "ducat";
  static final String DATABASE = "ducat";

  private static final int TIMEOUT_MS = 1_000;
  private static final Duration KILL_LIMIT = Duration.ofSeconds(10);

  private static final Map<String, String> SETTINGS =
      new TreeMap<>(
          Map.of(
              "listen_addresses", Ports.HOST,
              // TCP only: a socket path may be longer than the kernel allows.
              "unix_socket_directories", "",
              "max_connections", "200",
              "shared_buffers", "256MB",
              "max_wal_size", "4GB",
              // Change data capture (Debezium) must be possible without a restart.
              "wal_level", "logical",
              "max_replication_slots", "10",
              "wal_compression", "off"));

  @Override
  public List<String> prepare(ServiceHome home, int port) {
    Path bin = Binaries.postgres().resolve("bin");
    List<String> prefix = asOrdinaryUser();
    if (!Files.exists(home.data())) {
      initialize(home, bin, prefix);
    }
    settleLockFile(home.data());
    List<String> command = new ArrayList<>(prefix);
    command.addAll(
        List.of(
            bin.resolve("postgres").toString(),
            "-D",
            home.data().toString(),
            "-p",
            Integer.toString(port)));
    SETTINGS.forEach((name, value) -> command.addAll(List.of("-c", name + "=" + value)));
    return command;
  }

  @Override
  public boolean answers(int port) {
    if (!Ports.isOpen(port, TIMEOUT_MS)) {
      return false;
    }
    try (Connection connection = connect(port, "postgres");
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("select 1")) {
      return row.next();
    } catch (SQLException e) {
      return false;
    }
  }

  @Override
  public void afterStart(int port) {
    try (Connection connection = connect(port, "postgres");
        Statement statement = connection.createStatement()) {
      boolean exists;
      try (ResultSet row =
          statement.executeQuery("select 1 from pg_database where datname = '" + DATABASE + "'")) {
        exists = row.next();
      }
      if (!exists) {
        statement.execute("create database " + DATABASE);
      }
    } catch (SQLException e) {
      throw new EmbeddedServiceException("cannot create the database " + DATABASE, e);
    }
  }

  /** SIGINT is the "fast" shutdown; SIGTERM would wait for clients to leave by themselves. */
  @Override
  public String gracefulSignal() {
    return "INT";
  }

  /**
   * SIGQUIT is the "immediate" shutdown, which also ends the backends; a killed postmaster would
   * leave them behind.
   */
  @Override
  public String abruptSignal() {
    return "QUIT";
  }

  private static Connection connect(int port, String database) throws SQLException {
    return DriverManager.getConnection(
        "jdbc:postgresql://%s:%d/%s?user=%s&connectTimeout=2&socketTimeout=2&loginTimeout=2"
            .formatted(Ports.HOST, port, database, USER));
  }

  /**
   * Runs initdb into a draft folder and moves it, so that a kill half-way leaves nothing that looks
   * complete.
   */
  private static void initialize(ServiceHome home, Path bin, List<String> prefix) {
    Path draft = home.folder().resolve("data.new");
    DataFolder.deleteTree(draft);
    List<String> command = new ArrayList<>(prefix);
    command.addAll(
        List.of(
            bin.resolve("initdb").toString(),
            "--pgdata=" + draft,
            "--username=" + USER,
            "--auth=trust",
            "--encoding=UTF8",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--locale=C",
            "--no-instructions"));
    int exit = run(command, home.log());
    if (exit != 0) {
      throw new EmbeddedServiceException(
          "initdb failed with exit code %d:%n%s".formatted(exit, home.logTail()));
    }
    try {
      Files.move(draft, home.data(), StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * PostgreSQL refuses to start while the pid in its lock file exists, be it a stranger's by now or
   * that of a postmaster that has ended and whose parent has not noticed. No postmaster that we
   * know of runs here, so the first two cost the file, and one that does run was started by an
   * owner killed before it could note the pid. A file whose pid is gone is left to PostgreSQL,
   * which then also looks for orphaned backends.
   */
  private static void settleLockFile(Path data) {
    Path lockFile = data.resolve("postmaster.pid");
    if (!Files.exists(lockFile)) {
      return;
    }
    try (Stream<String> lines = Files.lines(lockFile, StandardCharsets.UTF_8)) {
      long pid = lines.findFirst().map(line -> Long.parseLong(line.strip())).orElse(0L);
      Optional<ProcessHandle> handle = ProcessHandle.of(pid);
      if (handle.isEmpty()) {
        return;
      }
      Optional<ProcessRef> process = ProcessRef.of(pid);
      if (process.isPresent() && serves(handle.get(), data)) {
        process.get().kill(KILL_LIMIT);
      }
      Files.delete(lockFile);
    } catch (IOException | NumberFormatException e) {
      throw new EmbeddedServiceException("cannot read " + lockFile, e);
    }
  }

  private static boolean serves(ProcessHandle process, Path data) {
    return process
        .info()
        .arguments()
        .map(arguments -> List.of(arguments).contains(data.toString()))
        .orElse(false);
  }

  /**
   * PostgreSQL refuses to run as root. In a user namespace without mapping, root is an ordinary
   * user of its own files.
   */
  private static List<String> asOrdinaryUser() {
    if (new com.sun.security.auth.module.UnixSystem().getUid() != 0) {
      return List.of();
    }
    List<String> prefix = List.of("unshare", "-U");
    List<String> trial = new ArrayList<>(prefix);
    trial.add("true");
    if (run(trial, Path.of("/dev/null")) != 0) {
      throw new EmbeddedServiceException(
          "PostgreSQL refuses to run as root, and `unshare -U` is not allowed here;"
              + " run as an ordinary user or allow user namespaces");
    }
    return prefix;
  }

  private static int run(List<String> command, Path log) {
    try {
      return new ProcessBuilder(command)
          .redirectErrorStream(true)
          .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
          .start()
          .waitFor();
    } catch (IOException e) {
      throw new EmbeddedServiceException("cannot run " + command.getFirst(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new EmbeddedServiceException("interrupted while running " + command.getFirst(), e);
    }
  }
}
