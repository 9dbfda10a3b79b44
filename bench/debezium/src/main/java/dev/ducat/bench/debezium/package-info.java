/** Debezium's embedded engine between Ducat's outbox and Kafka. */
@NullMarked
package dev.ducat.bench.debezium;

import org.jspecify.annotations.NullMarked;
