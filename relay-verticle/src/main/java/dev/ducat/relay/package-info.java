/** Carries the outbox to Kafka in order, each event exactly once for a read_committed reader. */
@NullMarked
package dev.ducat.relay;

import org.jspecify.annotations.NullMarked;
