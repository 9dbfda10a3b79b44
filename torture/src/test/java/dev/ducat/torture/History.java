package dev.ducat.torture;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ducat.launcher.check.ClientHistory;
import dev.ducat.launcher.check.ClientHistory.Answered;
import dev.ducat.launcher.check.ClientHistory.Refused;
import dev.ducat.launcher.check.ClientHistory.Sent;
import dev.ducat.launcher.check.ClientHistory.Told;
import dev.ducat.launcher.check.ClientHistory.Unknown;
import dev.ducat.proto.payments.v1.CreatePaymentRequest;
import dev.ducat.proto.payments.v1.Payment;
import dev.ducat.torture.Rpc.Reply;
import io.vertx.grpc.common.GrpcStatus;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Collectors;

/**
 * What the clients of one tenant asked and were told, each call classified as they must: ok,
 * definitely refused, or unknown.
 */
final class History {
  /** After these a client knows nothing, and asks again with the same key. */
  static final Set<GrpcStatus> UNKNOWN =
      Set.of(GrpcStatus.UNAVAILABLE, GrpcStatus.DEADLINE_EXCEEDED);

  /** One call of CreatePayment and how it ended. */
  record Call(CreatePaymentRequest request, Reply<Payment> reply) {}

  private final String tenant;
  private final ClientHistory all;
  private final Map<String, Queue<Call>> byKey = new ConcurrentHashMap<>();

  /**
   * An empty memory.
   *
   * @param all where the same is kept for the check over the whole installation
   */
  History(String tenant, ClientHistory all) {
    this.tenant = tenant;
    this.all = all;
  }

  String tenant() {
    return tenant;
  }

  /** Keeps a call that has ended. Each client adds its own, one after the other. */
  void add(String client, CreatePaymentRequest request, Reply<Payment> reply) {
    all.add(
        tenant + " " + client,
        new Sent(
            tenant,
            request.getIdempotencyKey(),
            request.getAmount().getMinorUnits(),
            request.getAmount().getCurrencyCode(),
            request.getMerchantAccount(),
            request.getPaymentMethod()),
        told(reply));
    byKey
        .computeIfAbsent(request.getIdempotencyKey(), key -> new ConcurrentLinkedQueue<>())
        .add(new Call(request, reply));
  }

  private static Told told(Reply<Payment> reply) {
    if (reply.ok()) {
      Payment payment = reply.message();
      return new Answered(
          payment.getPaymentId(),
          payment.getVersion(),
          payment.getState().name().replaceFirst("^PAYMENT_STATE_", ""),
          payment.getAmount().getMinorUnits(),
          payment.getAmount().getCurrencyCode());
    }
    return UNKNOWN.contains(reply.status())
        ? new Unknown(reply.toString())
        : new Refused(reply.toString());
  }

  /** Every call made under a key, in the order in which they ended. */
  Collection<Call> of(String key) {
    return byKey.getOrDefault(key, new ConcurrentLinkedQueue<>());
  }

  Set<String> keys() {
    return byKey.keySet();
  }

  /** The last thing said under each key. */
  Map<String, Payment> payments() {
    Map<String, Payment> found = new LinkedHashMap<>();
    byKey.forEach(
        (key, calls) ->
            calls.stream()
                .filter(call -> call.reply().ok())
                .map(call -> call.reply().message())
                .reduce((one, other) -> other.getVersion() > one.getVersion() ? other : one)
                .ifPresent(payment -> found.put(key, payment)));
    return found;
  }

  /** How many calls ended how. */
  Map<String, Long> statuses() {
    return byKey.values().stream()
        .flatMap(Queue::stream)
        .collect(
            Collectors.groupingBy(
                call -> call.reply().status().name(), TreeMap::new, Collectors.counting()));
  }

  /**
   * What every history must show, whatever was broken meanwhile: nothing but unknown calls besides
   * the answers; one payment per key (P1), with what was asked for (P2).
   */
  void assertConsistent() {
    byKey.forEach(
        (key, calls) -> {
          List<Reply<Payment>> replies = calls.stream().map(Call::reply).toList();
          assertThat(replies)
              .as("calls with key %s of tenant %s", key, tenant)
              .allMatch(reply -> reply.ok() || UNKNOWN.contains(reply.status()));
          List<Payment> answers = replies.stream().filter(Reply::ok).map(Reply::message).toList();
          assertThat(answers.stream().map(Payment::getPaymentId).distinct().toList())
              .as("payments under key %s of tenant %s", key, tenant)
              .hasSizeLessThanOrEqualTo(1);
          CreatePaymentRequest asked = calls.element().request();
          assertThat(answers)
              .as("answers to key %s of tenant %s carry what was asked for", key, tenant)
              .allMatch(answer -> carries(answer, asked));
        });
  }

  private static boolean carries(Payment answer, CreatePaymentRequest asked) {
    return answer.getAmount().equals(asked.getAmount())
        && answer.getPaymentMethod().equals(asked.getPaymentMethod())
        && answer.getMerchantAccount().equals(asked.getMerchantAccount())
        && answer.getIdempotencyKey().equals(asked.getIdempotencyKey());
  }
}
