package dev.ducat.gateway;

/** Carries a {@link Problem} through a future to the edge. */
final class ProblemException extends RuntimeException {
  private final transient Problem problem;

  ProblemException(Problem problem) {
    // No stack trace: bad requests and overload make many of them, and they are no defects.
    super(problem.toString(), null, false, false);
    this.problem = problem;
  }

  Problem problem() {
    return problem;
  }
}
