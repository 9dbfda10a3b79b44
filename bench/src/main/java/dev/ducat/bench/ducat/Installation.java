package dev.ducat.bench.ducat;

import dev.ducat.embedded.EmbeddedServices;
import dev.ducat.embedded.Service;
import dev.ducat.kernel.sql.PgSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The embedded services of one folder, and a node on them. Closing ends both. */
public final class Installation implements AutoCloseable {
  private final EmbeddedServices services;
  private DucatProcess node;

  private Installation(EmbeddedServices services, DucatProcess node) {
    this.services = services;
    this.node = node;
  }

  /** Starts both. */
  public static Installation start(Path data, boolean fresh) {
    EmbeddedServices services =
        EmbeddedServices.start(
            EmbeddedServices.Options.in(data).withFresh(fresh).withBoundToJvm(true));
    try {
      countStatementsOnRequest(services);
      return new Installation(services, DucatProcess.start(data));
    } catch (RuntimeException failed) {
      services.close();
      throw failed;
    }
  }

  /**
   * The library is loaded, and idle until a cost sheet asks for it: all runs have the same server.
   */
  private static void countStatementsOnRequest(EmbeddedServices services) {
    PgSettings postgres = PgSettings.parse(services.postgres().uri());
    try (Sql sql = Sql.open(postgres)) {
      if (sql.texts("show shared_preload_libraries").getFirst().getFirst().isEmpty()) {
        sql.run("alter system set shared_preload_libraries = pg_stat_statements");
        sql.run("alter system set pg_stat_statements.track = none");
        sql.run("alter system set compute_query_id = off");
        services.restart(Service.POSTGRES);
      }
    }
  }

  public DucatProcess node() {
    return node;
  }

  /** Ends the node, does something to what it leaves, and starts another. */
  public void withoutNode(Runnable work) {
    node.close();
    work.run();
    node = DucatProcess.start(services.dataDir());
  }

  /** Ducat's database; others on the same server are the yardsticks'. */
  public PgSettings postgres() {
    return PgSettings.parse(services.postgres().uri());
  }

  public String kafka() {
    return services.kafka().bootstrap();
  }

  /** Where the simulated PSP keeps what it did. */
  public Path simulatorJournal() {
    return services.dataDir().resolve("simulator").resolve("journal.tsv");
  }

  /** The first process of a service; the others are its children. */
  public long pid(Service service) {
    return services.pid(service);
  }

  /**
   * Restarts Postgres under the running node with one setting changed, and waits until it serves.
   *
   * @param value null for the server's own default
   */
  public void restartPostgres(String setting, @Nullable String value) {
    try (Sql sql = Sql.open(postgres())) {
      sql.run(
          value == null
              ? "alter system reset " + setting
              : "alter system set " + setting + " = " + value);
    }
    services.restart(Service.POSTGRES);
  }

  /** Deletes a data folder that nobody uses any more: benches leave gigabytes behind. */
  public static void delete(Path data) throws IOException {
    if (Files.exists(data)) {
      try (Stream<Path> files = Files.walk(data)) {
        for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.deleteIfExists(file);
        }
      }
    }
  }

  @Override
  public void close() {
    try {
      node.close();
    } finally {
      services.close();
    }
  }
}
