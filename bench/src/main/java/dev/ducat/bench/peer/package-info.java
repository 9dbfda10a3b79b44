/** What others have built for the same purpose, at its best, on the same services. */
@NullMarked
package dev.ducat.bench.peer;

import org.jspecify.annotations.NullMarked;
