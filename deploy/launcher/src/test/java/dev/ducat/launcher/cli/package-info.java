/** Tests. */
@NullMarked
package dev.ducat.launcher.cli;

import org.jspecify.annotations.NullMarked;
