/** Tests. */
@NullMarked
package dev.ducat.launcher.node;

import org.jspecify.annotations.NullMarked;
