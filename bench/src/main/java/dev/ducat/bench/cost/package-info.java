/** What one payment costs, and where. */
@NullMarked
package dev.ducat.bench.cost;

import org.jspecify.annotations.NullMarked;
