@NullMarked
package dev.ducat.bench.report;

import org.jspecify.annotations.NullMarked;
