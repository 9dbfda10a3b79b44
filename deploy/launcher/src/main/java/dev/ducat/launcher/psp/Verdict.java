package dev.ducat.launcher.psp;

/**
 * What one check of an adapter found.
 *
 * @param name short, stable, for machines too
 * @param asked what was done to the adapter
 * @param expected what the contract wants
 * @param got what came
 */
public record Verdict(String name, String asked, String expected, String got, Result result) {
  /** How it ended. */
  public enum Result {
    PASSED,
    FAILED,
    /** The adapter does not promise it. */
    SKIPPED
  }
}
