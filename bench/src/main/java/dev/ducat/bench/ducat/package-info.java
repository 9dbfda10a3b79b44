/** Ducat as the bench meets it: a node in a process of its own, started as a user starts one. */
@NullMarked
package dev.ducat.bench.ducat;

import org.jspecify.annotations.NullMarked;
