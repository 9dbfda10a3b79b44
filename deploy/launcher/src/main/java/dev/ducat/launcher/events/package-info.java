/** Reading Ducat's Kafka topics as any consumer would: read_committed, Protobuf decoded. */
@NullMarked
package dev.ducat.launcher.events;

import org.jspecify.annotations.NullMarked;
