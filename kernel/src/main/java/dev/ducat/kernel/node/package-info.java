/** What every verticle of one process shares. */
@NullMarked
package dev.ducat.kernel.node;

import org.jspecify.annotations.NullMarked;
