package dev.ducat.launcher.client;

/**
 * A successful answer.
 *
 * @param replayed whether it is what became of an earlier call with the same key
 */
public record Answer<A>(A message, boolean replayed) {}
