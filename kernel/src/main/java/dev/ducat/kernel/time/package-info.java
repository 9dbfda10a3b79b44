/** The injected clock. */
@NullMarked
package dev.ducat.kernel.time;

import org.jspecify.annotations.NullMarked;
