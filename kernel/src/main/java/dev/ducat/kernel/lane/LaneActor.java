package dev.ducat.kernel.lane;

import dev.ducat.kernel.sql.SqlFailure;
import io.vertx.sqlclient.SqlConnection;
import java.util.List;

/**
 * What a lane's owner knows that the lane does not: how to load, how to decide. Called from the
 * lane's one thread only, so its state needs no locks. Queries may be awaited with {@link
 * dev.ducat.kernel.sql.Await}.
 *
 * @param <M> messages, commands and outcomes alike
 */
public interface LaneActor<M> {
  /** The stream that a message's effects are written to. */
  String streamOf(M message);

  /**
   * How much of a batch a message takes, at least 1: a batch is bounded by what it writes, not by
   * how many messages ask for it. Called while the mailbox is locked.
   */
  default int weight(M message) {
    return 1;
  }

  /** The stream is ours from now on: read its unfinished work. Nothing of it is in memory yet. */
  void takeOver(SqlConnection connection, Stream stream);

  /**
   * The stream may be somebody else's, or memory is behind the database: drop everything known of
   * it.
   */
  void forget(String stream);

  /** Reads what deciding these messages needs and memory lacks: at most one query per table. */
  void load(SqlConnection connection, List<M> batch);

  /**
   * Decides the messages in order, from committed memory. Changes nothing in memory itself: what
   * should change does so in the plan's {@link Plan#afterCommit}, and the plan may be thrown away
   * and decided anew.
   */
  Plan decide(List<M> batch);

  /**
   * Decides a message that makes every transaction fail: its error for the one who asked, and for
   * an outcome of the outside world the smallest write that keeps it in sight.
   */
  Plan decideAlone(M culprit, String failure);

  /**
   * Whether the database refused a batch because memory was behind it, and not because of what a
   * message says: then everything is read anew, and decided anew.
   */
  default boolean showsStaleMemory(SqlFailure.BadData refusal) {
    return false;
  }

  /** The message cannot be handled here: its unit is not ours (any more). */
  void notOwner(M message);
}
