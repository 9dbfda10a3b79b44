package dev.ducat.kernel.outbox;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.ToLongFunction;

/**
 * The newest events that lanes of this process have committed, for the relay of this process:
 * reading them back from Postgres would cost it more than anything else about them. A shortcut and
 * never the truth. What comes here is known to be committed; whatever does not, because another
 * process wrote it, because its commit was in doubt, or because there was too much of it, is read
 * from the table as ever.
 */
public final class OutboxTail {
  /** Kept for one reader: some megabytes. Beyond it all are dropped, and the table is read. */
  private static final int EVENTS_MAX = 4_096;

  private final Map<String, Reader> readers = new ConcurrentHashMap<>();

  /** A transaction with these events is committed; those of a stream stand together, in order. */
  public void committed(List<StoredEvent> events) {
    int from = 0;
    for (int i = 1; i <= events.size(); i++) {
      String stream = events.get(from).stream();
      if (i == events.size() || !events.get(i).stream().equals(stream)) {
        Reader reader = readers.get(stream);
        if (reader != null) {
          reader.add(stream, events.subList(from, i));
        }
        from = i;
      }
    }
  }

  /** Begins to keep what is committed to some streams; who read them before reads no more. */
  public Reader open(Collection<String> streams) {
    Reader reader = new Reader(List.copyOf(streams));
    streams.forEach(stream -> readers.put(stream, reader));
    return reader;
  }

  /** One reader's share. Filled by the lanes, emptied by one thread. */
  public final class Reader implements AutoCloseable {
    private final List<String> streams;
    private final ReentrantLock lock = new ReentrantLock();

    /** Streams with events. One that was emptied stands last when it comes again: a fair turn. */
    private final Map<String, ArrayDeque<StoredEvent>> kept = new LinkedHashMap<>();

    private final Set<String> written = new HashSet<>();

    private int size;

    private Reader(List<String> streams) {
      this.streams = streams;
    }

    private void add(String stream, List<StoredEvent> events) {
      lock.lock();
      try {
        written.add(stream);
        if (size + events.size() > EVENTS_MAX) {
          kept.clear();
          size = 0;
          return;
        }
        kept.computeIfAbsent(stream, first -> new ArrayDeque<>()).addAll(events);
        size += events.size();
      } finally {
        lock.unlock();
      }
    }

    /**
     * Takes events that follow directly on these positions, in order within a stream, at most
     * {@code limit}. None, where those that follow are not here.
     */
    public List<StoredEvent> takeAfter(ToLongFunction<String> positions, int limit) {
      List<StoredEvent> taken = new ArrayList<>();
      lock.lock();
      try {
        Iterator<Map.Entry<String, ArrayDeque<StoredEvent>>> each = kept.entrySet().iterator();
        while (each.hasNext() && taken.size() < limit) {
          Map.Entry<String, ArrayDeque<StoredEvent>> entry = each.next();
          take(entry.getValue(), positions.applyAsLong(entry.getKey()), limit, taken);
          if (entry.getValue().isEmpty()) {
            each.remove();
          }
        }
      } finally {
        lock.unlock();
      }
      return taken;
    }

    private void take(
        ArrayDeque<StoredEvent> events, long position, int limit, List<StoredEvent> taken) {
      long at = position;
      for (StoredEvent next = events.peek();
          next != null && next.seq() <= at + 1 && taken.size() < limit;
          next = events.peek()) {
        events.remove();
        size--;
        if (next.seq() == at + 1) {
          taken.add(next);
          at++;
        }
      }
    }

    /** Whether a lane of this process has ever written to a stream. */
    public boolean knows(String stream) {
      lock.lock();
      try {
        return written.contains(stream);
      } finally {
        lock.unlock();
      }
    }

    @Override
    public void close() {
      streams.forEach(stream -> readers.remove(stream, this));
    }
  }
}
