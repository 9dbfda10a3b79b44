/** Typed ids: a prefix and the Crockford base32 of a UUIDv7. */
@NullMarked
package dev.ducat.kernel.id;

import org.jspecify.annotations.NullMarked;
