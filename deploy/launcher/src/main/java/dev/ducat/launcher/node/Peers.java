package dev.ducat.launcher.node;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * How the nodes of one host find each other: each leaves a file with its pid and its membership
 * address in the data folder. A node writes its own before it reads the others', so of two that
 * start together at least one sees the other.
 */
final class Peers {
  private final Path folder;
  private final Path own;

  private Peers(Path folder, Path own) {
    this.folder = folder;
    this.own = own;
  }

  /** Makes this process known under an address ({@code host:port}). */
  static Peers announce(Path data, String nodeId, String address) {
    Path folder = data.resolve("cluster");
    try {
      Files.createDirectories(folder);
      Path own = folder.resolve(nodeId);
      Files.writeString(own, ProcessHandle.current().pid() + " " + address + "\n");
      return new Peers(folder, own);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot announce this node in " + folder, e);
    }
  }

  /** Addresses of all live nodes, this one included. Files of dead ones are removed. */
  List<String> addresses() {
    List<String> addresses = new ArrayList<>();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.sorted().toList()) {
        String[] parts = Files.readString(file).strip().split(" ", -1);
        if (parts.length == 2 && isAlive(parts[0])) {
          addresses.add(parts[1]);
        } else if (!file.equals(own)) {
          Files.deleteIfExists(file);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + folder, e);
    }
    return addresses;
  }

  void leave() {
    try {
      Files.deleteIfExists(own);
    } catch (IOException ignored) {
      // The next node to start removes it.
    }
  }

  private static boolean isAlive(String pid) {
    try {
      return Processes.isAlive(Long.parseLong(pid));
    } catch (NumberFormatException notOurs) {
      return false;
    }
  }
}
