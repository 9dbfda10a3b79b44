package dev.ducat.kernel.lane;

import dev.ducat.kernel.outbox.OutboxEvent;
import dev.ducat.kernel.sql.SqlStatement;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What one transaction will write, and what happens once it has. A plan that writes to no stream
 * opens no transaction.
 */
public final class Plan {
  /** Events and chain head for one stream. */
  static final class StreamWrite {
    final List<OutboxEvent> events = new ArrayList<>();
    byte @Nullable [] chain;
  }

  private final SortedMap<String, StreamWrite> streams = new TreeMap<>();
  private final List<SqlStatement> statements = new ArrayList<>();
  private final List<Runnable> afterCommit = new ArrayList<>();

  /** Every row that is written belongs to a stream; naming it fences the write. */
  public void touch(String stream) {
    streams.computeIfAbsent(stream, none -> new StreamWrite());
  }

  /** Appends an event to a stream. */
  public void append(String stream, OutboxEvent event) {
    streams.computeIfAbsent(stream, none -> new StreamWrite()).events.add(event);
  }

  /** The stream's new chain hash. */
  public void chain(String stream, byte[] hash) {
    streams.computeIfAbsent(stream, none -> new StreamWrite()).chain = hash;
  }

  /** A statement of the module's own tables, sent after the fence in the order given. */
  public void execute(SqlStatement statement) {
    statements.add(statement);
  }

  /**
   * Changes of memory, replies, commands: run in the order given once the transaction is known to
   * be committed.
   */
  public void afterCommit(Runnable action) {
    afterCommit.add(action);
  }

  /** In the order in which the fence locks them. */
  SortedMap<String, StreamWrite> streams() {
    return streams;
  }

  StreamWrite write(String stream) {
    StreamWrite write = streams.get(stream);
    if (write == null) {
      throw new IllegalStateException("the plan does not write to " + stream);
    }
    return write;
  }

  List<SqlStatement> statements() {
    return statements;
  }

  List<Runnable> afterCommit() {
    return afterCommit;
  }
}
