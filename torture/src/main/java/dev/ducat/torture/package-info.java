/** The proofs under faults, and the end-to-end tests. */
@NullMarked
package dev.ducat.torture;

import org.jspecify.annotations.NullMarked;
