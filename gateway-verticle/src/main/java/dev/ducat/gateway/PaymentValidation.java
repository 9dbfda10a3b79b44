package dev.ducat.gateway;

import com.google.protobuf.Duration;
import dev.ducat.gateway.Check.Characters;
import dev.ducat.kernel.id.PaymentId;
import dev.ducat.proto.payments.v1.CaptureMode;
import dev.ducat.proto.payments.v1.CreatePaymentRequest;
import dev.ducat.proto.payments.v1.ListPaymentsRequest;
import dev.ducat.proto.payments.v1.PaymentFilter;
import dev.ducat.proto.payments.v1.PaymentState;
import dev.ducat.proto.payments.v1.WatchPaymentRequest;
import java.util.Map;

/** What a request of PaymentService must keep to, before anybody is asked. */
final class PaymentValidation {
  /** Fits a UUID, a ULID, a hash, and an order number with a prefix. */
  static final int KEY_CHARS_MAX = 255;

  private static final int METHOD_CHARS_MAX = 255;
  private static final int MERCHANT_CHARS_MAX = 64;
  private static final int CONNECTOR_CHARS_MAX = 64;
  private static final int REFERENCE_CHARS_MAX = 255;
  private static final int DESCRIPTION_CHARS_MAX = 1_000;

  /** With the next two: some 28 KB, so that a payment stays far below a message's 64 KB. */
  private static final int METADATA_PAIRS_MAX = 50;

  private static final int METADATA_KEY_CHARS_MAX = 64;
  private static final int METADATA_VALUE_CHARS_MAX = 500;
  private static final int NANOS_MAX = 999_999_999;

  /** What google.protobuf.Duration defines for itself: ten thousand years. */
  private static final long DURATION_SECONDS_MAX = 315_576_000_000L;

  /** The built-in connector that needs no PSP. */
  static final String LEDGER = "ledger";

  /** What the payment methods begin with that name an account of the ledger. */
  static final String WALLET = "wallet:";

  private PaymentValidation() {}

  static void check(CreatePaymentRequest request, GatewaySettings settings) {
    Check check = new Check();
    key(check, request.getIdempotencyKey());
    amount(check, request, settings.maxAmountMinor());
    check.text(
        "payment_method",
        request.getPaymentMethod(),
        1,
        METHOD_CHARS_MAX,
        Characters.PRINTABLE_ASCII);
    check.text(
        "merchant_account", request.getMerchantAccount(), 1, MERCHANT_CHARS_MAX, Characters.NAME);
    check.that(
        request.getCaptureMode() != CaptureMode.UNRECOGNIZED,
        "capture_mode",
        "must be AUTOMATIC or MANUAL");
    connector(check, request.getConnector(), settings);
    wallet(check, request);
    check.text("reference", request.getReference(), 0, REFERENCE_CHARS_MAX, Characters.LINE);
    check.text("description", request.getDescription(), 0, DESCRIPTION_CHARS_MAX, Characters.TEXT);
    metadata(check, request.getMetadataMap());
    if (request.hasMaxWait()) {
      maxWait(check, request.getMaxWait());
    }
    check.done();
  }

  static void checkKey(String idempotencyKey) {
    Check check = new Check();
    key(check, idempotencyKey);
    check.done();
  }

  static void checkPaymentId(String paymentId) {
    Check check = new Check();
    paymentId(check, paymentId);
    check.done();
  }

  static void check(WatchPaymentRequest request) {
    Check check = new Check();
    paymentId(check, request.getPaymentId());
    check.that(request.getAfterVersion() >= 0, "after_version", "must not be negative");
    check.done();
  }

  static void check(ListPaymentsRequest request) {
    Check check = new Check();
    PaymentFilter filter = request.getFilter();
    for (int i = 0; i < filter.getStatesCount(); i++) {
      PaymentState state = filter.getStates(i);
      check.that(
          state != PaymentState.UNRECOGNIZED && state != PaymentState.PAYMENT_STATE_UNSPECIFIED,
          "filter.states[" + i + "]",
          "must be a state");
    }
    check.text("filter.reference", filter.getReference(), 0, REFERENCE_CHARS_MAX, Characters.LINE);
    check.text(
        "filter.merchant_account",
        filter.getMerchantAccount(),
        0,
        MERCHANT_CHARS_MAX,
        Characters.NAME);
    if (filter.hasCreatedAfter()) {
      check.timestamp("filter.created_after", filter.getCreatedAfter());
    }
    if (filter.hasCreatedBefore()) {
      check.timestamp("filter.created_before", filter.getCreatedBefore());
    }
    check.pageSize("page_size", request.getPageSize());
    check.pageToken("page_token", request.getPageToken());
    check.done();
  }

  static void key(Check check, String key) {
    check.text("idempotency_key", key, 1, KEY_CHARS_MAX, Characters.PRINTABLE_ASCII);
  }

  static void paymentId(Check check, String id) {
    paymentId(check, "payment_id", id);
  }

  static void paymentId(Check check, String field, String id) {
    check.that(PaymentId.parse(id).isPresent(), field, "must be the id of a payment, pay_…");
  }

  private static void amount(Check check, CreatePaymentRequest request, long max) {
    if (!request.hasAmount()) {
      check.that(false, "amount", "is required");
      return;
    }
    check.currency("amount.currency_code", request.getAmount().getCurrencyCode());
    long minor = request.getAmount().getMinorUnits();
    check.that(minor > 0 && minor <= max, "amount.minor_units", "must be 1 to " + max);
  }

  private static void connector(Check check, String name, GatewaySettings settings) {
    if (name.isEmpty()) {
      return;
    }
    if (CardNumbers.isIn(name)) {
      check.sensitive("connector");
      return;
    }
    check.that(
        name.length() <= CONNECTOR_CHARS_MAX
            && (name.equals(LEDGER) || settings.connectors().contains(name)),
        "connector",
        "must be empty, ledger, or one of " + String.join(", ", settings.connectors()));
  }

  /** A wallet is an account: its name must be one, and only the ledger can take from it. */
  private static void wallet(Check check, CreatePaymentRequest request) {
    boolean wallet = request.getPaymentMethod().startsWith(WALLET);
    if (wallet) {
      check.text(
          "payment_method",
          request.getPaymentMethod(),
          WALLET.length() + 1,
          METHOD_CHARS_MAX,
          Characters.ACCOUNT);
    }
    check.that(
        request.getConnector().isEmpty() || wallet == request.getConnector().equals(LEDGER),
        "payment_method",
        "wallets, and only they, pay on the ledger");
  }

  private static void metadata(Check check, Map<String, String> metadata) {
    check.that(
        metadata.size() <= METADATA_PAIRS_MAX,
        "metadata",
        "must have at most " + METADATA_PAIRS_MAX + " pairs");
    for (Map.Entry<String, String> pair : metadata.entrySet()) {
      String key = pair.getKey();
      int before = check.count();
      check.text("metadata", key, 1, METADATA_KEY_CHARS_MAX, Characters.NAME);
      // Only a key that is in order may be repeated in the answer.
      String field = check.count() == before ? "metadata." + key : "metadata";
      check.text(field, pair.getValue(), 0, METADATA_VALUE_CHARS_MAX, Characters.LINE);
    }
  }

  private static void maxWait(Check check, Duration wait) {
    boolean valid =
        wait.getSeconds() >= 0
            && wait.getSeconds() <= DURATION_SECONDS_MAX
            && wait.getNanos() >= 0
            && wait.getNanos() <= NANOS_MAX;
    check.that(valid, "max_wait", "must not be negative");
  }
}
