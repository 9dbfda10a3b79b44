/**
 * Saga orchestration with persisted state: intents before actions, outcomes after, compensation
 * when a step fails.
 */
@NullMarked
package dev.ducat.saga;

import org.jspecify.annotations.NullMarked;
