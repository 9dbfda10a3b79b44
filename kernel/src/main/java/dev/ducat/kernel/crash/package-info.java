/** Named points at which a test can end the process. */
@NullMarked
package dev.ducat.kernel.crash;

import org.jspecify.annotations.NullMarked;
