package dev.ducat.kernel.sql;

import io.vertx.pgclient.PgException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a failed statement means for the transaction it was part of. Judged by SQLSTATE, never by
 * message text.
 */
public sealed interface SqlFailure {

  /** DF001: these streams belong to somebody else, or memory is behind. Nothing was committed. */
  record Fenced(List<String> streams) implements SqlFailure {}

  /** DF002: a row was not at the version that memory believed. Nothing was committed. */
  record Stale(String what) implements SqlFailure {}

  /** Class 22 or 23: the data of some message is refused by the database. Nothing was committed. */
  record BadData(String sqlState, String message) implements SqlFailure {}

  /**
   * The server answered with another error: lock timeout, disk full, shutting down. Nothing was
   * committed.
   */
  record Transient(String reason) implements SqlFailure {}

  /** No answer: whether anything was committed is unknown. */
  record NoAnswer(String reason) implements SqlFailure {}

  /** Judges a failure of any statement but COMMIT. */
  static SqlFailure of(Throwable failure) {
    if (!(failure instanceof PgException answered)) {
      return new NoAnswer(String.valueOf(failure.getMessage()));
    }
    String state = String.valueOf(answered.getSqlState());
    if (state.equals("DF001")) {
      @Nullable String detail = answered.getDetail();
      return new Fenced(detail == null ? List.of() : List.of(detail.split(",")));
    }
    if (state.equals("DF002")) {
      return new Stale(String.valueOf(answered.getDetail()));
    }
    String message = state + " " + answered.getErrorMessage();
    if (state.startsWith("22") || state.startsWith("23")) {
      return new BadData(state, message);
    }
    return new Transient(message);
  }

  /**
   * Judges a failure of COMMIT: only an error that the server raises instead of committing is a
   * clear no.
   */
  static SqlFailure ofCommit(Throwable failure) {
    return switch (of(failure)) {
      case Transient maybe when !maybe.reason().startsWith("40") -> new NoAnswer(maybe.reason());
      case SqlFailure clear -> clear;
    };
  }
}
