/** The commands of {@code ducat}, a file each, and what they print. */
@NullMarked
package dev.ducat.launcher.cli;

import org.jspecify.annotations.NullMarked;
