/** What is measured, in which order, and against what. */
@NullMarked
package dev.ducat.bench.suite;

import org.jspecify.annotations.NullMarked;
