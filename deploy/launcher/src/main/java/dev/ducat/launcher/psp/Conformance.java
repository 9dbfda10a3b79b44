package dev.ducat.launcher.psp;

import static dev.ducat.proto.connector.v1.OperationKind.OPERATION_KIND_AUTHORIZE;
import static dev.ducat.proto.connector.v1.OperationKind.OPERATION_KIND_CAPTURE;
import static dev.ducat.proto.connector.v1.OperationKind.OPERATION_KIND_REFUND;
import static dev.ducat.proto.connector.v1.OperationKind.OPERATION_KIND_VOID;

import dev.ducat.kernel.time.SystemClock;
import dev.ducat.launcher.client.CallFailure;
import dev.ducat.launcher.client.DucatClient;
import dev.ducat.launcher.psp.Adapter.Reply;
import dev.ducat.proto.connector.v1.Capabilities;
import dev.ducat.proto.connector.v1.OperationResult.OutcomeCase;
import dev.ducat.proto.connector.v1.SettlementMode;
import io.vertx.core.Future;
import io.vertx.core.net.SocketAddress;
import io.vertx.grpc.common.GrpcStatus;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Holds any adapter against what {@code ConnectorService} promises. It sees an adapter as Ducat
 * does, through its answers: that something happened twice shows in references that differ, and in
 * money that is no longer there.
 */
public final class Conformance {
  private static final long AMOUNT = 1_000;
  private static final long PART = 600;
  private static final int AT_ONCE = 10;

  /**
   * What to check with.
   *
   * @param method a payment method that the adapter authorizes at once
   * @param declinedMethod one that it declines; null to leave that out
   * @param run makes the keys of this run its own
   */
  public record Options(
      String method,
      @Nullable String declinedMethod,
      String currency,
      String otherCurrency,
      Duration timeout,
      String run) {}

  private final Adapter adapter;
  private final Options options;
  private final List<Verdict> verdicts = new ArrayList<>();

  private Conformance(Adapter adapter, Options options) {
    this.adapter = adapter;
    this.options = options;
  }

  /** Checks the adapter at an address; blocks until all is known. */
  public static List<Verdict> check(DucatClient client, SocketAddress address, Options options) {
    Conformance kit =
        new Conformance(new Adapter(client, address, options, new SystemClock()), options);
    kit.run();
    return List.copyOf(kit.verdicts);
  }

  private void run() {
    Capabilities[] found = {Capabilities.getDefaultInstance()};
    check(
        "capabilities",
        "GetCapabilities",
        "a name, quarantine, idempotency window, lifetime, settlement mode",
        () -> {
          found[0] = adapter.capabilities();
          return capabilities(found[0]);
        });
    if (verdicts.getFirst().got().equals(GrpcStatus.UNAVAILABLE.name())) {
      return;
    }
    authorizes();
    questions();
    captures(found[0]);
    voids(found[0].getTombstonesVoid());
    refunds(found[0].getPartialRefund());
  }

  private void authorizes() {
    check(
        "authorize",
        "Authorize",
        "Done for the amount, with a reference of 1 to 255 characters and a time",
        () -> {
          Reply reply = done(adapter.authorize(key("a1"), AMOUNT), key("a1"), AMOUNT);
          String reference = reply.result().getDone().getConnectorReference();
          if (reference.isEmpty() || reference.length() > 255) {
            throw new Deviation("a reference of " + reference.length() + " characters");
          }
          if (!reply.result().getDone().hasTime()) {
            throw new Deviation("no time");
          }
          return reply.words();
        });
    check(
        "authorize-again",
        "the same Authorize twice",
        "the same answer",
        () -> same(adapter.authorize(key("a2"), AMOUNT), adapter.authorize(key("a2"), AMOUNT)));
    check(
        "authorize-at-once",
        AT_ONCE + " times the same Authorize at once, then GetOperation",
        "one operation: every Done has the same reference",
        this::atOnce);
    check(
        "key-reused",
        "Authorize, then another amount under the same key",
        "what became of the first, or INVALID_ARGUMENT; never a second operation",
        () -> {
          Reply first = done(adapter.authorize(key("a4"), AMOUNT), key("a4"), AMOUNT);
          Reply second = adapter.authorize(key("a4"), AMOUNT + 500);
          if (second.isOk()) {
            same(first, second);
          } else if (second.status() != GrpcStatus.INVALID_ARGUMENT) {
            throw new Deviation(second.words());
          }
          same(first, adapter.ask(key("a4"), OPERATION_KIND_AUTHORIZE));
          return second.words();
        });
    check(
        "no-key",
        "Authorize without operation_key",
        "an error status, best INVALID_ARGUMENT",
        () -> {
          Reply reply = adapter.authorize("", AMOUNT);
          if (reply.isOk()) {
            throw new Deviation(reply.words());
          }
          return reply.words();
        });
    String declined = options.declinedMethod();
    check(
        "declined-stays",
        "Authorize that is declined, the same again, GetOperation",
        "Declined each time",
        declined == null
            ? null
            : () -> {
              Reply first = declined(adapter.authorize(key("a5"), AMOUNT, declined));
              declined(adapter.authorize(key("a5"), AMOUNT, declined));
              declined(adapter.ask(key("a5"), OPERATION_KIND_AUTHORIZE));
              return first.words();
            });
  }

  private String atOnce() {
    List<Future<Reply>> asked =
        IntStream.range(0, AT_ONCE)
            .mapToObj(
                i -> adapter.authorizing(key("a3"), AMOUNT, options.method(), options.timeout()))
            .toList();
    List<Reply> replies = new ArrayList<>();
    asked.forEach(each -> replies.add(adapter.reply(each)));
    replies.add(decided(key("a3")));
    Set<String> references =
        replies.stream()
            .filter(reply -> reply.result().hasDone())
            .map(reply -> reply.result().getDone().getConnectorReference())
            .collect(Collectors.toSet());
    if (references.size() != 1) {
      throw new Deviation(references.size() + " operations: " + references);
    }
    return "one operation";
  }

  private void questions() {
    check(
        "get-operation",
        "Authorize, then GetOperation",
        "the same answer",
        () ->
            same(
                adapter.authorize(key("q1"), AMOUNT),
                adapter.ask(key("q1"), OPERATION_KIND_AUTHORIZE)));
    check(
        "not-found",
        "GetOperation of a key that never came, twice",
        "NotFound: asking starts nothing",
        () -> {
          expect(adapter.ask(key("q2"), OPERATION_KIND_AUTHORIZE), OutcomeCase.NOT_FOUND);
          return expect(adapter.ask(key("q2"), OPERATION_KIND_AUTHORIZE), OutcomeCase.NOT_FOUND)
              .words();
        });
    check(
        "answer-lost",
        "Authorize whose caller gives up after some milliseconds, GetOperation, the same again",
        "found or not found, and then one operation under the key",
        this::answersLost);
  }

  /** Success, then time-out: from outside the same as an answer that nobody waited for. */
  private String answersLost() {
    int found = 0;
    int[] patienceMs = {1, 2, 5, 10, 20, 50};
    for (int ms : patienceMs) {
      String key = key("q3-" + ms);
      adapter.reply(adapter.authorizing(key, AMOUNT, options.method(), Duration.ofMillis(ms)));
      Reply before = adapter.ask(key, OPERATION_KIND_AUTHORIZE);
      Reply again = adapter.authorize(key, AMOUNT);
      Reply after = decided(key);
      done(after, key, AMOUNT);
      same(after, again.result().hasDone() ? again : after);
      if (before.result().hasDone()) {
        found++;
        same(before, after);
      }
    }
    return found + " of " + patienceMs.length + " were found, all ended as one";
  }

  private void captures(Capabilities promised) {
    boolean parts = promised.getPartialCapture() && promised.getMultipleCaptures();
    check(
        "capture-again",
        "Capture of a part twice under one key, then of the rest",
        "the same answer, and the rest is still there: the part was taken once",
        parts
            ? () -> {
              authorized("c1");
              same(capture("c1", "p", PART), capture("c1", "p", PART));
              done(capture("c1", "r", AMOUNT - PART), key("c1/r"), AMOUNT - PART);
              return capture("c1", "p", PART).words();
            }
            : null);
    check(
        "capture-known",
        "Capture, then GetOperation",
        "the same answer",
        () -> {
          authorized("c2");
          return same(
              done(capture("c2", "c", AMOUNT), key("c2/c"), AMOUNT),
              adapter.ask(key("c2/c"), OPERATION_KIND_CAPTURE));
        });
    check(
        "capture-above",
        "Capture of more than was authorized",
        "Declined",
        () -> {
          authorized("c3");
          return declined(capture("c3", "c", AMOUNT + 1)).words();
        });
    check(
        "capture-above-in-parts",
        "Captures of parts that together are more than was authorized",
        "Declined at the second",
        parts
            ? () -> {
              authorized("c4");
              capture("c4", "p", PART);
              return declined(capture("c4", "q", PART)).words();
            }
            : null);
    check(
        "capture-currency",
        "Capture in another currency",
        "Declined or INVALID_ARGUMENT",
        () -> {
          authorized("c5");
          return refused(adapter.capture(key("c5/c"), key("c5"), AMOUNT, options.otherCurrency()));
        });
    check(
        "capture-of-nothing",
        "Capture of an authorization that is not known",
        "Declined",
        () -> declined(capture("c6", "c", AMOUNT)).words());
  }

  private void voids(boolean tombstones) {
    check(
        "void",
        "Void, then Capture",
        "Done for the whole amount, then Declined",
        () -> {
          authorized("v1");
          Reply freed = done(adapter.release(key("v1/v"), key("v1"), AMOUNT), key("v1/v"), AMOUNT);
          declined(capture("v1", "c", AMOUNT));
          return freed.words();
        });
    check(
        "void-again",
        "Void, the same again, GetOperation, then another Void",
        "the same answer three times, then Done with amount 0",
        () -> {
          authorized("v2");
          Reply first = adapter.release(key("v2/v"), key("v2"), AMOUNT);
          same(first, adapter.release(key("v2/v"), key("v2"), AMOUNT));
          same(first, adapter.ask(key("v2/v"), OPERATION_KIND_VOID));
          return done(adapter.release(key("v2/w"), key("v2"), AMOUNT), key("v2/w"), 0).words();
        });
    check(
        "void-before-authorize",
        "Void of an authorize that never came, then that Authorize",
        "Done with amount 0, then Declined VOIDED",
        tombstones
            ? () -> {
              done(adapter.release(key("v3/v"), key("v3"), AMOUNT), key("v3/v"), 0);
              Reply late = declined(adapter.authorize(key("v3"), AMOUNT));
              if (!late.result().getDeclined().getReasonCode().equals("VOIDED")) {
                throw new Deviation(late.words());
              }
              return late.words();
            }
            : null);
  }

  private void refunds(boolean parts) {
    check(
        "refund-again",
        "Refund of a part twice under one key, then of the rest",
        "the same answer, and the rest is still there: the part went back once",
        parts
            ? () -> {
              captured("r1");
              same(refund("r1", "p", PART), refund("r1", "p", PART));
              done(refund("r1", "r", AMOUNT - PART), key("r1/r"), AMOUNT - PART);
              return declined(refund("r1", "x", 1)).words();
            }
            : null);
    check(
        "refund-known",
        "Refund, then GetOperation",
        "the same answer",
        () -> {
          captured("r2");
          return same(
              done(refund("r2", "r", AMOUNT), key("r2/r"), AMOUNT),
              adapter.ask(key("r2/r"), OPERATION_KIND_REFUND));
        });
    check(
        "refund-above",
        "Refund of more than was captured",
        "Declined",
        () -> {
          captured("r3");
          return declined(refund("r3", "r", AMOUNT + 1)).words();
        });
    check(
        "refund-currency",
        "Refund in another currency",
        "Declined or INVALID_ARGUMENT",
        () -> {
          captured("r4");
          return refused(
              adapter.refund(key("r4/r"), key("r4"), key("r4/c"), AMOUNT, options.otherCurrency()));
        });
    check(
        "refund-of-nothing",
        "Refund of an authorization that was not captured",
        "Declined",
        () -> {
          authorized("r5");
          return declined(refund("r5", "r", AMOUNT)).words();
        });
  }

  private void check(String name, String asked, String expected, @Nullable Supplier<String> work) {
    if (work == null) {
      verdicts.add(new Verdict(name, asked, expected, "not promised", Verdict.Result.SKIPPED));
      return;
    }
    try {
      verdicts.add(new Verdict(name, asked, expected, work.get(), Verdict.Result.PASSED));
    } catch (Deviation deviation) {
      String got = String.valueOf(deviation.getMessage());
      verdicts.add(new Verdict(name, asked, expected, got, Verdict.Result.FAILED));
    } catch (CallFailure failure) {
      String got = failure.status().name();
      verdicts.add(new Verdict(name, asked, expected, got, Verdict.Result.FAILED));
    }
  }

  private static String capabilities(Capabilities found) {
    List<String> missing = new ArrayList<>();
    if (!found.getConnector().matches("[a-z0-9_-]{1,64}")) {
      missing.add("connector");
    }
    if (!found.hasQuarantine()) {
      missing.add("quarantine");
    }
    if (found.getIdempotencyWindow().getSeconds() <= 0) {
      missing.add("idempotency_window");
    }
    if (found.getAuthorizationLifetime().getSeconds() <= 0) {
      missing.add("authorization_lifetime");
    }
    if (found.getSettlementMode() == SettlementMode.UNRECOGNIZED) {
      missing.add("settlement_mode");
    }
    if (!missing.isEmpty()) {
      throw new Deviation("without " + missing);
    }
    return found.getConnector();
  }

  private String key(String label) {
    return options.run() + "-" + label;
  }

  private void authorized(String label) {
    done(adapter.authorize(key(label), AMOUNT), key(label), AMOUNT);
  }

  private void captured(String label) {
    authorized(label);
    done(capture(label, "c", AMOUNT), key(label + "/c"), AMOUNT);
  }

  private Reply capture(String label, String leg, long amount) {
    return adapter.capture(key(label + "/" + leg), key(label), amount, options.currency());
  }

  private Reply refund(String label, String leg, long amount) {
    return adapter.refund(
        key(label + "/" + leg), key(label), key(label + "/c"), amount, options.currency());
  }

  /** What became of an authorize, once it is decided. */
  private Reply decided(String key) {
    Reply reply = adapter.ask(key, OPERATION_KIND_AUTHORIZE);
    for (int i = 0; i < 100 && reply.result().hasPending(); i++) {
      reply = adapter.ask(key, OPERATION_KIND_AUTHORIZE);
    }
    return reply;
  }

  private Reply done(Reply reply, String key, long amount) {
    expect(reply, OutcomeCase.DONE);
    if (!reply.result().getOperationKey().equals(key)) {
      throw new Deviation("an answer about key '" + reply.result().getOperationKey() + "'");
    }
    if (reply.result().getKind() != reply.asked()) {
      throw new Deviation("an answer about " + reply.result().getKind());
    }
    var got = reply.result().getDone().getAmount();
    boolean nothing = amount == 0 && got.getMinorUnits() == 0;
    if (!nothing
        && (got.getMinorUnits() != amount || !got.getCurrencyCode().equals(options.currency()))) {
      throw new Deviation(reply.words());
    }
    return reply;
  }

  private static Reply declined(Reply reply) {
    return expect(reply, OutcomeCase.DECLINED);
  }

  private static String refused(Reply reply) {
    return reply.status() == GrpcStatus.INVALID_ARGUMENT ? reply.words() : declined(reply).words();
  }

  private static Reply expect(Reply reply, OutcomeCase outcome) {
    if (!reply.isOk() || reply.result().getOutcomeCase() != outcome) {
      throw new Deviation(reply.words());
    }
    return reply;
  }

  private static String same(Reply first, Reply second) {
    expect(first, OutcomeCase.DONE);
    boolean alike =
        second.result().getOperationKey().equals(first.result().getOperationKey())
            && second.result().getKind() == first.result().getKind()
            && second.words().equals(first.words());
    if (!alike) {
      throw new Deviation(first.words() + ", then " + second.words());
    }
    return first.words();
  }
}
