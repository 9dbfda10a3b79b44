package dev.ducat.embedded;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Properties;

/**
 * The folder of one service: its data, its log, and a small file that names its ports and, while it
 * runs, its process. The ports stay in the file when the service stops, so that it comes back on
 * the same ones.
 */
final class ServiceHome {
  private static final String PORT = "port";
  private static final String PROCESS = "process";
  private static final int TAIL_BYTES = 4096;

  private final Path folder;

  ServiceHome(Path folder) {
    this.folder = folder;
  }

  Path folder() {
    return folder;
  }

  Path data() {
    return folder.resolve("data");
  }

  Path log() {
    return folder.resolve("service.log");
  }

  OptionalInt port() {
    return number(PORT);
  }

  /** The process that was last started here, alive or not. */
  Optional<ProcessRef> process() {
    return Optional.ofNullable(read().getProperty(PROCESS)).flatMap(ProcessRef::fromLine);
  }

  void recordStart(int port, ProcessRef process) {
    Properties properties = read();
    properties.setProperty(PORT, Integer.toString(port));
    properties.setProperty(PROCESS, process.toLine());
    write(properties);
  }

  void recordStop() {
    Properties properties = read();
    if (properties.remove(PROCESS) != null) {
      write(properties);
    }
  }

  /** A number that an engine remembers from start to start, such as a second port. */
  OptionalInt number(String name) {
    String value = read().getProperty(name);
    return value == null ? OptionalInt.empty() : OptionalInt.of(Integer.parseInt(value));
  }

  void remember(String name, int value) {
    Properties properties = read();
    properties.setProperty(name, Integer.toString(value));
    write(properties);
  }

  /**
   * Begins a new log; the previous one is kept beside it, so logs cannot grow from start to start.
   */
  void rollLog() {
    try {
      Files.createDirectories(folder);
      if (Files.exists(log())) {
        Files.move(
            log(), folder.resolve("service.previous.log"), StandardCopyOption.REPLACE_EXISTING);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  String logTail() {
    try (RandomAccessFile file = new RandomAccessFile(log().toFile(), "r")) {
      file.seek(Math.max(0, file.length() - TAIL_BYTES));
      byte[] tail = new byte[(int) (file.length() - file.getFilePointer())];
      file.readFully(tail);
      return new String(tail, StandardCharsets.UTF_8).strip();
    } catch (IOException e) {
      return "(no log: " + e.getMessage() + ")";
    }
  }

  private Path stateFile() {
    return folder.resolve("service.properties");
  }

  private Properties read() {
    Properties properties = new Properties();
    if (Files.exists(stateFile())) {
      try (var reader = Files.newBufferedReader(stateFile())) {
        properties.load(reader);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return properties;
  }

  private void write(Properties properties) {
    try {
      Files.createDirectories(folder);
      // Written aside and moved, so that a kill at this moment leaves the old file or the new one,
      // never half of one.
      Path draft = folder.resolve("service.properties.new");
      try (var writer = Files.newBufferedWriter(draft)) {
        properties.store(writer, null);
      }
      Files.move(
          draft, stateFile(), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
