/** Amounts in integer minor units and the currencies they are in. */
@NullMarked
package dev.ducat.kernel.money;

import org.jspecify.annotations.NullMarked;
