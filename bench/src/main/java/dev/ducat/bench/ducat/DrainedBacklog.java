package dev.ducat.bench.ducat;

import java.time.Duration;

/**
 * A backlog in Ducat's own outbox, drained by Ducat's own relay. It is written by one transaction
 * beside the lanes, which notice at their next commit that their streams have moved on and read
 * them again; so nothing else may run meanwhile.
 */
public final class DrainedBacklog {
  private static final Duration DRAIN_MAX = Duration.ofMinutes(5);

  private DrainedBacklog() {}

  /**
   * Writes about so many events and waits until they are in Kafka, exactly once and in order.
   *
   * @return how many, and the time from the commit of the last to the receipt of the last
   */
  public static Drained drain(Installation ducat, int events) {
    try (Audit audit = Audit.begin(ducat);
        Publication publication = new Publication(ducat);
        Sql sql = Sql.open(ducat.postgres())) {
      long streams =
          sql.number("select count(*) from outbox.stream where stream like 'payment.shard.%'");
      long each = Math.max(5, events / streams / 5 * 5);
      sql.run("begin");
      sql.run(fill(each));
      publication.poll();
      sql.run("commit");
      long start = System.nanoTime();
      publication.awaitEverything(DRAIN_MAX);
      Duration took = Duration.ofNanos(System.nanoTime() - start);
      audit.checkEvents(each * streams);
      return new Drained(each * streams, took);
    }
  }

  /** Payloads as real ones are: as many bytes, and no two alike. Five events to a payment. */
  private static String fill(long each) {
    return """
        insert into outbox.event (stream, seq, event_id, topic, key, type, source, payload, version, tenant, created_at)
        select s.stream, s.head + k, gen_random_uuid(), 'ducat.payments.v1',
               'pay_' || lpad(s.head::text, 10, '0') || lpad(split_part(s.stream, '.', 3), 4, '0')
                 || lpad(((k - 1) / 5)::text, 12, '0'),
               'dev.ducat.payment.authorized.v1', '/ducat/payments',
               decode(repeat(md5(s.stream || k), 21) || 'abcdefabcdefabcdefabcdefabcd', 'hex'),
               (k - 1) %% 5 + 1, 'default', clock_timestamp()
          from outbox.stream s, generate_series(1, %1$d) k
         where s.stream like 'payment.shard.%%'
         order by k, s.stream;
        update outbox.stream set head = head + %1$d where stream like 'payment.shard.%%';
        """
        .formatted(each);
  }

  /** What was drained. */
  public record Drained(long events, Duration took) {}
}
