/** Measures Ducat against yardsticks that run in the same call, on the same services. */
@NullMarked
package dev.ducat.bench;

import org.jspecify.annotations.NullMarked;
