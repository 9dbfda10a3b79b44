/** Writing and reading events of the transactional outbox. */
@NullMarked
package dev.ducat.kernel.outbox;

import org.jspecify.annotations.NullMarked;
