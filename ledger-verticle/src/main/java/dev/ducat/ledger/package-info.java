/** The double-entry ledger: holds, posts, voids and moves money, each effect once. */
@NullMarked
package dev.ducat.ledger;

import org.jspecify.annotations.NullMarked;
