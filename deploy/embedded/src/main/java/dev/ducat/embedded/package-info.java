/**
 * PostgreSQL, Redis and Kafka on the loopback interface, each its own operating system process, for
 * {@code up}, {@code demo} and tests. The processes outlive a killed owner; the next start on the
 * same folder adopts them.
 */
@NullMarked
package dev.ducat.embedded;

import org.jspecify.annotations.NullMarked;
