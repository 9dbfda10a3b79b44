package dev.ducat.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Message;
import com.google.protobuf.Timestamp;
import com.google.rpc.Code;
import dev.ducat.gateway.RawGrpc.Reply;
import dev.ducat.kernel.id.IdKind;
import dev.ducat.kernel.shard.UnitKind;
import dev.ducat.proto.ledger.v1.Account;
import dev.ducat.proto.ledger.v1.Balance;
import dev.ducat.proto.ledger.v1.CloseAccountRequest;
import dev.ducat.proto.ledger.v1.CreateAccountRequest;
import dev.ducat.proto.ledger.v1.CreateTransfersRequest;
import dev.ducat.proto.ledger.v1.CreateTransfersResponse;
import dev.ducat.proto.ledger.v1.GetAccountRequest;
import dev.ducat.proto.ledger.v1.GetBalanceRequest;
import dev.ducat.proto.ledger.v1.GetTransferRequest;
import dev.ducat.proto.ledger.v1.ListAccountsRequest;
import dev.ducat.proto.ledger.v1.ListAccountsResponse;
import dev.ducat.proto.ledger.v1.ListTransfersRequest;
import dev.ducat.proto.ledger.v1.ListTransfersResponse;
import dev.ducat.proto.ledger.v1.NewTransfer;
import dev.ducat.proto.ledger.v1.NormalSide;
import dev.ducat.proto.ledger.v1.Transfer;
import dev.ducat.proto.ledger.v1.TransferFilter;
import dev.ducat.proto.ledger.v1.TransferKind;
import dev.ducat.proto.ledger.v1.TransferResult;
import dev.ducat.proto.type.v1.Money;
import io.vertx.core.Vertx;
import io.vertx.junit5.VertxExtension;
import java.util.UUID;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

@ExtendWith(VertxExtension.class)
class LedgerCallsTest {
  private static final String SERVICE = "/ducat.ledger.v1.LedgerService/";
  private static RunningGateway gateway;

  @BeforeAll
  static void start(Vertx vertx) {
    gateway = RunningGateway.start(vertx);
  }

  @AfterAll
  static void stop() {
    gateway.close();
  }

  private static Reply call(String method, Message request) {
    return gateway.client().call(SERVICE + method, request);
  }

  private static String transferId() {
    return IdKind.TRANSFER.text(UUID.randomUUID());
  }

  private static NewTransfer.Builder post() {
    return NewTransfer.newBuilder()
        .setTransferId(transferId())
        .setKind(TransferKind.TRANSFER_KIND_POST)
        .setDebitAccount("wallet:alice")
        .setCreditAccount("wallet:bob")
        .setAmount(Money.newBuilder().setCurrencyCode("EUR").setMinorUnits(5));
  }

  private static NewTransfer.Builder postHold() {
    return NewTransfer.newBuilder()
        .setTransferId(transferId())
        .setKind(TransferKind.TRANSFER_KIND_POST_HOLD)
        .setHoldId(transferId());
  }

  @Test
  void createsAndReadsAnAccount() {
    CreateAccountRequest create =
        CreateAccountRequest.newBuilder()
            .setName("wallet:alice")
            .setCurrencyCode("EUR")
            .setNormalSide(NormalSide.NORMAL_SIDE_CREDIT)
            .build();
    Account account = call("CreateAccount", create).only(Account.parser());
    assertThat(account.getName()).isEqualTo("wallet:alice");
    GetAccountRequest get =
        GetAccountRequest.newBuilder().setName("wallet:alice").setCurrencyCode("EUR").build();
    assertThat(call("GetAccount", get).only(Account.parser())).isEqualTo(account);
    ListAccountsRequest list = ListAccountsRequest.newBuilder().setPageSize(5_000).build();
    assertThat(call("ListAccounts", list).only(ListAccountsResponse.parser()).getAccountsList())
        .contains(account);
    assertThat(gateway.ledger().queried)
        .anyMatch(each -> each.getListAccounts().getPageSize() == 1_000);
    GetBalanceRequest balance =
        GetBalanceRequest.newBuilder().setAccount("wallet:alice").setCurrencyCode("EUR").build();
    assertThat(call("GetBalance", balance).only(Balance.parser()).getAccount())
        .isEqualTo("wallet:alice");
  }

  @Test
  void closesAnAccountThroughTheTenantsLane() {
    CreateAccountRequest create =
        CreateAccountRequest.newBuilder()
            .setName("wallet:over")
            .setCurrencyCode("EUR")
            .setNormalSide(NormalSide.NORMAL_SIDE_CREDIT)
            .build();
    Account open = call("CreateAccount", create).only(Account.parser());
    assertThat(open.getClosed()).isFalse();
    CloseAccountRequest close =
        CloseAccountRequest.newBuilder().setName("wallet:over").setCurrencyCode("EUR").build();
    Account closed = call("CloseAccount", close).only(Account.parser());
    assertThat(closed).isEqualTo(open.toBuilder().setClosed(true).build());
    assertThat(gateway.ledger().asked)
        .anySatisfy(
            each -> {
              assertThat(each.getCloseAccount().getTenant()).isEqualTo("default");
              assertThat(each.getCloseAccount().getRequest()).isEqualTo(close);
            });
    Reply missing = call("CloseAccount", close.toBuilder().setName("wallet:nobody").build());
    assertThat(missing.status()).isEqualTo(Code.NOT_FOUND_VALUE);
    assertThat(missing.reason()).isEqualTo("ACCOUNT_NOT_FOUND");
    Reply reserved = call("CloseAccount", close.toBuilder().setName("fees").build());
    assertThat(reserved.status()).isEqualTo(Code.FAILED_PRECONDITION_VALUE);
    assertThat(reserved.reason()).isEqualTo("ACCOUNT_NOT_CLOSABLE");
  }

  @Test
  void booksTransfersInOneGroupOfTheTenantsLane() {
    CreateTransfersRequest.Builder request = CreateTransfersRequest.newBuilder().setAtomic(true);
    for (int i = 0; i < 1_000; i++) {
      request.addTransfers(post().setDescription("transfer " + i));
    }
    CreateTransfersResponse answer =
        call("CreateTransfers", request.build()).only(CreateTransfersResponse.parser());
    assertThat(answer.getOutcomesList())
        .hasSize(1_000)
        .allMatch(each -> each.getResult() == TransferResult.TRANSFER_RESULT_CREATED);
    assertThat(gateway.ledger().asked)
        .filteredOn(each -> each.hasApply())
        .anySatisfy(
            each -> {
              var group = each.getApply().getGroups(0);
              assertThat(group.getTenant()).isEqualTo("default");
              assertThat(group.getAtomic()).isTrue();
              assertThat(group.getPlatform()).isFalse();
              assertThat(group.getTransfersList()).isEqualTo(request.getTransfersList());
            });
    assertThat(UnitKind.hash(8, "default")).isBetween(0, 7);
  }

  @Test
  void readsTransfers() {
    String id = transferId();
    assertThat(
            call("GetTransfer", GetTransferRequest.newBuilder().setTransferId(id).build())
                .only(Transfer.parser())
                .getTransferId())
        .isEqualTo(id);
    assertThat(
            call("ListTransfers", ListTransfersRequest.getDefaultInstance())
                .only(ListTransfersResponse.parser())
                .getTransfersList())
        .isEmpty();
    assertThat(gateway.ledger().queried)
        .anyMatch(each -> each.hasListTransfers() && each.getListTransfers().getPageSize() == 50);
  }

  @Test
  void passesRefusalsOn() {
    GetAccountRequest unknown =
        GetAccountRequest.newBuilder().setName("wallet:nobody").setCurrencyCode("EUR").build();
    Reply missing = call("GetAccount", unknown);
    assertThat(missing.status()).isEqualTo(Code.NOT_FOUND_VALUE);
    assertThat(missing.reason()).isEqualTo("ACCOUNT_NOT_FOUND");
    CreateAccountRequest reserved =
        CreateAccountRequest.newBuilder()
            .setName("merchant:acme:pending")
            .setCurrencyCode("EUR")
            .setNormalSide(NormalSide.NORMAL_SIDE_CREDIT)
            .build();
    Reply refused = call("CreateAccount", reserved);
    assertThat(refused.status()).isEqualTo(Code.PERMISSION_DENIED_VALUE);
    assertThat(refused.reason()).isEqualTo("ACCOUNT_RESERVED");
  }

  private static Arguments transfer(
      String field,
      String what,
      NewTransfer.Builder good,
      UnaryOperator<NewTransfer.Builder> spoil) {
    return Arguments.of(
        field + ": " + what,
        "CreateTransfers",
        field.equals("transfers") ? field : "transfers[0]." + field,
        CreateTransfersRequest.newBuilder().addTransfers(spoil.apply(good)).build());
  }

  private static Arguments request(String method, String field, Message request) {
    return Arguments.of(method + " " + field, method, field, request);
  }

  static Stream<Arguments> bad() {
    CreateTransfersRequest.Builder tooMany = CreateTransfersRequest.newBuilder();
    for (int i = 0; i < 1_001; i++) {
      tooMany.addTransfers(post());
    }
    Timestamp future = Timestamp.newBuilder().setSeconds(9_999_999_999L).build();
    CreateAccountRequest.Builder account =
        CreateAccountRequest.newBuilder()
            .setName("wallet:x")
            .setCurrencyCode("EUR")
            .setNormalSide(NormalSide.NORMAL_SIDE_DEBIT);
    GetBalanceRequest.Builder balance =
        GetBalanceRequest.newBuilder().setAccount("a").setCurrencyCode("EUR");
    return Stream.of(
        request("CreateTransfers", "transfers", CreateTransfersRequest.getDefaultInstance()),
        request("CreateTransfers", "transfers", tooMany.build()),
        transfer("transfer_id", "missing", post(), t -> t.clearTransferId()),
        transfer("transfer_id", "of a payment", post(), t -> t.setTransferId("pay_1")),
        transfer("kind", "missing", post(), t -> t.clearKind()),
        transfer("kind", "ours", post(), t -> t.setKind(TransferKind.TRANSFER_KIND_EXPIRE_HOLD)),
        transfer("kind", "unknown", post(), t -> t.setKindValue(50)),
        transfer("debit_account", "missing", post(), t -> t.clearDebitAccount()),
        transfer("credit_account", "bad", post(), t -> t.setCreditAccount("a b")),
        transfer("amount", "missing", post(), t -> t.clearAmount()),
        transfer(
            "amount.currency_code",
            "unknown",
            post(),
            t -> t.setAmount(Money.newBuilder().setCurrencyCode("ZZZ").setMinorUnits(1))),
        transfer("hold_id", "of a post", post(), t -> t.setHoldId(transferId())),
        transfer("hold_id", "missing", postHold(), t -> t.clearHoldId()),
        transfer("keep_remainder", "of a post", post(), t -> t.setKeepRemainder(true)),
        transfer("remainder_hold_id", "missing", postHold(), t -> t.setKeepRemainder(true)),
        transfer(
            "remainder_hold_id", "unasked", postHold(), t -> t.setRemainderHoldId(transferId())),
        transfer(
            "amount",
            "of a void",
            postHold(),
            t -> t.setKind(TransferKind.TRANSFER_KIND_VOID_HOLD).setAmount(post().getAmount())),
        transfer("reference", "long", post(), t -> t.setReference("r".repeat(256))),
        transfer("reference", "card", post(), t -> t.setReference("4111111111111111")),
        transfer("description", "long", post(), t -> t.setDescription("d".repeat(1_001))),
        transfer("hold_expire_time", "of a post", post(), t -> t.setHoldExpireTime(future)),
        request("CreateAccount", "name", account.clone().clearName().build()),
        request("CreateAccount", "name", account.clone().setName("ü").build()),
        request("CreateAccount", "currency_code", account.clone().setCurrencyCode("eur").build()),
        request("CreateAccount", "normal_side", account.clone().clearNormalSide().build()),
        request("CreateAccount", "limit", account.clone().setLimitValue(9).build()),
        request(
            "GetAccount", "name", GetAccountRequest.newBuilder().setCurrencyCode("EUR").build()),
        request(
            "CloseAccount",
            "name",
            CloseAccountRequest.newBuilder().setName("a b").setCurrencyCode("EUR").build()),
        request(
            "CloseAccount",
            "currency_code",
            CloseAccountRequest.newBuilder().setName("wallet:x").build()),
        request(
            "ListAccounts", "page_size", ListAccountsRequest.newBuilder().setPageSize(-1).build()),
        request(
            "ListAccounts",
            "name_prefix",
            ListAccountsRequest.newBuilder().setNamePrefix("%").build()),
        request("GetTransfer", "transfer_id", GetTransferRequest.getDefaultInstance()),
        request(
            "ListTransfers",
            "filter.currency_code",
            ListTransfersRequest.newBuilder()
                .setFilter(TransferFilter.newBuilder().setCurrencyCode("E"))
                .build()),
        request("GetBalance", "account", balance.clone().clearAccount().build()),
        request("GetBalance", "as_of", balance.clone().setAsOf(future).build()));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource
  void bad(String what, String method, String field, Message request) {
    int before = gateway.ledger().asked.size();
    Reply reply = call(method, request);
    assertThat(reply.status()).isEqualTo(Code.INVALID_ARGUMENT_VALUE);
    assertThat(reply.fields()).containsExactly(field);
    assertThat(gateway.ledger().asked).hasSize(before);
  }
}
