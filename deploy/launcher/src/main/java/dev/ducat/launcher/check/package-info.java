/**
 * An auditor that stands outside: it reads the database by its own SQL, Kafka as any consumer, the
 * simulator's journal and what clients remember, and says which promises hold, with the number of
 * cases it looked at. It calls nothing of the verticles' code.
 */
@NullMarked
package dev.ducat.launcher.check;

import org.jspecify.annotations.NullMarked;
