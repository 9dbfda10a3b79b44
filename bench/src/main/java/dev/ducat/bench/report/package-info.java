/** Figures, verdicts, tables and plots. */
@NullMarked
package dev.ducat.bench.report;

import org.jspecify.annotations.NullMarked;
