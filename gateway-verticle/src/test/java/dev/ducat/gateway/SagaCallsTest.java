package dev.ducat.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Duration;
import com.google.protobuf.Message;
import com.google.rpc.Code;
import dev.ducat.gateway.RawGrpc.Reply;
import dev.ducat.kernel.id.IdKind;
import dev.ducat.proto.connector.v1.Done;
import dev.ducat.proto.internal.v1.OperatorCommand;
import dev.ducat.proto.internal.v1.PaymentQueryReply;
import dev.ducat.proto.internal.v1.Refusal;
import dev.ducat.proto.internal.v1.RefusalReason;
import dev.ducat.proto.internal.v1.ShardReply;
import dev.ducat.proto.operations.v1.CompensateSagaRequest;
import dev.ducat.proto.operations.v1.GetSagaRequest;
import dev.ducat.proto.operations.v1.ListSagasRequest;
import dev.ducat.proto.operations.v1.ResolveSagaRequest;
import dev.ducat.proto.operations.v1.RetrySagaRequest;
import dev.ducat.proto.operations.v1.Saga;
import dev.ducat.proto.operations.v1.SagaFilter;
import dev.ducat.proto.operations.v1.SagaState;
import dev.ducat.proto.payments.v1.Payment;
import dev.ducat.proto.type.v1.Money;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.junit5.VertxExtension;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * OperationsService's sagas over real HTTP/2: what is refused at the edge, and what reaches whom.
 */
@ExtendWith(VertxExtension.class)
class SagaCallsTest {
  private static final String SAGA =
      IdKind.SAGA.text(new UUID(0x0198c5a000007000L, 0x8000000000000001L));
  private static final String REFUND =
      IdKind.SAGA.text(new UUID(0x0198c5a000007000L, 0x8000000000000002L));
  private static final RetrySagaRequest RETRY =
      RetrySagaRequest.newBuilder().setSagaId(SAGA).setReason("the PSP is back").build();

  private static RunningGateway gateway;

  @BeforeAll
  static void start(Vertx vertx) {
    gateway = RunningGateway.start(vertx);
  }

  @AfterAll
  static void stop() {
    gateway.close();
  }

  /** The reader knows two sagas; the shard carries out what it is asked for. */
  @BeforeEach
  void everythingIsThere() {
    gateway.payments().sagas =
        query ->
            PaymentQueryReply.newBuilder()
                .setSaga(Saga.newBuilder().setSagaId(query.getSagaId()).setShard(2).setVersion(7))
                .build();
    gateway.payments().shard =
        request ->
            Future.succeededFuture(
                ShardReply.newBuilder()
                    .setSaga(
                        Saga.newBuilder()
                            .setSagaId(SAGA)
                            .setVersion(8)
                            .setPayment(Payment.getDefaultInstance()))
                    .build());
  }

  private static Reply call(String method, Message request) {
    return gateway.operations().call("/ducat.operations.v1.OperationsService/" + method, request);
  }

  @Test
  void aDecisionReachesTheShardOfTheSagaWithItsActor() {
    Saga saga = call("RetrySaga", RETRY).only(Saga.parser());
    assertThat(saga.getVersion()).isEqualTo(8);
    OperatorCommand asked = gateway.payments().asked.getLast().getAttend();
    assertThat(asked.getRetry()).isEqualTo(RETRY);
    assertThat(asked.getActor()).isEqualTo("operator");

    CompensateSagaRequest compensate =
        CompensateSagaRequest.newBuilder().setSagaId(SAGA).setReason("r").setVersion(7).build();
    call("CompensateSaga", compensate).only(Saga.parser());
    assertThat(gateway.payments().asked.getLast().getAttend().getCompensate())
        .isEqualTo(compensate);
    // Nobody named a tenant: operators see all.
    assertThat(gateway.payments().queried.getLast().getTenant()).isEmpty();
  }

  @Test
  void whatWasDecidedBeforeIsReadAsItIsNowAndSaysSo() {
    gateway.payments().shard =
        request ->
            Future.succeededFuture(
                ShardReply.newBuilder()
                    .setReplayed(true)
                    .setSaga(Saga.newBuilder().setSagaId(REFUND))
                    .build());
    Reply reply = call("RetrySaga", RETRY.toBuilder().setIdempotencyKey("d1").build());
    Saga saga = reply.only(Saga.parser());
    assertThat(saga.getSagaId()).isEqualTo(REFUND);
    assertThat(saga.getVersion()).isEqualTo(7);
    assertThat(reply.headers().get("idempotent-replayed")).isEqualTo("true");
  }

  @Test
  void aSagaThatIsNotThereIsNotDecidedAbout() {
    gateway.payments().sagas =
        query -> PaymentQueryReply.newBuilder().setRefusal(notFound()).build();
    int asked = gateway.payments().asked.size();
    for (Reply reply :
        new Reply[] {
          call("RetrySaga", RETRY),
          call("GetSaga", GetSagaRequest.newBuilder().setSagaId(SAGA).build())
        }) {
      assertThat(reply.status()).isEqualTo(Code.NOT_FOUND_VALUE);
      assertThat(reply.reason()).isEqualTo("SAGA_NOT_FOUND");
    }
    assertThat(gateway.payments().asked).hasSize(asked);
  }

  private static Refusal notFound() {
    return Refusal.newBuilder()
        .setReason(RefusalReason.REFUSAL_REASON_SAGA_NOT_FOUND)
        .setMessage("no such saga")
        .build();
  }

  @Test
  void everyFieldThatIsWrongIsNamed() {
    assertThat(call("GetSaga", GetSagaRequest.getDefaultInstance()).fields())
        .containsExactly("saga_id");
    assertThat(call("RetrySaga", RetrySagaRequest.newBuilder().setVersion(-1).build()).fields())
        .containsExactlyInAnyOrder("saga_id", "reason", "version");
    assertThat(
            call(
                    "CompensateSaga",
                    CompensateSagaRequest.newBuilder()
                        .setSagaId("saga_1")
                        .setReason("two\nlines")
                        .setIdempotencyKey("k".repeat(256))
                        .build())
                .fields())
        .containsExactlyInAnyOrder("saga_id", "reason", "idempotency_key");
    ResolveSagaRequest.Builder resolve =
        ResolveSagaRequest.newBuilder().setSagaId(SAGA).setReason("looked up");
    assertThat(call("ResolveSaga", resolve.build()).fields())
        .containsExactlyInAnyOrder("operation_key", "outcome");
    resolve
        .setOperationKey("saga_x/authorize")
        .setDone(
            Done.newBuilder()
                .setAmount(Money.newBuilder().setCurrencyCode("eur").setMinorUnits(-1)));
    assertThat(call("ResolveSaga", resolve.build()).fields())
        .containsExactlyInAnyOrder(
            "done.connector_reference", "done.amount.currency_code", "done.amount.minor_units");
    resolve.getDeclinedBuilder().setReasonCode("c".repeat(101));
    assertThat(call("ResolveSaga", resolve.build()).fields())
        .containsExactly("declined.reason_code");
    assertThat(
            call(
                    "ListSagas",
                    ListSagasRequest.newBuilder()
                        .setPageSize(-1)
                        .setFilter(
                            SagaFilter.newBuilder()
                                .addStates(SagaState.SAGA_STATE_UNSPECIFIED)
                                .addStatesValue(99)
                                .setPaymentId("x")
                                .setStuckLongerThan(Duration.newBuilder().setSeconds(-1)))
                        .build())
                .fields())
        .containsExactlyInAnyOrder(
            "page_size",
            "filter.states[0]",
            "filter.states[1]",
            "filter.payment_id",
            "filter.stuck_longer_than");
  }

  @Test
  void cardNumbersInAReasonAreRefused() {
    Reply reply = call("RetrySaga", RETRY.toBuilder().setReason("4111 1111 1111 1111").build());
    assertThat(reply.status()).isEqualTo(Code.INVALID_ARGUMENT_VALUE);
    assertThat(reply.reason()).isEqualTo("SENSITIVE_DATA");
  }
}
