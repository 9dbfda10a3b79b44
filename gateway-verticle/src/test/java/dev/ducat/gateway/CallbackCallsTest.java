package dev.ducat.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.rpc.Code;
import dev.ducat.gateway.RawGrpc.Reply;
import dev.ducat.kernel.id.PaymentId;
import dev.ducat.proto.connector.v1.Declined;
import dev.ducat.proto.connector.v1.NotFound;
import dev.ducat.proto.connector.v1.OperationKind;
import dev.ducat.proto.connector.v1.OperationResult;
import dev.ducat.proto.connector.v1.ReportOperationRequest;
import dev.ducat.proto.connector.v1.ReportOperationResponse;
import dev.ducat.proto.internal.v1.Reported;
import dev.ducat.proto.internal.v1.ShardReply;
import dev.ducat.proto.internal.v1.ShardRequest;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.junit5.VertxExtension;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** ConnectorCallbackService over real HTTP/2. */
@ExtendWith(VertxExtension.class)
class CallbackCallsTest {
  private static final String REPORT =
      "/ducat.connector.v1.ConnectorCallbackService/ReportOperation";
  private static final String PAYMENT =
      new PaymentId(new UUID(0x0198c5a000007000L, 0x8000000000000000L | 9)).text();
  private static final ReportOperationRequest REQUEST =
      ReportOperationRequest.newBuilder()
          .setConnector("bank")
          .setTenant("t1")
          .setPaymentId(PAYMENT)
          .setResult(
              OperationResult.newBuilder()
                  .setOperationKey("saga_x/authorize")
                  .setKind(OperationKind.OPERATION_KIND_AUTHORIZE)
                  .setDeclined(Declined.newBuilder().setReasonCode("NO")))
          .build();

  private static RunningGateway gateway;

  @BeforeAll
  static void start(Vertx vertx) {
    gateway = RunningGateway.start(vertx);
  }

  @AfterAll
  static void stop() {
    gateway.close();
  }

  @Test
  void aReportReachesTheShardUnderThePaymentsTenant() {
    gateway.payments().shard =
        request ->
            Future.succeededFuture(
                ShardReply.newBuilder()
                    .setReported(Reported.newBuilder().setDuplicate(true))
                    .build());
    ReportOperationResponse response =
        gateway.client().call(REPORT, REQUEST).only(ReportOperationResponse.parser());
    assertThat(response.getDuplicate()).isTrue();
    ShardRequest asked = gateway.payments().asked.getLast();
    assertThat(asked.getTenant()).isEqualTo("t1");
    assertThat(asked.getReport().getResult()).isEqualTo(REQUEST.getResult());
    assertThat(asked.getReport().getConnector()).isEqualTo("bank");
  }

  @Test
  void whatDecidesNothingIsRefused() {
    ReportOperationRequest.Builder notFound = REQUEST.toBuilder();
    notFound.getResultBuilder().setNotFound(NotFound.getDefaultInstance());
    Reply reply = gateway.client().call(REPORT, notFound.build());
    assertThat(reply.status()).isEqualTo(Code.INVALID_ARGUMENT_VALUE);
    assertThat(reply.fields()).containsExactly("result");

    Reply empty = gateway.client().call(REPORT, ReportOperationRequest.getDefaultInstance());
    assertThat(empty.fields())
        .containsExactlyInAnyOrder(
            "connector", "tenant", "payment_id", "result.operation_key", "result.kind", "result");
  }

  @Test
  void aReportOfASettlementReachesTheShardToo() {
    gateway.payments().shard =
        request ->
            Future.succeededFuture(
                ShardReply.newBuilder().setReported(Reported.getDefaultInstance()).build());
    ReportOperationRequest.Builder settlement = REQUEST.toBuilder();
    settlement.getResultBuilder().setKind(OperationKind.OPERATION_KIND_SETTLEMENT);
    ReportOperationResponse response =
        gateway.client().call(REPORT, settlement.build()).only(ReportOperationResponse.parser());
    assertThat(response.getDuplicate()).isFalse();
    assertThat(gateway.payments().asked.getLast().getReport().getResult().getKind())
        .isEqualTo(OperationKind.OPERATION_KIND_SETTLEMENT);
  }
}
