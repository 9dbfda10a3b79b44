@NullMarked
package dev.ducat.bench.yardstick;

import org.jspecify.annotations.NullMarked;
