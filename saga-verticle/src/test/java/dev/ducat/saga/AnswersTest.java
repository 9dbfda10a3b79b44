package dev.ducat.saga;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ducat.proto.connector.v1.AuthorizeRequest;
import dev.ducat.proto.connector.v1.Declined;
import dev.ducat.proto.connector.v1.Done;
import dev.ducat.proto.connector.v1.NotFound;
import dev.ducat.proto.connector.v1.OperationKind;
import dev.ducat.proto.connector.v1.OperationResult;
import dev.ducat.proto.connector.v1.VoidRequest;
import dev.ducat.proto.internal.v1.ConnectorCall;
import dev.ducat.proto.ledger.v1.NewTransfer;
import dev.ducat.proto.ledger.v1.TransferKind;
import dev.ducat.proto.ledger.v1.TransferOutcome;
import dev.ducat.proto.ledger.v1.TransferResult;
import dev.ducat.proto.type.v1.Money;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class AnswersTest {
  private static final Money TEN = money("EUR", 10);
  private static final ConnectorCall AUTHORIZE =
      ConnectorCall.newBuilder()
          .setAuthorize(AuthorizeRequest.newBuilder().setOperationKey("k").setAmount(TEN))
          .build();
  private static final ConnectorCall VOID =
      ConnectorCall.newBuilder()
          .setVoid(VoidRequest.newBuilder().setOperationKey("k").setAmount(TEN))
          .build();

  @Test
  void doneCountsOnlyForWhatWasAsked() {
    assertThat(Answers.ofPsp(AUTHORIZE, done("k", OperationKind.OPERATION_KIND_AUTHORIZE, TEN)))
        .isEqualTo(new Outcome.Done("ref", null));
    assertMismatch(AUTHORIZE, done("other", OperationKind.OPERATION_KIND_AUTHORIZE, TEN));
    assertMismatch(AUTHORIZE, done("k", OperationKind.OPERATION_KIND_CAPTURE, TEN));
    assertMismatch(AUTHORIZE, done("k", OperationKind.OPERATION_KIND_AUTHORIZE, money("EUR", 11)));
    assertMismatch(AUTHORIZE, done("k", OperationKind.OPERATION_KIND_AUTHORIZE, money("EUR", 0)));
    assertMismatch(AUTHORIZE, done("k", OperationKind.OPERATION_KIND_AUTHORIZE, money("USD", 10)));
  }

  @Test
  void aVoidMayFindNothingToFree() {
    assertThat(Answers.ofPsp(VOID, done("k", OperationKind.OPERATION_KIND_VOID, money("EUR", 0))))
        .isInstanceOf(Outcome.Done.class);
    assertMismatch(VOID, done("k", OperationKind.OPERATION_KIND_VOID, money("EUR", 4)));
  }

  @Test
  void anAnswerWithoutOutcomeIsNoAnswer() {
    OperationResult.Builder empty =
        OperationResult.newBuilder()
            .setOperationKey("k")
            .setKind(OperationKind.OPERATION_KIND_AUTHORIZE);
    assertThat(Answers.ofPsp(AUTHORIZE, empty.build())).isInstanceOf(Outcome.Unknown.class);
    assertThat(Answers.ofPsp(AUTHORIZE, empty.setNotFound(NotFound.getDefaultInstance()).build()))
        .isInstanceOf(Outcome.NotFound.class);
    assertThat(Answers.ofPsp(AUTHORIZE, empty.setDeclined(Declined.getDefaultInstance()).build()))
        .isEqualTo(new Outcome.Declined("DECLINED", ""));
  }

  @Test
  void anAttemptDiffersFromItsIntentInTheDeadlineAlone() {
    ConnectorCall sent = Answers.withDeadline(AUTHORIZE, Instant.ofEpochSecond(9));
    assertThat(sent.getAuthorize().getDeadline().getSeconds()).isEqualTo(9);
    assertThat(sent.getAuthorize().toBuilder().clearDeadline().build())
        .isEqualTo(AUTHORIZE.getAuthorize());
  }

  /** Every result of the ledger's closed list means something for each kind a saga sends. */
  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "UNRECOGNIZED")
  void everyResultOfTheLedgerIsJudged(TransferResult result) {
    @Nullable Outcome hold = judged(TransferKind.TRANSFER_KIND_HOLD, result, true);
    @Nullable Outcome post = judged(TransferKind.TRANSFER_KIND_POST_HOLD, result, false);
    @Nullable Outcome release = judged(TransferKind.TRANSFER_KIND_VOID_HOLD, result, false);
    switch (result) {
      case TRANSFER_RESULT_CREATED, TRANSFER_RESULT_EXISTS -> {
        assertThat(hold).isNull();
        assertThat(post).isNull();
        assertThat(release).isNull();
      }
      case TRANSFER_RESULT_HOLD_NOT_FOUND, TRANSFER_RESULT_HOLD_ALREADY_VOIDED -> {
        assertThat(post).isInstanceOf(Outcome.Mismatch.class);
        assertThat(release).isNull();
      }
      case TRANSFER_RESULT_DEBIT_ACCOUNT_CLOSED,
          TRANSFER_RESULT_CREDIT_ACCOUNT_CLOSED,
          TRANSFER_RESULT_EXCEEDS_CREDITS,
          TRANSFER_RESULT_EXCEEDS_DEBITS,
          TRANSFER_RESULT_OVERFLOW -> {
        assertThat(hold).isEqualTo(new Outcome.LedgerRefused(result));
        assertThat(Answers.codeOf(result)).isNotEmpty();
        assertThat(post).isInstanceOf(Outcome.Mismatch.class);
      }
      default -> {
        assertThat(hold).isInstanceOf(Outcome.Mismatch.class);
        assertThat(post).isInstanceOf(Outcome.Mismatch.class);
        assertThat(release).isInstanceOf(Outcome.Mismatch.class);
      }
    }
  }

  private static @Nullable Outcome judged(
      TransferKind kind, TransferResult result, boolean beforePsp) {
    NewTransfer asked = NewTransfer.newBuilder().setTransferId("t").setKind(kind).build();
    TransferOutcome answer =
        TransferOutcome.newBuilder().setTransferId("t").setResult(result).build();
    return Answers.ofLedger(List.of(asked), List.of(answer), beforePsp);
  }

  private static void assertMismatch(ConnectorCall call, OperationResult answer) {
    assertThat(Answers.ofPsp(call, answer)).isInstanceOf(Outcome.Mismatch.class);
  }

  private static OperationResult done(String key, OperationKind kind, Money amount) {
    return OperationResult.newBuilder()
        .setOperationKey(key)
        .setKind(kind)
        .setDone(Done.newBuilder().setConnectorReference("ref").setAmount(amount))
        .build();
  }

  private static Money money(String currency, long units) {
    return Money.newBuilder().setCurrencyCode(currency).setMinorUnits(units).build();
  }
}
