package dev.ducat.embedded;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;

/**
 * A data folder that several Ducat processes may share. A file lock lets one of them at a time
 * start or stop services; a file per live user tells the last one to leave.
 */
final class DataFolder {
  // A file lock belongs to the whole JVM, so threads of one JVM need a lock of their own in front
  // of it.
  private static final Map<Path, ReentrantLock> WITHIN_THIS_JVM = new ConcurrentHashMap<>();

  private final Path root;

  private DataFolder(Path root) {
    this.root = root;
  }

  static DataFolder open(Path folder) {
    try {
      Files.createDirectories(folder.resolve("users"));
      return new DataFolder(folder.toRealPath());
    } catch (IOException e) {
      throw new EmbeddedServiceException("cannot create the data folder " + folder, e);
    }
  }

  Path root() {
    return root;
  }

  ServiceHome home(Service service) {
    return new ServiceHome(root.resolve(service.folder()));
  }

  /**
   * Runs the action while no other process and no other thread starts or stops services here. Not
   * reentrant.
   */
  void locked(Runnable action) {
    ReentrantLock inside = WITHIN_THIS_JVM.computeIfAbsent(root, r -> new ReentrantLock());
    inside.lock();
    try (FileChannel channel =
            FileChannel.open(
                root.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        var lock = channel.lock()) {
      if (!lock.isValid()) {
        throw new EmbeddedServiceException("the lock of " + root + " was lost");
      }
      action.run();
    } catch (IOException e) {
      throw new EmbeddedServiceException("cannot lock the data folder " + root, e);
    } finally {
      inside.unlock();
    }
  }

  /** Signs this process in; the returned file signs it out when it is deleted. */
  Path join() {
    try {
      return Files.writeString(
          root.resolve("users").resolve(UUID.randomUUID().toString()), ProcessRef.self().toLine());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  void leave(Path ticket) {
    try {
      Files.deleteIfExists(ticket);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The processes that are signed in and still live; the tickets of crashed ones are torn up. */
  List<ProcessRef> users() {
    List<ProcessRef> live = new ArrayList<>();
    try (Stream<Path> tickets = Files.list(root.resolve("users"))) {
      for (Path ticket : tickets.toList()) {
        ProcessRef.fromLine(Files.readString(ticket))
            .filter(ProcessRef::alive)
            .ifPresentOrElse(live::add, () -> leave(ticket));
      }
      return live;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Deletes everything the services have stored. Only what this class knows is deleted, never the
   * folder itself.
   */
  void wipe() {
    for (Service service : Service.values()) {
      deleteTree(home(service).folder());
    }
  }

  static void deleteTree(Path top) {
    if (!Files.exists(top)) {
      return;
    }
    try (Stream<Path> paths = Files.walk(top)) {
      for (Path path : (Iterable<Path>) paths.sorted(Comparator.reverseOrder())::iterator) {
        Files.deleteIfExists(path);
      }
    } catch (IOException e) {
      throw new EmbeddedServiceException("cannot delete " + top, e);
    }
  }
}
