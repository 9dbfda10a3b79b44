@NullMarked
package dev.ducat.bench.suite;

import org.jspecify.annotations.NullMarked;
