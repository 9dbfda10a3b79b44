/** Connections, migrations and what a failed statement means. */
@NullMarked
package dev.ducat.kernel.sql;

import org.jspecify.annotations.NullMarked;
