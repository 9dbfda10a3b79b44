package dev.ducat.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.rpc.Code;
import dev.ducat.gateway.RawGrpc.Reply;
import dev.ducat.kernel.bus.Registration;
import dev.ducat.kernel.testing.TestNode;
import dev.ducat.proto.internal.v1.BooksVerified;
import dev.ducat.proto.internal.v1.VerifyBooks;
import dev.ducat.proto.operations.v1.LedgerFinding;
import dev.ducat.proto.operations.v1.VerifyLedgerRequest;
import dev.ducat.proto.operations.v1.VerifyLedgerResponse;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.junit5.VertxExtension;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** VerifyLedger over real HTTP/2: a verification is followed to its end, or has proved nothing. */
@ExtendWith(VertxExtension.class)
class VerifyCallsTest {
  private static final String VERIFY = "/ducat.operations.v1.OperationsService/VerifyLedger";
  private static final String OWN = "ledger.verify.double";

  private static RunningGateway gateway;

  @BeforeAll
  static void start(Vertx vertx) {
    gateway = RunningGateway.start(vertx);
  }

  @AfterAll
  static void stop() {
    gateway.close();
  }

  private static Registration serve(String address, Function<VerifyBooks, BooksVerified> answer) {
    return TestNode.await(
        gateway
            .testNode()
            .node()
            .bus()
            .serve(
                address,
                VerifyBooks.getDefaultInstance(),
                request -> Future.succeededFuture(answer.apply(request))));
  }

  private static BooksVerified progress(long checked, boolean done) {
    return BooksVerified.newBuilder()
        .setAddress(OWN)
        .setVerification("v1")
        .setProgress(
            VerifyLedgerResponse.newBuilder()
                .setTransfersChecked(checked)
                .setTransfersTotal(3)
                .addFindings(LedgerFinding.newBuilder().setMessage("at " + checked))
                .setFindingsTotal(checked)
                .setDone(done))
        .build();
  }

  private static Reply verify(String tenant) {
    return gateway
        .operations()
        .call(VERIFY, VerifyLedgerRequest.newBuilder().setTenant(tenant).build());
  }

  @Test
  void goesOnWithWhoeverBeganUntilItIsDone() {
    List<VerifyBooks> asked = new CopyOnWriteArrayList<>();
    Registration all =
        serve(
            VerifyEndpoint.LEDGER_VERIFY,
            request -> {
              asked.add(request);
              return progress(1, false);
            });
    Registration own =
        serve(
            OWN,
            request -> {
              asked.add(request);
              return progress(asked.size(), asked.size() == 3);
            });
    Reply reply = verify("acme");
    assertThat(reply.status()).isZero();
    List<VerifyLedgerResponse> answers = reply.messages(VerifyLedgerResponse.parser());
    assertThat(answers)
        .extracting(VerifyLedgerResponse::getTransfersChecked)
        .containsExactly(1L, 2L, 3L);
    assertThat(answers.getLast().getDone()).isTrue();
    assertThat(asked).extracting(VerifyBooks::getTenant).containsExactly("acme", "", "");
    assertThat(asked).extracting(VerifyBooks::getVerification).containsExactly("", "v1", "v1");
    TestNode.await(Future.join(all.close(), own.close()));
  }

  @Test
  void endsWithoutProofWhenTheVerifierIsGone() {
    Registration all = serve(VerifyEndpoint.LEDGER_VERIFY, request -> progress(1, false));
    Reply reply = verify("");
    assertThat(reply.status()).isEqualTo(Code.UNAVAILABLE_VALUE);
    assertThat(reply.messages(VerifyLedgerResponse.parser()))
        .noneMatch(VerifyLedgerResponse::getDone);
    TestNode.await(all.close());
    assertThat(verify("").status()).isEqualTo(Code.UNAVAILABLE_VALUE);
  }

  @Test
  void anImpossibleTenantIsRefused() {
    Reply reply = verify("no such\ntenant");
    assertThat(reply.status()).isEqualTo(Code.INVALID_ARGUMENT_VALUE);
    assertThat(reply.fields()).containsExactly("tenant");
  }
}
