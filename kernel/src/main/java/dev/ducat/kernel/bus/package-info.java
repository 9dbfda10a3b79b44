/** The only way to the event bus: ask, serve, publish. */
@NullMarked
package dev.ducat.kernel.bus;

import org.jspecify.annotations.NullMarked;
