package dev.ducat.embedded;

import org.jspecify.annotations.Nullable;

/**
 * A service could not be started, stopped or reached; the message says why and quotes the end of
 * the service's log.
 */
public final class EmbeddedServiceException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  EmbeddedServiceException(String message) {
    super(message);
  }

  EmbeddedServiceException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
