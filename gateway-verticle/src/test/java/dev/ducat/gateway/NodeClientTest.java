package dev.ducat.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import io.vertx.junit5.VertxExtension;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A client in another language, built from nothing but the published .proto files. */
@ExtendWith(VertxExtension.class)
class NodeClientTest {
  private static final int NOT_FOUND = 5;
  private static final int INVALID_ARGUMENT = 3;

  @Test
  void createsReadsAndWatchesAPayment(Vertx vertx) throws IOException {
    if (!"true".equals(System.getenv("CI"))) {
      assumeTrue(NodeClient.nodeIsThere(), "Node 20 or newer with npm is needed");
    }
    NodeClient client = NodeClient.install(Path.of("src/test/node"), Path.of("target/node-client"));
    try (RunningGateway gateway = RunningGateway.start(vertx)) {
      Path protos = Path.of("../proto/src/main/proto").toAbsolutePath().normalize();
      NodeClient.Output output =
          client.call(
              "127.0.0.1:" + gateway.client().port(),
              "--proto",
              protos.toString(),
              "--key",
              "from-node",
              "--tenant",
              "node");
      assertThat(output.exitCode()).as(output.text()).isZero();
      JsonObject seen = new JsonObject(output.text());
      JsonObject created = seen.getJsonObject("created");
      assertThat(created.getString("state")).isEqualTo("PAYMENT_STATE_SETTLED");
      assertThat(created.getJsonObject("amount").getString("minor_units")).isEqualTo("1250");
      assertThat(seen.getString("created_replayed")).isNull();
      assertThat(seen.getString("again_replayed")).isEqualTo("true");
      assertThat(seen.getJsonObject("again")).isEqualTo(created);
      assertThat(seen.getJsonObject("read")).isEqualTo(created);
      assertThat(seen.getJsonObject("found")).isEqualTo(created);
      assertThat(seen.getJsonArray("listed")).containsExactly(created.getString("payment_id"));
      assertThat(seen.getJsonArray("watched").getJsonObject(0).getJsonObject("payment"))
          .isEqualTo(created);
      assertThat(seen.getJsonArray("resumed")).hasSize(2);
      assertThat(seen.getJsonObject("missing").getInteger("code")).isEqualTo(NOT_FOUND);
      assertThat(seen.getJsonObject("missing").getInteger("details")).isEqualTo(1);
      assertThat(seen.getJsonObject("invalid").getInteger("code")).isEqualTo(INVALID_ARGUMENT);
    }
  }
}
