package dev.ducat.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.rpc.Code;
import dev.ducat.gateway.RawGrpc.Reply;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.grpc.health.v1.HealthCheckRequest;
import io.vertx.grpc.health.v1.HealthCheckResponse;
import io.vertx.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.vertx.grpc.health.v1.HealthListRequest;
import io.vertx.grpc.health.v1.HealthListResponse;
import io.vertx.junit5.VertxExtension;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Health says what a client would find: no more, and not much later. */
@ExtendWith(VertxExtension.class)
class HealthTest {
  private static final String PAYMENTS = "ducat.payments.v1.PaymentService";
  private static final String LEDGER = "ducat.ledger.v1.LedgerService";

  private RunningGateway gateway;

  @BeforeEach
  void start(Vertx vertx) {
    gateway = RunningGateway.start(vertx);
  }

  @AfterEach
  void stop() {
    gateway.close();
  }

  private static HealthCheckRequest of(String service) {
    return HealthCheckRequest.newBuilder().setService(service).build();
  }

  private Reply check(String service) {
    return gateway.client().call(HealthEndpoint.PREFIX + "Check", of(service));
  }

  private ServingStatus state(String service) {
    return check(service).only(HealthCheckResponse.parser()).getStatus();
  }

  private void eventually(String service, ServingStatus expected) {
    await().atMost(Duration.ofSeconds(15)).until(() -> state(service) == expected);
  }

  @Test
  void servesFromTheFirstMoment() {
    assertThat(state(PAYMENTS)).isEqualTo(ServingStatus.SERVING);
    assertThat(state(LEDGER)).isEqualTo(ServingStatus.SERVING);
    assertThat(state("")).isEqualTo(ServingStatus.SERVING);
  }

  @Test
  void doesNotKnowOtherServices() {
    Reply reply = check("ducat.payments.v1.NoSuchService");
    assertThat(reply.status()).isEqualTo(Code.NOT_FOUND_VALUE);
    assertThat(reply.reason()).isEqualTo("SERVICE_UNKNOWN");
  }

  @Test
  void listsEveryServiceOnBothPorts() {
    for (RawGrpc port : List.of(gateway.client(), gateway.operations())) {
      HealthListResponse all =
          port.call(HealthEndpoint.PREFIX + "List", HealthListRequest.getDefaultInstance())
              .only(HealthListResponse.parser());
      assertThat(all.getStatusesMap())
          .containsOnlyKeys(
              "",
              PAYMENTS,
              LEDGER,
              "ducat.operations.v1.OperationsService",
              "ducat.connector.v1.ConnectorCallbackService");
    }
  }

  @Test
  void noticesThatAServiceIsAwayAndThatItIsBack() {
    gateway.payments().leaveShards();
    eventually(PAYMENTS, ServingStatus.NOT_SERVING);
    assertThat(state("")).isEqualTo(ServingStatus.NOT_SERVING);
    assertThat(state(LEDGER)).isEqualTo(ServingStatus.SERVING);
    gateway.payments().serveShards();
    eventually("", ServingStatus.SERVING);
  }

  @Test
  void tellsWatchersEveryChange() {
    List<ServingStatus> seen = new CopyOnWriteArrayList<>();
    watch("", seen);
    await().untilAsserted(() -> assertThat(seen).containsExactly(ServingStatus.SERVING));
    gateway.payments().leaveShards();
    await()
        .atMost(Duration.ofSeconds(15))
        .untilAsserted(
            () ->
                assertThat(seen).containsExactly(ServingStatus.SERVING, ServingStatus.NOT_SERVING));
    gateway.payments().serveShards();
    await()
        .atMost(Duration.ofSeconds(15))
        .untilAsserted(
            () ->
                assertThat(seen)
                    .containsExactly(
                        ServingStatus.SERVING, ServingStatus.NOT_SERVING, ServingStatus.SERVING));
  }

  @Test
  void tellsWatchersOfAnUnknownServiceThatItIsUnknown() {
    List<ServingStatus> seen = new CopyOnWriteArrayList<>();
    watch("no.such.Service", seen);
    await().untilAsserted(() -> assertThat(seen).containsExactly(ServingStatus.SERVICE_UNKNOWN));
  }

  private void watch(String service, List<ServingStatus> into) {
    var open =
        RawGrpc.await(gateway.client().open(HealthEndpoint.PREFIX + "Watch", RawGrpc.head()));
    open.exceptionHandler(expected -> {});
    Buffer received = Buffer.buffer();
    open.response()
        .onSuccess(
            response ->
                response.handler(
                    chunk -> {
                      received.appendBuffer(chunk);
                      var all = new Reply(200, response.headers(), response.trailers(), received);
                      var states = new ArrayList<ServingStatus>();
                      all.messages(HealthCheckResponse.parser())
                          .forEach(each -> states.add(each.getStatus()));
                      into.addAll(states.subList(into.size(), states.size()));
                    }));
    open.end(RawGrpc.frame(of(service)));
  }

  @Test
  void answersHoweverFullTheHouseIs(Vertx vertx) {
    try (RunningGateway full =
        RunningGateway.apart(vertx, settings -> settings.withInFlightMax(1, 1))) {
      full.payments().shard =
          request ->
              io.vertx.core.Promise.<dev.ducat.proto.internal.v1.ShardReply>promise().future();
      var hanging =
          full.client()
              .callAsync(
                  Requests.CREATE,
                  RawGrpc.head("grpc-timeout", "5S"),
                  RawGrpc.frame(Requests.create("hanging").build()));
      await().until(() -> !full.payments().asked.isEmpty());
      Reply refused = full.client().call(Requests.CREATE, Requests.create("refused").build());
      assertThat(refused.status()).isEqualTo(Code.RESOURCE_EXHAUSTED_VALUE);
      assertThat(refused.reason()).isEqualTo("OVERLOADED");
      assertThat(refused.hasRetryInfo()).isTrue();
      Reply health = full.client().call(HealthEndpoint.PREFIX + "Check", of(""));
      assertThat(health.status()).isZero();
      assertThat(hanging.isComplete()).isFalse();
    }
  }
}
