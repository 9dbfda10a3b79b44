package dev.ducat.consumer;

import io.vertx.core.Future;
import io.vertx.sqlclient.SqlConnection;

/** What an event does to the consumer's own tables. */
@FunctionalInterface
public interface EventHandler {
  /**
   * Called for each event in order, one at a time within a partition, on an event loop: do not
   * block. Whatever is written through {@code tx} is committed together with the fact that the
   * event was seen, or not at all; so it happens once. Effects elsewhere (a mail, another service)
   * may happen again after a crash.
   *
   * @param tx a connection inside the transaction; do not commit, roll back or keep it
   * @return fails, or throws, to have the event offered again later; its partition waits for it
   */
  Future<Void> handle(SqlConnection tx, Event event) throws Exception;
}
