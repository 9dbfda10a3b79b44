/** Tests. */
@NullMarked
package dev.ducat.launcher.check;

import org.jspecify.annotations.NullMarked;
