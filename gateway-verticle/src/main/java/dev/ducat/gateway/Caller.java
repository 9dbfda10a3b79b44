package dev.ducat.gateway;

import io.vertx.core.MultiMap;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Who calls. Made in one place from the call's metadata, and the only source of the tenant: nothing
 * in a request can name another.
 *
 * @param tenant whose data the call may see
 * @param isNamed whether the call named the tenant: operators who name none see all
 * @param traceparent W3C trace context, or empty
 */
record Caller(String tenant, boolean isNamed, String traceparent) {
  static final String TENANT_HEADER = "ducat-tenant";
  private static final String TENANT_DEFAULT = "default";
  private static final int TENANT_CHARS_MAX = 64;

  /** Version 00 of W3C Trace Context: 00-32 hex-16 hex-2 hex. */
  private static final int TRACEPARENT_CHARS = 55;

  /**
   * Reads the metadata of a call in insecure mode, where the tenant is what the caller says.
   *
   * @throws ProblemException when the tenant is named twice or not as a tenant is
   */
  static Caller of(MultiMap metadata) {
    return new Caller(
        tenant(metadata),
        metadata.contains(TENANT_HEADER),
        traceparent(metadata.get("traceparent")));
  }

  /** The only tenant whose data an operator may see; empty: every tenant. */
  String scope() {
    return isNamed ? tenant : "";
  }

  private static String tenant(MultiMap metadata) {
    String named = metadata.get(TENANT_HEADER);
    if (named == null) {
      return TENANT_DEFAULT;
    }
    List<String> all = metadata.getAll(TENANT_HEADER);
    if (all.size() > 1) {
      throw new Problem.Malformed(TENANT_HEADER + " is given more than once").asException();
    }
    if (!isTenant(named)) {
      throw new Problem.Malformed(TENANT_HEADER + " must be 1 to 64 characters of [a-z0-9_-]")
          .asException();
    }
    return named;
  }

  private static boolean isTenant(String text) {
    if (text.isEmpty() || text.length() > TENANT_CHARS_MAX) {
      return false;
    }
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-')) {
        return false;
      }
    }
    return true;
  }

  /** A broken trace context is dropped, as the standard says: tracing never fails a call. */
  private static String traceparent(@Nullable String text) {
    if (text == null || text.length() != TRACEPARENT_CHARS || !text.startsWith("00-")) {
      return "";
    }
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      boolean dash = i == 2 || i == 35 || i == 52;
      boolean hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
      if (dash ? c != '-' : !hex) {
        return "";
      }
    }
    return text;
  }
}
