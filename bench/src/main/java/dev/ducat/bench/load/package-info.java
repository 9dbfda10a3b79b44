/**
 * The load generator: a process of its own that calls Ducat over public gRPC and costs the machine
 * as little as it can.
 */
@NullMarked
package dev.ducat.bench.load;

import org.jspecify.annotations.NullMarked;
