/** What Ducat is measured against: the same machine, the same Postgres, no Ducat on the path. */
@NullMarked
package dev.ducat.bench.yardstick;

import org.jspecify.annotations.NullMarked;
