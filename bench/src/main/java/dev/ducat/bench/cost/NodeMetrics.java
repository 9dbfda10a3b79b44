package dev.ducat.bench.cost;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;

/** The node's own counters, from its metrics page. */
final class NodeMetrics {
  private static final Duration ANSWER_MAX = Duration.ofSeconds(30);

  private NodeMetrics() {}

  /** Sums over all labels but {@code kind}, of everything that only grows. */
  static Map<String, Double> read(String http) {
    Map<String, Double> sums = new TreeMap<>();
    page(http)
        .lines()
        .filter(line -> line.startsWith("ducat_"))
        .forEach(
            line -> {
              int space = line.lastIndexOf(' ');
              String name = line.substring(0, space).replaceFirst("\\{.*", "");
              if (name.endsWith("_total") || name.endsWith("_count") || name.endsWith("_sum")) {
                sums.merge(name, Double.parseDouble(line.substring(space + 1)), Double::sum);
              }
            });
    return sums;
  }

  private static String page(String http) {
    try (HttpClient client = HttpClient.newHttpClient()) {
      return client
          .send(
              HttpRequest.newBuilder(URI.create("http://" + http + "/metrics"))
                  .timeout(ANSWER_MAX)
                  .build(),
              HttpResponse.BodyHandlers.ofString())
          .body();
    } catch (IOException away) {
      throw new UncheckedIOException(away);
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(stopped);
    }
  }
}
