package dev.ducat.bench.load;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.zip.DataFormatException;
import org.HdrHistogram.Histogram;

/**
 * The account of one load process.
 *
 * @param completed good operations on the clock
 * @param took from the end of the warm-up to the last answer
 * @param clockFromEpochMicros when the warm-up ended
 * @param sent calls, warm-up included
 * @param goodCalls that were answered as they should be, warm-up included
 * @param cpu time that the load process took on the processor, on the clock
 * @param statuses calls on the clock by gRPC status; the last one stands for broken streams
 * @param outcomes answers on the clock by what they said
 * @param unanswered calls that never got an answer
 * @param trouble what went wrong, or empty
 * @param latencyMicros of good calls on the clock
 * @param refusalMicros of calls on the clock that were refused as too many
 */
public record LoadResult(
    long completed,
    Duration took,
    long clockFromEpochMicros,
    long sent,
    long goodCalls,
    Duration cpu,
    List<Long> statuses,
    List<Long> outcomes,
    long unanswered,
    String trouble,
    Histogram latencyMicros,
    Histogram refusalMicros) {

  public LoadResult {
    statuses = List.copyOf(statuses);
    outcomes = List.copyOf(outcomes);
  }

  /** gRPC's status RESOURCE_EXHAUSTED. */
  static final int REFUSED = 8;

  public double perSecond() {
    return completed * 1e9 / took.toNanos();
  }

  /** Calls on the clock that were refused as too many. */
  public long refused() {
    return statuses.get(REFUSED);
  }

  /** Calls on the clock that failed otherwise, and those without an answer. */
  public long errors() {
    return statuses.stream().mapToLong(Long::longValue).sum()
        - statuses.getFirst()
        - refused()
        + unanswered;
  }

  /** Calls that succeeded and yet say something else than the workload wants. */
  public long odd(int operationsPerCall) {
    return statuses.getFirst() - completed / operationsPerCall;
  }

  String json() {
    return new JsonObject()
        .put("completed", completed)
        .put("tookNanos", took.toNanos())
        .put("clockFromEpochMicros", clockFromEpochMicros)
        .put("sent", sent)
        .put("goodCalls", goodCalls)
        .put("cpuNanos", cpu.toNanos())
        .put("statuses", new JsonArray(statuses))
        .put("outcomes", new JsonArray(outcomes))
        .put("unanswered", unanswered)
        .put("trouble", trouble)
        .put("latencyMicros", text(latencyMicros))
        .put("refusalMicros", text(refusalMicros))
        .encode();
  }

  static LoadResult parse(JsonObject json) {
    return new LoadResult(
        json.getLong("completed"),
        Duration.ofNanos(json.getLong("tookNanos")),
        json.getLong("clockFromEpochMicros"),
        json.getLong("sent"),
        json.getLong("goodCalls"),
        Duration.ofNanos(json.getLong("cpuNanos")),
        longs(json.getJsonArray("statuses")),
        longs(json.getJsonArray("outcomes")),
        json.getLong("unanswered"),
        json.getString("trouble"),
        histogram(json.getString("latencyMicros")),
        histogram(json.getString("refusalMicros")));
  }

  private static String text(Histogram histogram) {
    ByteBuffer encoded = ByteBuffer.allocate(histogram.getNeededByteBufferCapacity());
    int length = histogram.encodeIntoCompressedByteBuffer(encoded);
    return Base64.getEncoder().encodeToString(Arrays.copyOf(encoded.array(), length));
  }

  private static Histogram histogram(String text) {
    try {
      return Histogram.decodeFromCompressedByteBuffer(
          ByteBuffer.wrap(Base64.getDecoder().decode(text)), Generator.LATENCY_MAX_MICROS);
    } catch (DataFormatException broken) {
      throw new IllegalStateException("the load process wrote a broken histogram", broken);
    }
  }

  private static List<Long> longs(JsonArray array) {
    return array.stream().map(number -> ((Number) number).longValue()).toList();
  }
}
