package dev.ducat.torture.machine;

import dev.ducat.launcher.client.CallFailure;
import java.util.Optional;

/** How a request ended for its client, after all attempts. */
sealed interface End<A> {
  /** It was answered. */
  record Told<A>(A message) implements End<A> {}

  /** It was refused for certain: it did nothing. */
  record Refused<A>(CallFailure why) implements End<A> {}

  /** Nobody said what became of it for as long as the client asked. */
  record Open<A>() implements End<A> {}

  /** The answer where there is one. */
  default Optional<A> answer() {
    return this instanceof Told<A> told ? Optional.of(told.message()) : Optional.empty();
  }

  /** Whether it was refused with this reason. */
  default boolean refusedWith(String reason) {
    return this instanceof Refused<A> refused && refused.why().details().reason().equals(reason);
  }
}
