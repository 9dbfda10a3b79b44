/** The breaking machine: a mixed load, faults of real processes, and the outside check. */
@NullMarked
package dev.ducat.torture.machine;

import org.jspecify.annotations.NullMarked;
