package dev.ducat.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Duration;
import com.google.protobuf.Message;
import com.google.protobuf.Timestamp;
import com.google.rpc.Code;
import com.google.rpc.ErrorInfo;
import dev.ducat.gateway.RawGrpc.Reply;
import dev.ducat.proto.payments.v1.CreatePaymentRequest;
import dev.ducat.proto.payments.v1.GetPaymentRequest;
import dev.ducat.proto.payments.v1.ListPaymentsRequest;
import dev.ducat.proto.payments.v1.LookupPaymentRequest;
import dev.ducat.proto.payments.v1.Payment;
import dev.ducat.proto.payments.v1.PaymentFilter;
import dev.ducat.proto.payments.v1.PaymentState;
import dev.ducat.proto.payments.v1.WatchPaymentRequest;
import io.vertx.core.Vertx;
import io.vertx.junit5.VertxExtension;
import java.nio.charset.StandardCharsets;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The table "Bad input": each row is refused, named, and reaches nobody. */
@ExtendWith(VertxExtension.class)
class BadInputTest {
  private static final String CARD = "4111 1111 1111 1111";
  private static RunningGateway gateway;

  @BeforeAll
  static void start(Vertx vertx) {
    gateway = RunningGateway.start(vertx);
  }

  @AfterAll
  static void stop() {
    gateway.close();
  }

  private static Arguments create(
      String field, String what, UnaryOperator<CreatePaymentRequest.Builder> spoil) {
    return Arguments.of(field + ": " + what, field, spoil.apply(Requests.create("bad")).build());
  }

  static Stream<Arguments> badCreates() {
    return Stream.of(
        create("idempotency_key", "missing", r -> r.clearIdempotencyKey()),
        create("idempotency_key", "too long", r -> r.setIdempotencyKey("k".repeat(256))),
        create("idempotency_key", "line end", r -> r.setIdempotencyKey("a\nb")),
        create("idempotency_key", "not ASCII", r -> r.setIdempotencyKey("schlüssel")),
        create("amount", "missing", r -> r.clearAmount()),
        create("amount.minor_units", "0", r -> amount(r, "EUR", 0)),
        create("amount.minor_units", "negative", r -> amount(r, "EUR", -1)),
        create("amount.minor_units", "above the limit", r -> amount(r, "EUR", 1_000_000_000_001L)),
        create("amount.currency_code", "unknown", r -> amount(r, "EUX", 1)),
        create("amount.currency_code", "lower case", r -> amount(r, "eur", 1)),
        create("amount.currency_code", "missing", r -> amount(r, "", 1)),
        create("amount.currency_code", "no money", r -> amount(r, "XAU", 1)),
        create("payment_method", "missing", r -> r.clearPaymentMethod()),
        create("payment_method", "too long", r -> r.setPaymentMethod("m".repeat(256))),
        create("payment_method", "control", r -> r.setPaymentMethod("sim_\u0007ok")),
        create("merchant_account", "missing", r -> r.clearMerchantAccount()),
        create("merchant_account", "colon", r -> r.setMerchantAccount("a:b")),
        create("merchant_account", "too long", r -> r.setMerchantAccount("m".repeat(65))),
        create("capture_mode", "unknown", r -> r.setCaptureModeValue(99)),
        create("connector", "unknown", r -> r.setConnector("nobody")),
        create("reference", "too long", r -> r.setReference("r".repeat(256))),
        create("reference", "control", r -> r.setReference("a\u0000b")),
        create("description", "too long", r -> r.setDescription("d".repeat(1_001))),
        create("description", "NUL", r -> r.setDescription("a\u0000b")),
        create("metadata", "too many", BadInputTest::manyPairs),
        create("metadata", "empty key", r -> r.putMetadata("", "v")),
        create("metadata", "bad key", r -> r.putMetadata("a b", "v")),
        create("metadata", "long key", r -> r.putMetadata("k".repeat(65), "v")),
        create("metadata.k", "long value", r -> r.putMetadata("k", "v".repeat(501))),
        create("metadata.k", "control", r -> r.putMetadata("k", "a\tb")),
        create("max_wait", "negative", r -> r.setMaxWait(Duration.newBuilder().setSeconds(-1))),
        create("max_wait", "odd nanos", r -> r.setMaxWait(Duration.newBuilder().setNanos(-5))));
  }

  private static CreatePaymentRequest.Builder amount(
      CreatePaymentRequest.Builder request, String currency, long minor) {
    request.getAmountBuilder().setCurrencyCode(currency).setMinorUnits(minor);
    return request;
  }

  private static CreatePaymentRequest.Builder manyPairs(CreatePaymentRequest.Builder request) {
    IntStream.range(0, 51).forEach(i -> request.putMetadata("k" + i, "v"));
    return request;
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("badCreates")
  void refusesABadCreate(String what, String field, CreatePaymentRequest request) {
    int before = gateway.payments().asked.size();
    Reply reply = gateway.client().call(Requests.CREATE, request);
    assertThat(reply.status()).isEqualTo(Code.INVALID_ARGUMENT_VALUE);
    assertThat(reply.reason()).isEqualTo("INVALID_REQUEST");
    assertThat(reply.fields()).containsExactly(field);
    assertThat(gateway.payments().asked).hasSize(before);
  }

  @Test
  void namesAllThatIsWrongInOneGo() {
    CreatePaymentRequest request =
        amount(Requests.create("bad"), "eur", 0)
            .setMerchantAccount("a b")
            .setReference("r".repeat(300))
            .build();
    assertThat(gateway.client().call(Requests.CREATE, request).fields())
        .containsExactly(
            "amount.currency_code", "amount.minor_units", "merchant_account", "reference");
  }

  static Stream<Arguments> cardNumbers() {
    return Stream.of(
        create("idempotency_key", "card", r -> r.setIdempotencyKey("4111111111111111")),
        create("payment_method", "card", r -> r.setPaymentMethod("4111111111111111")),
        create("merchant_account", "card", r -> r.setMerchantAccount("m-4111111111111111")),
        create("connector", "card", r -> r.setConnector("4111111111111111")),
        create("reference", "card", r -> r.setReference("paid with " + CARD)),
        create("description", "card", r -> r.setDescription("line\n" + CARD)),
        create("metadata", "card as key", r -> r.putMetadata("4111111111111111", "v")),
        create("metadata.note", "card", r -> r.putMetadata("note", CARD)));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("cardNumbers")
  void refusesCardNumbersAndNeverRepeatsThem(
      String what, String field, CreatePaymentRequest request) {
    Reply reply = gateway.client().call(Requests.CREATE, request);
    assertThat(reply.status()).isEqualTo(Code.INVALID_ARGUMENT_VALUE);
    assertThat(reply.reason()).isEqualTo("SENSITIVE_DATA");
    assertThat(reply.fields()).containsExactly(field);
    assertThat(reply.details().toString() + reply.headers()).doesNotContain("1111");
  }

  @Test
  void dropsFieldsThatNoCheckHasSeen() {
    var unknown =
        com.google.protobuf.UnknownFieldSet.newBuilder()
            .addField(
                99,
                com.google.protobuf.UnknownFieldSet.Field.newBuilder()
                    .addLengthDelimited(com.google.protobuf.ByteString.copyFromUtf8(CARD))
                    .build())
            .build();
    CreatePaymentRequest request =
        Requests.create("unknown-field").setUnknownFields(unknown).build();
    assertThat(gateway.client().call(Requests.CREATE, request).status()).isZero();
    assertThat(gateway.payments().asked)
        .filteredOn(
            each -> each.getCreate().getRequest().getIdempotencyKey().equals("unknown-field"))
        .singleElement()
        .satisfies(
            each ->
                assertThat(new String(each.toByteArray(), StandardCharsets.ISO_8859_1))
                    .doesNotContain(CARD));
  }

  private static Arguments call(String path, String field, Message request) {
    return Arguments.of(path + " " + field, path, field, request);
  }

  static Stream<Arguments> badReads() {
    ListPaymentsRequest.Builder list = ListPaymentsRequest.newBuilder();
    Timestamp early = Timestamp.newBuilder().setSeconds(-99_999_999_999L).build();
    String id = "pay_00000000000000000000000000";
    return Stream.of(
        call(Requests.GET, "payment_id", GetPaymentRequest.getDefaultInstance()),
        call(Requests.GET, "payment_id", GetPaymentRequest.newBuilder().setPaymentId("x").build()),
        call(
            Requests.GET,
            "payment_id",
            GetPaymentRequest.newBuilder().setPaymentId(id.replace("pay", "acc")).build()),
        call(
            Requests.GET,
            "payment_id",
            GetPaymentRequest.newBuilder().setPaymentId(id.replace("0000", "OOOO")).build()),
        call(Requests.LOOKUP, "idempotency_key", LookupPaymentRequest.getDefaultInstance()),
        call(Requests.LIST, "page_size", list.clone().setPageSize(-1).build()),
        call(Requests.LIST, "page_token", list.clone().setPageToken("x".repeat(2_000)).build()),
        call(
            Requests.LIST,
            "filter.states[1]",
            list.clone()
                .setFilter(
                    PaymentFilter.newBuilder()
                        .addStates(PaymentState.PAYMENT_STATE_FAILED)
                        .addStates(PaymentState.PAYMENT_STATE_UNSPECIFIED))
                .build()),
        call(
            Requests.LIST,
            "filter.states[0]",
            list.clone().setFilter(PaymentFilter.newBuilder().addStatesValue(77)).build()),
        call(
            Requests.LIST,
            "filter.created_after",
            list.clone().setFilter(PaymentFilter.newBuilder().setCreatedAfter(early)).build()),
        call(
            Requests.WATCH,
            "after_version",
            WatchPaymentRequest.newBuilder().setPaymentId(id).setAfterVersion(-1).build()),
        call(Requests.WATCH, "payment_id", WatchPaymentRequest.getDefaultInstance()));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("badReads")
  void refusesABadRead(String what, String path, String field, Message request) {
    Reply reply = gateway.client().call(path, request);
    assertThat(reply.status()).isEqualTo(Code.INVALID_ARGUMENT_VALUE);
    assertThat(reply.fields()).containsExactly(field);
  }

  @Test
  void namesTheFieldInWhichAReusedKeyDiffers() {
    assertThat(gateway.client().call(Requests.CREATE, Requests.create("reused").build()).status())
        .isZero();
    Reply reply =
        gateway
            .client()
            .call(Requests.CREATE, amount(Requests.create("reused"), "EUR", 99).build());
    assertThat(reply.status()).isEqualTo(Code.ALREADY_EXISTS_VALUE);
    assertThat(reply.reason()).isEqualTo("IDEMPOTENCY_KEY_REUSED");
    assertThat(reply.detail(ErrorInfo.getDefaultInstance()).getMetadataOrThrow("field"))
        .isEqualTo("amount.minor_units");
  }

  @Test
  void showsNoDifferenceBetweenUnknownAndAnothersPayment() {
    Payment payment =
        gateway
            .client()
            .call(
                Requests.CREATE,
                RawGrpc.head("ducat-tenant", "alice"),
                RawGrpc.frame(Requests.create("alice-1").build()))
            .only(Payment.parser());
    GetPaymentRequest own =
        GetPaymentRequest.newBuilder().setPaymentId(payment.getPaymentId()).build();
    GetPaymentRequest unknown =
        GetPaymentRequest.newBuilder().setPaymentId("pay_00000000000000000000000000").build();
    assertThat(
            gateway
                .client()
                .call(Requests.GET, RawGrpc.head("ducat-tenant", "alice"), RawGrpc.frame(own))
                .only(Payment.parser()))
        .isEqualTo(payment);
    var bob = RawGrpc.head("ducat-tenant", "bob");
    Reply anothers = gateway.client().call(Requests.GET, bob, RawGrpc.frame(own));
    Reply nobodys = gateway.client().call(Requests.GET, bob, RawGrpc.frame(unknown));
    assertThat(anothers.status()).isEqualTo(Code.NOT_FOUND_VALUE);
    assertThat(anothers.reason()).isEqualTo("PAYMENT_NOT_FOUND");
    assertThat(anothers.details()).isEqualTo(nobodys.details());
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "A", "a b", "a/b", "ü", "x:y"})
  void refusesATenantThatIsNone(String tenant) {
    Reply reply =
        gateway
            .client()
            .call(
                Requests.CREATE,
                RawGrpc.head("ducat-tenant", tenant),
                RawGrpc.frame(Requests.create("tenant").build()));
    assertThat(reply.status()).isEqualTo(Code.INVALID_ARGUMENT_VALUE);
  }

  @Test
  void refusesTwoTenantsAtOnce() {
    var two = RawGrpc.head("ducat-tenant", "a").add("ducat-tenant", "b");
    Reply reply =
        gateway
            .client()
            .call(Requests.CREATE, two, RawGrpc.frame(Requests.create("tenants").build()));
    assertThat(reply.status()).isEqualTo(Code.INVALID_ARGUMENT_VALUE);
  }

  @Test
  void validatesWithoutMovingAnything() {
    int before = gateway.payments().asked.size();
    CreatePaymentRequest request =
        Requests.create("dry").setValidateOnly(true).putMetadata("a", "b").build();
    Payment payment = gateway.client().call(Requests.CREATE, request).only(Payment.parser());
    assertThat(payment.getState()).isEqualTo(PaymentState.PAYMENT_STATE_UNSPECIFIED);
    assertThat(payment.getPaymentId()).isEmpty();
    assertThat(payment.getVersion()).isZero();
    assertThat(payment.hasCreateTime()).isFalse();
    assertThat(payment.getAmount()).isEqualTo(request.getAmount());
    assertThat(payment.getMetadataMap()).isEqualTo(request.getMetadataMap());
    assertThat(gateway.payments().asked).hasSize(before);
    assertThat(gateway.payments().queried.getLast().getValidate()).isEqualTo(request);

    Reply refused =
        gateway.client().call(Requests.CREATE, amount(request.toBuilder(), "EUR", 0).build());
    assertThat(refused.fields()).containsExactly("amount.minor_units");
  }
}
