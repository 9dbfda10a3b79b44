package dev.ducat.gateway;

import dev.ducat.gateway.Check.Characters;
import dev.ducat.kernel.bus.Bus;
import dev.ducat.proto.internal.v1.BooksVerified;
import dev.ducat.proto.internal.v1.VerifyBooks;
import dev.ducat.proto.operations.v1.OperationsServiceGrpcService;
import dev.ducat.proto.operations.v1.VerifyLedgerRequest;
import dev.ducat.proto.operations.v1.VerifyLedgerResponse;
import java.time.Duration;
import java.util.List;

/**
 * OperationsService.VerifyLedger: some node of the ledger verifies, and is asked how far it is
 * until it is done or the client is gone. Nothing is asked twice: an answer that is lost may have
 * had findings in it, so the stream ends then, and has proved nothing.
 */
final class VerifyEndpoint {
  static final String LEDGER_VERIFY = "ledger.verify";

  private static final int TENANT_CHARS_MAX = 64;

  /** Well above the second that an answer may wait for news. */
  private static final Duration ANSWER_MAX = Duration.ofSeconds(10);

  private final Bus bus;

  VerifyEndpoint(Bus bus) {
    this.bus = bus;
  }

  List<Rpc> rpcs() {
    return List.of(
        Rpc.serverStreaming(
            OperationsServiceGrpcService.VerifyLedger,
            VerifyLedgerRequest.getDefaultInstance(),
            this::verify));
  }

  private void verify(
      StreamCall<VerifyLedgerRequest, VerifyLedgerResponse> call, VerifyLedgerRequest request) {
    Check check = new Check();
    check.text("tenant", request.getTenant(), 0, TENANT_CHARS_MAX, Characters.NAME);
    check.done();
    ask(call, LEDGER_VERIFY, VerifyBooks.newBuilder().setTenant(request.getTenant()).build());
  }

  private void ask(
      StreamCall<VerifyLedgerRequest, VerifyLedgerResponse> call,
      String address,
      VerifyBooks question) {
    bus.ask(address, question, BooksVerified.getDefaultInstance(), ANSWER_MAX)
        .onComplete(
            done -> {
              if (done.failed()) {
                call.fail(done.cause());
              } else {
                take(call, done.result());
              }
            });
  }

  private void take(
      StreamCall<VerifyLedgerRequest, VerifyLedgerResponse> call, BooksVerified answer) {
    VerifyBooks.Builder next = VerifyBooks.newBuilder().setVerification(answer.getVerification());
    if (call.isDone()) {
      bus.ask(
          answer.getAddress(),
          next.setCancel(true).build(),
          BooksVerified.getDefaultInstance(),
          ANSWER_MAX);
      return;
    }
    call.next(answer.getProgress());
    if (answer.getProgress().getDone()) {
      call.end();
    } else if (call.isFull()) {
      // Who does not read is not verified for: after a while of not being asked it ends by itself.
      call.whenDrained(() -> ask(call, answer.getAddress(), next.build()));
    } else {
      ask(call, answer.getAddress(), next.build());
    }
  }
}
