@NullMarked
package dev.ducat.bench.peer;

import org.jspecify.annotations.NullMarked;
