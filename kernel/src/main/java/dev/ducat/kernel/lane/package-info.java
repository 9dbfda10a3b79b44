/** Actors with group commit: a mailbox, one loop, one transaction per batch. */
@NullMarked
package dev.ducat.kernel.lane;

import org.jspecify.annotations.NullMarked;
