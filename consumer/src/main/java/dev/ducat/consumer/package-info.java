/** The effectively-once Kafka consumer, a small library that users depend on. */
@NullMarked
package dev.ducat.consumer;

import org.jspecify.annotations.NullMarked;
