/** A whole node for tests. */
@NullMarked
package dev.ducat.launcher.testing;

import org.jspecify.annotations.NullMarked;
