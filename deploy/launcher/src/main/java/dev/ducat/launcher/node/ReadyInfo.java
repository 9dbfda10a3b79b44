package dev.ducat.launcher.node;

import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Where a node that serves can be reached. Written to the file that {@code --ready-file} names, and
 * to the data folder, where the client commands find it. Shows no password.
 *
 * @param grpc {@code host:port}, empty when this node runs no gateway
 * @param operations {@code host:port}, empty when this node runs no gateway
 * @param http {@code host:port}
 * @param kafka {@code host:port}, several separated by commas
 */
public record ReadyInfo(
    long pid,
    String nodeId,
    String grpc,
    String operations,
    String http,
    String postgres,
    String redis,
    String kafka) {

  /** Writes the file at once or not at all: who sees it sees all of it. */
  public void write(Path file) {
    try {
      Path folder = file.toAbsolutePath().getParent();
      Files.createDirectories(folder);
      Path draft = Files.createTempFile(folder, "." + file.getFileName(), ".new");
      Files.writeString(draft, json().encodePrettily() + "\n");
      Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write " + file, e);
    }
  }

  /** Reads a file; empty when there is none, or it is not one of ours. */
  public static Optional<ReadyInfo> read(Path file) {
    try {
      JsonObject json = new JsonObject(Files.readString(file));
      return Optional.of(
          new ReadyInfo(
              json.getLong("pid"),
              json.getString("nodeId"),
              json.getString("grpc"),
              json.getString("operations"),
              json.getString("http"),
              json.getString("postgres"),
              json.getString("redis"),
              json.getString("kafka")));
    } catch (IOException | DecodeException | NullPointerException | ClassCastException unusable) {
      return Optional.empty();
    }
  }

  /** The nodes on a data folder whose processes live, by name. */
  public static List<ReadyInfo> alive(Path data) {
    if (!Files.isDirectory(folder(data))) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(folder(data))) {
      return files
          .map(ReadyInfo::read)
          .flatMap(Optional::stream)
          .filter(info -> Processes.isAlive(info.pid()))
          .sorted(Comparator.comparing(ReadyInfo::nodeId))
          .toList();
    } catch (IOException gone) {
      return List.of();
    }
  }

  /** The node's own file in a data folder. */
  public static Path fileOf(Path data, String nodeId) {
    return folder(data).resolve(nodeId + ".json");
  }

  private static Path folder(Path data) {
    return data.resolve("nodes");
  }

  private JsonObject json() {
    return new JsonObject()
        .put("pid", pid)
        .put("nodeId", nodeId)
        .put("grpc", grpc)
        .put("operations", operations)
        .put("http", http)
        .put("postgres", postgres)
        .put("redis", redis)
        .put("kafka", kafka);
  }
}
