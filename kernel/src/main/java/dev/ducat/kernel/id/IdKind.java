package dev.ducat.kernel.id;

import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The kinds of ids and their prefixes in text. In the database an id is its UUID alone. */
public enum IdKind {
  PAYMENT("pay_"),
  REFUND("re_"),
  ACCOUNT("acc_"),
  TRANSFER("tr_"),
  EVENT("evt_"),
  SAGA("saga_"),
  WEBHOOK_DELIVERY("whd_");

  private final String prefix;

  IdKind(String prefix) {
    this.prefix = prefix;
  }

  /** For example {@code pay_}. */
  public String prefix() {
    return prefix;
  }

  /** The text form of an id of this kind. */
  public String text(UUID uuid) {
    StringBuilder out = new StringBuilder(prefix.length() + Base32.LENGTH);
    Base32.append(out.append(prefix), uuid);
    return out.toString();
  }

  /** Reads the text form; empty when it is not an id of this kind in canonical form. */
  public Optional<UUID> parse(String text) {
    @Nullable UUID uuid = text.startsWith(prefix) ? Base32.parse(text, prefix.length()) : null;
    return Optional.ofNullable(uuid);
  }
}
