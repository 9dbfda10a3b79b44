package dev.ducat.launcher.check;

import static dev.ducat.launcher.testing.Api.eur;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.Timestamp;
import dev.ducat.launcher.client.CallFailure;
import dev.ducat.launcher.testing.Api;
import dev.ducat.launcher.testing.TestHouse;
import dev.ducat.proto.ledger.v1.Account;
import dev.ducat.proto.ledger.v1.BalanceLimit;
import dev.ducat.proto.ledger.v1.CloseAccountRequest;
import dev.ducat.proto.ledger.v1.CreateTransfersRequest;
import dev.ducat.proto.ledger.v1.GetAccountRequest;
import dev.ducat.proto.ledger.v1.GetTransferRequest;
import dev.ducat.proto.ledger.v1.LedgerServiceGrpcClient;
import dev.ducat.proto.ledger.v1.NewTransfer;
import dev.ducat.proto.ledger.v1.Transfer;
import dev.ducat.proto.ledger.v1.TransferKind;
import dev.ducat.proto.ledger.v1.TransferOutcome;
import io.vertx.core.Future;
import io.vertx.grpc.common.GrpcStatus;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What callers of the ledger can do with accounts of their own, over gRPC on a real node. */
final class LedgerServiceTest {
  private static final int MANY = 1_000;

  @TempDir private static Path data = Path.of("unset");

  @SuppressWarnings("NullAway.Init")
  private static TestHouse house;

  @SuppressWarnings("NullAway.Init")
  private static Api api;

  private static int rooms;

  private String from = "";
  private String to = "";

  @BeforeAll
  static void start() {
    house = TestHouse.start(data, "0bp+0");
    api = new Api(house);
  }

  @AfterAll
  static void stop() {
    api.close();
    house.close();
  }

  @BeforeEach
  void open() {
    from = "from-" + rooms;
    to = "to-" + rooms++;
    api.fund(from, 100);
    api.account(to, BalanceLimit.BALANCE_LIMIT_NONE);
  }

  @AfterEach
  void theBooksAreRight() {
    assertThat(api.verify()).isEmpty();
  }

  private static List<String> results(boolean atomic, NewTransfer.Builder... transfers) {
    List<NewTransfer> all = new ArrayList<>();
    for (NewTransfer.Builder each : transfers) {
      all.add(each.build());
    }
    return results(api.transfers(atomic, all));
  }

  private static List<String> results(List<TransferOutcome> outcomes) {
    return outcomes.stream()
        .map(outcome -> outcome.getResult().name().substring("TRANSFER_RESULT_".length()))
        .toList();
  }

  private NewTransfer.Builder hold(long amount) {
    return api.post(from, to, amount).setKind(TransferKind.TRANSFER_KIND_HOLD);
  }

  private static NewTransfer.Builder postHold(NewTransfer.Builder hold) {
    return api.transfer(TransferKind.TRANSFER_KIND_POST_HOLD).setHoldId(hold.getTransferId());
  }

  private static NewTransfer.Builder voidHold(String hold) {
    return api.transfer(TransferKind.TRANSFER_KIND_VOID_HOLD).setHoldId(hold);
  }

  private static Account account(String name) {
    return api.ask(
        LedgerServiceGrpcClient.GetAccount,
        GetAccountRequest.newBuilder().setName(name).setCurrencyCode("EUR").build());
  }

  private static Transfer transfer(String id) {
    return api.ask(
        LedgerServiceGrpcClient.GetTransfer,
        GetTransferRequest.newBuilder().setTransferId(id).build());
  }

  @Test
  void aThousandTransfersHaveEachTheirOwnResult() {
    List<NewTransfer> thousand = new ArrayList<>();
    for (int i = 0; i < MANY; i++) {
      // Funds for a hundred.
      thousand.add(api.post(from, to, 1).setReference("one of a thousand").build());
    }
    List<String> results = results(api.transfers(false, thousand));
    assertThat(results).hasSize(MANY);
    assertThat(results.subList(0, 100)).containsOnly("CREATED");
    assertThat(results.subList(100, MANY)).containsOnly("EXCEEDS_CREDITS");
    assertThat(account(from).getDebitsPosted()).isEqualTo(100);

    List<String> again = results(api.transfers(false, thousand));
    assertThat(again.subList(0, 100)).containsOnly("EXISTS");
    assertThat(again.subList(100, MANY)).containsOnly("EXCEEDS_CREDITS");
  }

  @Test
  void anAtomicThousandIsBookedAsAWholeOrNotAtAll() {
    List<NewTransfer> thousand = new ArrayList<>();
    for (int i = 0; i < MANY; i++) {
      thousand.add(api.post("bank", to, 1).build());
    }
    List<NewTransfer> withCulprit = new ArrayList<>(thousand);
    withCulprit.set(MANY / 2, api.post(from, to, 101).build());
    List<String> results = results(api.transfers(true, withCulprit));
    assertThat(results.get(MANY / 2)).isEqualTo("EXCEEDS_CREDITS");
    assertThat(Collections.frequency(results, "LINKED_TRANSFER_FAILED")).isEqualTo(MANY - 1);
    assertThat(account(to).getVersion()).isEqualTo(1);

    // The innocent are not pinned: without the culprit they are booked under the same ids.
    assertThat(results(api.transfers(true, thousand))).containsOnly("CREATED");
    assertThat(account(to).getCreditsPosted()).isEqualTo(MANY);
    assertThatThrownBy(
            () -> {
              thousand.add(api.post("bank", to, 1).build());
              api.transfers(false, thousand);
            })
        .hasMessageContaining("transfers");
  }

  @Test
  void aHoldIsPostedInPartWithAndWithoutKeepingTheRest() {
    NewTransfer.Builder hold = hold(90);
    String rest = api.id();
    NewTransfer.Builder part =
        postHold(hold).setAmount(eur(40)).setKeepRemainder(true).setRemainderHoldId(rest);
    assertThat(results(false, hold, part)).containsExactly("CREATED", "CREATED");
    assertThat(account(from).getDebitsPosted()).isEqualTo(40);
    assertThat(account(from).getDebitsPending()).isEqualTo(50);
    assertThat(transfer(rest).getAmount()).isEqualTo(eur(50));
    assertThat(transfer(part.getTransferId()).getDebitAccountAfter().getDebitsPosted())
        .isEqualTo(40);

    NewTransfer.Builder last = postHold(hold).setHoldId(rest).setAmount(eur(20));
    assertThat(results(false, last)).containsExactly("CREATED");
    assertThat(account(from).getDebitsPosted()).isEqualTo(60);
    assertThat(account(from).getDebitsPending()).isZero();
    assertThat(results(false, voidHold(rest), voidHold(hold.getTransferId())))
        .containsExactly("HOLD_ALREADY_POSTED", "HOLD_ALREADY_POSTED");
  }

  @Test
  void aHoldThatWasVoidedBeforeItCameIsRefusedEverAfter() {
    NewTransfer.Builder hold = hold(5);
    NewTransfer.Builder early = voidHold(hold.getTransferId());
    assertThat(results(false, early)).containsExactly("HOLD_NOT_FOUND");
    assertThat(results(false, hold)).containsExactly("HOLD_VOIDED_BEFORE_CREATION");
    assertThat(results(false, hold, early))
        .containsExactly("HOLD_VOIDED_BEFORE_CREATION", "HOLD_NOT_FOUND");
    assertThat(account(from).getDebitsPending()).isZero();
  }

  @Test
  void aHoldLapsesByItself() {
    Instant soon = Instant.now().plusMillis(1_500);
    NewTransfer.Builder hold =
        hold(30)
            .setHoldExpireTime(
                Timestamp.newBuilder().setSeconds(soon.getEpochSecond()).setNanos(soon.getNano()));
    assertThat(results(false, hold)).containsExactly("CREATED");
    assertThat(account(from).getDebitsPending()).isEqualTo(30);
    await().atMost(Duration.ofSeconds(15)).until(() -> account(from).getDebitsPending() == 0);
    assertThat(results(false, postHold(hold), voidHold(hold.getTransferId())))
        .containsExactly("HOLD_ALREADY_EXPIRED", "HOLD_ALREADY_EXPIRED");
    assertThat(account(from).getDebitsPosted()).isZero();
  }

  @Test
  void whatFailedForTheStateOfTheWorldStaysFailedWhenTheWorldHasChanged() {
    NewTransfer.Builder tooMuch = api.post(from, to, 150);
    assertThat(results(false, tooMuch)).containsExactly("EXCEEDS_CREDITS");
    assertThat(results(false, api.post("bank", from, 100))).containsExactly("CREATED");
    assertThat(results(false, tooMuch)).containsExactly("EXCEEDS_CREDITS");
    assertThat(results(false, tooMuch.clone().setAmount(eur(1))))
        .containsExactly("EXISTS_WITH_DIFFERENT_AMOUNT");
    assertThat(results(false, tooMuch.clone().setTransferId(api.id()))).containsExactly("CREATED");
  }

  @Test
  void aClosedAccountTakesNothingNewAndEndsItsHolds() {
    NewTransfer.Builder kept = hold(10);
    NewTransfer.Builder dropped = hold(10);
    assertThat(results(false, kept, dropped)).containsExactly("CREATED", "CREATED");
    Account before = account(from);
    Account closed = close(from);
    // What is on it stays on it.
    assertThat(closed).isEqualTo(before.toBuilder().setClosed(true).build());
    assertThat(closed.getCreditsPosted()).isEqualTo(100);
    assertThat(account(from)).isEqualTo(closed);
    assertThat(close(from)).isEqualTo(closed);
    assertThat(results(false, api.post(from, to, 1), api.post(to, from, 1), hold(1)))
        .containsExactly("DEBIT_ACCOUNT_CLOSED", "CREDIT_ACCOUNT_CLOSED", "DEBIT_ACCOUNT_CLOSED");
    assertThat(results(false, postHold(kept), voidHold(dropped.getTransferId())))
        .containsExactly("CREATED", "CREATED");
    assertThat(account(from).getDebitsPosted()).isEqualTo(10);

    // It is closed in Postgres too, not only in the lane's memory.
    house.close();
    house = TestHouse.start(data, "0bp+0");
    api.close();
    api = new Api(house);
    assertThat(close(from)).isEqualTo(account(from));
    assertThat(results(false, api.post(to, from, 1))).containsExactly("CREDIT_ACCOUNT_CLOSED");
  }

  /** Whatever is booked is booked before the close; nothing is after it. */
  @Test
  void transfersThatRaceACloseAreBookedBeforeItOrRefused() {
    List<Future<String>> racing = new ArrayList<>();
    List<Future<Account>> closes = new ArrayList<>();
    for (int i = 0; i < 90; i++) {
      if (i % 30 == 20) {
        closes.add(api.call(LedgerServiceGrpcClient.CloseAccount, closeRequest(from)));
      }
      racing.add(
          api.call(
                  LedgerServiceGrpcClient.CreateTransfers,
                  CreateTransfersRequest.newBuilder().addTransfers(api.post(from, to, 1)).build())
              .map(answer -> results(answer.getOutcomesList()).getFirst()));
    }
    List<Account> closed = closes.stream().map(Api::await).toList();
    List<String> results = racing.stream().map(Api::await).toList();
    assertThat(results).containsOnly("CREATED", "DEBIT_ACCOUNT_CLOSED");
    assertThat(closed).containsOnly(account(from));
    assertThat(account(from).getDebitsPosted())
        .isEqualTo(Collections.frequency(results, "CREATED"));
    assertThat(results(false, api.post(from, to, 1))).containsExactly("DEBIT_ACCOUNT_CLOSED");
  }

  @Test
  void whatCannotBeClosed() {
    assertRefused("nobody", "ACCOUNT_NOT_FOUND", GrpcStatus.NOT_FOUND);
    for (String reserved : List.of("fees", "merchant:acme:available", "psp_receivable:simulator")) {
      assertRefused(reserved, "ACCOUNT_NOT_CLOSABLE", GrpcStatus.FAILED_PRECONDITION);
    }
  }

  private static void assertRefused(String name, String reason, GrpcStatus status) {
    CallFailure failure = catchThrowableOfType(CallFailure.class, () -> close(name));
    assertThat(failure.status()).isEqualTo(status);
    assertThat(failure.details().reason()).isEqualTo(reason);
  }

  private static Account close(String name) {
    return api.ask(LedgerServiceGrpcClient.CloseAccount, closeRequest(name));
  }

  private static CloseAccountRequest closeRequest(String name) {
    return CloseAccountRequest.newBuilder().setName(name).setCurrencyCode("EUR").build();
  }
}
