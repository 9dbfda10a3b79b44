/** What the tests of every module start from. */
@NullMarked
package dev.ducat.kernel.testing;

import org.jspecify.annotations.NullMarked;
