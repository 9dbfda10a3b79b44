/** Leased units: who owns which shard, lane or slot, and the fencing tokens that enforce it. */
@NullMarked
package dev.ducat.kernel.shard;

import org.jspecify.annotations.NullMarked;
