package dev.ducat.relay;

import org.jspecify.annotations.Nullable;

/**
 * A slot as of now.
 *
 * @param reason why it is waiting or stopped; null otherwise
 */
public record SlotStatus(int slot, SlotState state, @Nullable String reason) {}
