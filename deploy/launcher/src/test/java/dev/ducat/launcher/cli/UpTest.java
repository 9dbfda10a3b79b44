package dev.ducat.launcher.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.ducat.launcher.Main;
import dev.ducat.launcher.client.Addresses;
import dev.ducat.launcher.client.Answer;
import dev.ducat.launcher.client.DucatClient;
import dev.ducat.launcher.node.ReadyInfo;
import dev.ducat.proto.payments.v1.CreatePaymentRequest;
import dev.ducat.proto.payments.v1.LookupPaymentRequest;
import dev.ducat.proto.payments.v1.Payment;
import dev.ducat.proto.payments.v1.PaymentServiceGrpcClient;
import dev.ducat.proto.payments.v1.PaymentState;
import dev.ducat.saga.connector.SimulatorJournal;
import io.vertx.core.Future;
import io.vertx.core.net.SocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code up} as a process of its own. */
final class UpTest {
  private static final int PAYMENTS = 30;

  @TempDir private Path folder = Path.of("unset");

  private Process up(Path ready) throws Exception {
    List<String> command =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx384m",
            "-XX:+UseSerialGC",
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            System.getProperty("java.class.path"),
            Main.class.getName(),
            "up",
            "--config",
            Files.writeString(folder.resolve("ducat.yaml"), "lease: 3s").toString(),
            "--data",
            folder.resolve("data").toString(),
            "--grpc-port",
            "0",
            "--operations-port",
            "0",
            "--http-port",
            "0",
            "--ready-file",
            ready.toString(),
            "--until-stdin-closes");
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.appendTo(folder.resolve("up.out").toFile()))
        .start();
  }

  private SocketAddress awaitReady(Process process, Path ready) throws Exception {
    await().atMost(Duration.ofSeconds(90)).until(() -> Files.exists(ready) || !process.isAlive());
    Optional<ReadyInfo> info = ReadyInfo.read(ready);
    assertThat(info).as(Files.readString(folder.resolve("up.out"))).isPresent();
    assertThat(info.orElseThrow().pid()).isEqualTo(process.pid());
    return Addresses.parse(info.orElseThrow().grpc());
  }

  @Test
  void sigtermLosesNothing() throws Exception {
    Path ready = folder.resolve("ready.json");
    Process first = up(ready);
    List<Future<Answer<Payment>>> calls = new ArrayList<>();
    try (DucatClient client = new DucatClient("default")) {
      SocketAddress address = awaitReady(first, ready);
      for (int i = 0; i < PAYMENTS; i++) {
        // They take longer than the node is given before it is told to go.
        calls.add(
            client.call(
                address,
                PaymentServiceGrpcClient.CreatePayment,
                slow("key-" + i, i % 2 == 0 ? 100 : 1_500),
                Duration.ofSeconds(20)));
      }
      await()
          .atMost(Duration.ofSeconds(20))
          .until(() -> calls.stream().anyMatch(Future::succeeded));
      first.destroy();

      assertThat(first.waitFor(30, TimeUnit.SECONDS)).as("ended within 30 s").isTrue();
      await()
          .atMost(Duration.ofSeconds(25))
          .until(() -> calls.stream().allMatch(Future::isComplete));
    }
    Files.delete(ready);
    Process second = up(ready);
    try (DucatClient client = new DucatClient("default")) {
      SocketAddress address = awaitReady(second, ready);
      for (int i = 0; i < PAYMENTS; i++) {
        settles(client, address, "key-" + i, calls.get(i));
      }
    } finally {
      second.destroy();
      second.waitFor(30, TimeUnit.SECONDS);
    }
    SimulatorJournal journal =
        SimulatorJournal.read(folder.resolve("data").resolve("simulator").resolve("journal.tsv"));
    assertThat(journal.effectsByOperation()).hasSize(PAYMENTS * 2);
    assertThat(journal.effectsByOperation().values()).containsOnly(1);
  }

  private static void settles(
      DucatClient client, SocketAddress address, String key, Future<Answer<Payment>> told) {
    await()
        .atMost(Duration.ofSeconds(30))
        .untilAsserted(
            () -> {
              // Asking again heals what was refused while the node drained.
              Payment payment =
                  client
                      .call(
                          address,
                          PaymentServiceGrpcClient.CreatePayment,
                          slow(key, key.matches(".*[02468]") ? 100 : 1_500),
                          Duration.ofSeconds(10))
                      .await()
                      .message();
              assertThat(payment.getState()).isEqualTo(PaymentState.PAYMENT_STATE_SETTLED);
              if (told.succeeded()) {
                assertThat(payment.getPaymentId())
                    .isEqualTo(told.result().message().getPaymentId());
              }
            });
    assertThat(
            client
                .call(
                    address,
                    PaymentServiceGrpcClient.LookupPayment,
                    LookupPaymentRequest.newBuilder().setIdempotencyKey(key).build(),
                    Duration.ofSeconds(10))
                .await()
                .message()
                .getState())
        .isEqualTo(PaymentState.PAYMENT_STATE_SETTLED);
  }

  private static CreatePaymentRequest slow(String key, int ms) {
    CreatePaymentRequest.Builder request =
        CreatePaymentRequest.newBuilder()
            .setIdempotencyKey(key)
            .setMerchantAccount("acme")
            .setPaymentMethod("sim_slow_" + ms);
    request.getAmountBuilder().setCurrencyCode("EUR").setMinorUnits(100);
    return request.build();
  }
}
