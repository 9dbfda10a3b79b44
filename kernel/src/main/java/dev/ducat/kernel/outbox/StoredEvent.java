package dev.ducat.kernel.outbox;

/**
 * An event with its place in the log.
 *
 * @param seq 1, 2, 3 … within the stream, in commit order
 */
public record StoredEvent(String stream, long seq, OutboxEvent event) {}
