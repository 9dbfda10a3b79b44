package dev.ducat.saga.connector;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
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
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The simulator's journal on disk, shared by all processes that were given the same path. Whoever
 * holds the lock has read everything that others appended, and everything that was answered is on
 * disk. Used by one thread.
 */
final class SimulatorFile implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(SimulatorFile.class);

  /** A file lock belongs to the whole process: two simulators inside one take turns by this. */
  private static final ConcurrentHashMap<Path, ReentrantLock> WITHIN_PROCESS =
      new ConcurrentHashMap<>();

  /** Several times the longest line: keys have at most 255 characters. */
  private static final int LINE_MAX = 1 << 13;

  private static final int CHUNK = 1 << 20;

  private final FileChannel channel;
  private final ReentrantLock turn;
  private final ByteBuffer one = ByteBuffer.allocateDirect(LINE_MAX);
  private final byte[] oneText = new byte[LINE_MAX];
  private long position;

  /** Opens the journal, creating it where there is none. */
  SimulatorFile(Path path) throws IOException {
    Path file = path.toAbsolutePath().normalize();
    Files.createDirectories(file.getParent());
    this.channel =
        FileChannel.open(
            file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    this.turn = WITHIN_PROCESS.computeIfAbsent(file.toRealPath(), none -> new ReentrantLock());
  }

  /** Is told of every line, once, with the position at which it begins. */
  interface Reader {
    void read(JournalLine line, long position);
  }

  /**
   * What is done while the lock is held: sees all earlier lines through the reader, says which to
   * add.
   */
  interface Work {
    List<JournalLine> run();
  }

  /** Takes the lock, catches up, works, appends and makes it durable. */
  void exclusively(Reader reader, Work work) throws IOException {
    turn.lock();
    try (FileLock held = channel.lock()) {
      if (!held.isValid()) {
        throw new IOException("the journal's lock is not valid");
      }
      catchUp(reader);
      append(reader, work.run());
    } finally {
      turn.unlock();
    }
  }

  /** The next turn reads everything again: memory may hold what never reached the disk. */
  void rewind() {
    position = 0;
  }

  /** The line that begins at a position the reader was told. */
  JournalLine at(long begin) {
    try {
      one.clear();
      int length = -1;
      int seen = 0;
      while (length < 0 && one.hasRemaining()) {
        // Most lines are far shorter than the buffer: a first small bite is enough.
        one.limit(Math.min(one.capacity(), seen + 512));
        if (channel.read(one, begin + seen) < 0) {
          break;
        }
        length = endOfLine(one, seen);
        seen = one.position();
        one.limit(one.capacity());
      }
      one.get(0, oneText, 0, Math.max(length, 0));
      JournalLine line =
          JournalLine.parse(new String(oneText, 0, Math.max(length, 0), StandardCharsets.UTF_8));
      if (line == null) {
        throw new IOException("there is no line at " + begin + " of the simulator's journal");
      }
      return line;
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
  }

  private static int endOfLine(ByteBuffer bytes, int from) {
    for (int i = from; i < bytes.position(); i++) {
      if (bytes.get(i) == '\n') {
        return i;
      }
    }
    return -1;
  }

  private void catchUp(Reader reader) throws IOException {
    long size = channel.size();
    while (position < size) {
      int wanted = (int) Math.min(size - position, CHUNK);
      byte[] text = new byte[wanted];
      ByteBuffer bytes = ByteBuffer.wrap(text);
      while (bytes.hasRemaining() && channel.read(bytes, position + bytes.position()) >= 0) {
        // Until the chunk is full or the file ends.
      }
      int end = lines(reader, text, bytes.position());
      if (end == 0) {
        // A process died while it wrote; nothing of an unfinished line was ever answered.
        LOG.warn("cutting an unfinished line off the simulator's journal");
        channel.truncate(position);
        size = position;
      }
      position += end;
    }
  }

  /** Reads whole lines; returns how many bytes they had. */
  private int lines(Reader reader, byte[] bytes, int length) {
    int begin = 0;
    for (int i = 0; i < length; i++) {
      if (bytes[i] == '\n') {
        JournalLine line =
            JournalLine.parse(new String(bytes, begin, i - begin, StandardCharsets.UTF_8));
        if (line != null) {
          reader.read(line, position + begin);
        }
        begin = i + 1;
      }
    }
    return begin;
  }

  private void append(Reader reader, List<JournalLine> lines) throws IOException {
    if (lines.isEmpty()) {
      return;
    }
    ByteArrayOutputStream text = new ByteArrayOutputStream(lines.size() * 256);
    int[] begins = new int[lines.size()];
    for (int i = 0; i < begins.length; i++) {
      begins[i] = text.size();
      text.writeBytes(lines.get(i).text().getBytes(StandardCharsets.UTF_8));
      text.write('\n');
    }
    ByteBuffer bytes = ByteBuffer.wrap(text.toByteArray());
    long at = position;
    while (bytes.hasRemaining()) {
      at += channel.write(bytes, at);
    }
    channel.force(false);
    for (int i = 0; i < begins.length; i++) {
      reader.read(lines.get(i), position + begins[i]);
    }
    position = at;
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
