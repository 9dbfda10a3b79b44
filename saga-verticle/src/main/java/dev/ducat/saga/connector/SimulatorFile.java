package dev.ducat.saga.connector;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The simulator's journal on disk, shared by all processes that were given the same path. Whoever
 * holds the lock has read everything that others appended, and everything that was answered is on
 * disk.
 */
final class SimulatorFile implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(SimulatorFile.class);

  /** A file lock belongs to the whole process: two simulators inside one take turns by this. */
  private static final ConcurrentHashMap<Path, ReentrantLock> WITHIN_PROCESS =
      new ConcurrentHashMap<>();

  private final FileChannel channel;
  private final ReentrantLock turn;
  private final Consumer<JournalEntry> reader;
  private long position;

  /** Opens the journal, creating it where there is none. */
  SimulatorFile(Path path, Consumer<JournalEntry> reader) throws IOException {
    Path file = path.toAbsolutePath().normalize();
    Files.createDirectories(file.getParent());
    this.channel =
        FileChannel.open(
            file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    this.turn = WITHIN_PROCESS.computeIfAbsent(file.toRealPath(), none -> new ReentrantLock());
    this.reader = reader;
  }

  /**
   * What is done while the lock is held: sees all earlier lines through the reader, says which to
   * add.
   */
  interface Work {
    List<JournalEntry> run();
  }

  /** Takes the lock, catches up, works, appends and makes it durable. */
  void exclusively(Work work) throws IOException {
    turn.lock();
    try (FileLock held = channel.lock()) {
      if (!held.isValid()) {
        throw new IOException("the journal's lock is not valid");
      }
      catchUp();
      append(work.run());
    } finally {
      turn.unlock();
    }
  }

  /** The next turn reads everything again: memory may hold what never reached the disk. */
  void rewind() {
    position = 0;
  }

  private void catchUp() throws IOException {
    long size = channel.size();
    if (size == position) {
      return;
    }
    ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(size - position));
    int read = 0;
    while (bytes.hasRemaining() && read >= 0) {
      read = channel.read(bytes, position + bytes.position());
    }
    String text = new String(bytes.array(), 0, bytes.position(), StandardCharsets.UTF_8);
    int end = text.lastIndexOf('\n') + 1;
    for (String line : text.substring(0, end).split("\n", -1)) {
      JournalEntry entry = JournalEntry.parse(line);
      if (entry != null) {
        reader.accept(entry);
      }
    }
    position += text.substring(0, end).getBytes(StandardCharsets.UTF_8).length;
    if (position < size) {
      // A process died while it wrote; nothing of an unfinished line was ever answered.
      LOG.warn("cutting an unfinished line off the simulator's journal");
      channel.truncate(position);
    }
  }

  private void append(List<JournalEntry> entries) throws IOException {
    if (entries.isEmpty()) {
      return;
    }
    StringBuilder text = new StringBuilder();
    entries.forEach(entry -> text.append(entry.line()).append('\n'));
    ByteBuffer bytes = ByteBuffer.wrap(text.toString().getBytes(StandardCharsets.UTF_8));
    long at = position;
    while (bytes.hasRemaining()) {
      at += channel.write(bytes, at);
    }
    channel.force(false);
    position = at;
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
