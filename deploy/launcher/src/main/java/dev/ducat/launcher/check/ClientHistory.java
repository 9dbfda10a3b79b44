package dev.ducat.launcher.check;

import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/** What clients sent and what they were told, in each client's own order. For many threads. */
public final class ClientHistory {
  private final Queue<Call> calls = new ConcurrentLinkedQueue<>();
  private final Queue<Receipt> receipts = new ConcurrentLinkedQueue<>();

  /** A CreatePayment as it was sent. */
  public record Sent(
      String tenant, String key, long amount, String currency, String merchant, String method) {}

  /** A call and its end. */
  public record Call(String client, Sent sent, Told told) {}

  /** What the client knows at the end of a call. */
  public sealed interface Told {}

  /** A payment came back. */
  public record Answered(String paymentId, long version, String state, long amount, String currency)
      implements Told {}

  /** Refused for certain: nothing happened. */
  public record Refused(String reason) implements Told {}

  /** No answer, or one that leaves it open. */
  public record Unknown(String why) implements Told {}

  /**
   * A refund or a transfer that was acknowledged.
   *
   * @param scope what it may exist once for: a payment and a key, or the transfer's own id
   * @param id {@code re_…} or {@code tr_…}
   */
  public record Receipt(String scope, String id, long amount) {}

  /** Adds a receipt. */
  public void add(Receipt receipt) {
    receipts.add(receipt);
  }

  /** All receipts. */
  public List<Receipt> receipts() {
    return List.copyOf(receipts);
  }

  /** Adds a call that has ended. Each client adds its own calls, one after the other. */
  public void add(String client, Sent sent, Told told) {
    calls.add(new Call(client, sent, told));
  }

  /** A history that begins with these calls and goes its own way. */
  public ClientHistory copy() {
    ClientHistory copy = new ClientHistory();
    copy.calls.addAll(calls);
    copy.receipts.addAll(receipts);
    return copy;
  }

  /** All calls; those of one client in its order. */
  public List<Call> calls() {
    return List.copyOf(calls);
  }
}
