/** Holds the contracts to their rules; there is no code of our own in this module. */
@NullMarked
package dev.ducat.proto;

import org.jspecify.annotations.NullMarked;
