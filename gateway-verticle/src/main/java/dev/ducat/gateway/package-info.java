/**
 * gRPC intake: decodes, authenticates, validates, claims the idempotency key, asks the saga over
 * the bus, answers.
 */
@NullMarked
package dev.ducat.gateway;

import org.jspecify.annotations.NullMarked;
