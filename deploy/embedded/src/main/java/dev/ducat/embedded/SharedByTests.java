package dev.ducat.embedded;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The one set of services that the tests of a JVM share. Its data is of no use to anybody
 * afterwards.
 */
final class SharedByTests {
  private static @Nullable EmbeddedServices instance;

  private SharedByTests() {}

  static synchronized EmbeddedServices with(Set<Service> wanted) {
    EmbeddedServices shared = instance == null ? create() : instance;
    instance = shared;
    Set<Service> missing = new HashSet<>(wanted);
    missing.removeIf(shared::runs);
    if (!missing.isEmpty()) {
      DataFolder.open(shared.dataDir()).locked(() -> shared.ensureServing(missing));
    }
    return shared;
  }

  static synchronized boolean owns(EmbeddedServices services) {
    return instance == services;
  }

  private static EmbeddedServices create() {
    Path parent = parent();
    sweep(parent);
    DataFolder folder =
        DataFolder.open(parent.resolve(Long.toString(ProcessHandle.current().pid())));
    EmbeddedServices.Options options =
        EmbeddedServices.Options.in(folder.root()).withServices().withBoundToJvm(true);
    Runtime.getRuntime()
        .addShutdownHook(new Thread(() -> discard(folder, options), "ducat-embedded-shutdown"));
    return new EmbeddedServices(folder, options);
  }

  /** Beside the module's other build results, else with the machine's temporary files. */
  private static Path parent() {
    Path target = Path.of("target");
    return Files.isDirectory(target)
        ? target.resolve("embedded").toAbsolutePath()
        : Path.of(System.getProperty("java.io.tmpdir"), "ducat-embedded");
  }

  /**
   * Nothing is worth a graceful end. The logs stay: whoever looks at a failed test may want them.
   */
  private static void discard(DataFolder folder, EmbeddedServices.Options options) {
    EmbeddedServices.all(folder, options, ManagedService::kill);
    for (Service service : Service.values()) {
      DataFolder.deleteTree(folder.home(service).data());
    }
  }

  /** Removes what earlier JVMs left, this one's pid included when it was used before. */
  private static void sweep(Path parent) {
    if (!Files.isDirectory(parent)) {
      return;
    }
    try (Stream<Path> folders = Files.list(parent)) {
      folders.filter(SharedByTests::ownerIsGone).forEach(DataFolder::deleteTree);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static boolean ownerIsGone(Path folder) {
    String name = folder.getFileName().toString();
    if (!name.matches("[0-9]+")) {
      return false;
    }
    long pid = Long.parseLong(name);
    return pid == ProcessHandle.current().pid() || ProcessRef.of(pid).isEmpty();
  }
}
