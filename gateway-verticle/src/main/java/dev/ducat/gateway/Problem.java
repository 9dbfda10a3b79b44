package dev.ducat.gateway;

import dev.ducat.proto.internal.v1.Refusal;
import java.time.Duration;
import java.util.List;

/**
 * Every way in which a call can end without its answer, as data. {@link ErrorMapper} alone knows
 * what each of them looks like to a client.
 */
sealed interface Problem {
  /**
   * One thing wrong with one field.
   *
   * @param field its path in the request, {@code amount.minor_units}
   * @param description what is expected of it; never the value it had
   * @param sensitive whether the value looks like card data
   */
  record Violation(String field, String description, boolean sensitive) {}

  /** The request breaks rules that need no look at any state. All of them, in one go. */
  record InvalidRequest(List<Violation> violations) implements Problem {
    public InvalidRequest {
      violations = List.copyOf(violations);
      if (violations.isEmpty()) {
        throw new IllegalArgumentException("a request without violations is not invalid");
      }
    }
  }

  /** What came is no call: no message or two, a cut frame, unreadable Protobuf, a broken header. */
  record Malformed(String why) implements Problem {}

  /** The module that owns the data said no. */
  record Refused(Refusal refusal) implements Problem {}

  /** There is no such method on this port. */
  record UnknownMethod(String path) implements Problem {}

  /** The contract has it, this version does not do it yet. */
  record NotImplemented(String what) implements Problem {}

  /** The request is compressed or in an encoding that is not identity. */
  record EncodingNotSupported() implements Problem {}

  /** A message is longer than its service takes. */
  record TooLarge(int bytesMax) implements Problem {}

  /** Too many calls in flight, or a mailbox is full. Nothing was done. */
  record Overloaded(Duration retryAfter) implements Problem {}

  /** This node is going away. Nothing was done. */
  record Draining() implements Problem {}

  /** Nobody answers for the data at the moment. Nothing is known to have been done. */
  record DependencyDown() implements Problem {}

  /** The caller's time was over before anything was begun. */
  record DeadlineBeforeStart() implements Problem {}

  /** The caller's time is over and what was begun may or may not happen. */
  record DeadlineExceeded() implements Problem {}

  /** Health knows no such service. */
  record UnknownService() implements Problem {}

  /** This problem as the failure of a future. */
  default ProblemException asException() {
    return new ProblemException(this);
  }

  /** A request with one fault. */
  static ProblemException invalid(String field, String description) {
    return new InvalidRequest(List.of(new Violation(field, description, false))).asException();
  }
}
