package dev.ducat.ledger;

import static dev.ducat.ledger.Transfers.hold;
import static dev.ducat.ledger.Transfers.platform;
import static dev.ducat.ledger.Transfers.post;
import static dev.ducat.ledger.Transfers.postHold;
import static dev.ducat.ledger.Transfers.voidHold;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ducat.kernel.id.IdKind;
import dev.ducat.kernel.testing.TestNode;
import dev.ducat.proto.internal.v1.BooksVerified;
import dev.ducat.proto.internal.v1.LedgerReply;
import dev.ducat.proto.internal.v1.VerifyBooks;
import dev.ducat.proto.operations.v1.LedgerFinding;
import dev.ducat.proto.operations.v1.LedgerFindingKind;
import dev.ducat.proto.operations.v1.VerifyLedgerResponse;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.junit5.VertxExtension;
import io.vertx.pgclient.PgConnection;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Verification of real books: right ones are right, and whatever is planted is found and named. */
@ExtendWith(VertxExtension.class)
final class VerifyLedgerTest {
  private static final String RECEIVABLE = "psp_receivable:x";
  private static final String PENDING = "merchant:m:pending";
  private static final int ROWS = 11;

  private TestLedger ledger;
  private PgConnection vandal;

  @BeforeEach
  void book(Vertx vertx) {
    ledger = TestLedger.start(vertx);
    ledger.apply(
        platform(
            hold(1, RECEIVABLE, PENDING, 90).setReference("pay_ü"),
            postHold(2, 1, 40, 3),
            postHold(4, 3, 20),
            hold(5, RECEIVABLE, PENDING, 7)
                .setDescription("lapses in the far future")
                .setHoldExpireTime(Wire.timestamp(Instant.parse("2099-01-01T00:00:00.5Z"))),
            voidHold(6, 5),
            post(7, RECEIVABLE, "wallet:w", 30).setLinked(true),
            post(8, "wallet:w", PENDING, 30)));
    ledger.apply(
        platform(hold(9, RECEIVABLE, PENDING, 11)).toBuilder().setTenant("globex").build());
    ledger.apply(platform(post(10, RECEIVABLE, "wallet:w", 5), hold(11, RECEIVABLE, PENDING, 3)));
    vandal = TestNode.await(PgConnection.connect(vertx, ledger.postgres().forQueries("vandal")));
    vandalize("set session_replication_role = replica");
    // Whoever can change the books can also drop what guards them.
    vandalize(
        """
        do $$ declare guard record; begin
          for guard in select conrelid::regclass as t, conname from pg_constraint
                        where conrelid in ('ledger.transfer'::regclass, 'ledger.account'::regclass)
                          and contype = 'c' loop
            execute format('alter table %s drop constraint %I', guard.t, guard.conname);
          end loop; end $$
        """);
    vandalize("drop index ledger.transfer_resolves_hold");
  }

  @AfterEach
  void close() {
    TestNode.await(vandal.close());
    ledger.close();
  }

  private int vandalize(String sql) {
    RowSet<Row> rows = TestNode.await(vandal.query(sql).execute());
    return rows.rowCount();
  }

  private BooksVerified ask(String address, VerifyBooks request) {
    return TestNode.await(
        ledger
            .node()
            .node()
            .bus()
            .ask(address, request, BooksVerified.getDefaultInstance(), Duration.ofSeconds(10)));
  }

  /** The whole verification in one message. */
  private VerifyLedgerResponse verify(String tenant) {
    BooksVerified answer =
        ask(LedgerVerifications.ADDRESS, VerifyBooks.newBuilder().setTenant(tenant).build());
    List<LedgerFinding> findings = new ArrayList<>(answer.getProgress().getFindingsList());
    while (!answer.getProgress().getDone()) {
      answer =
          ask(
              answer.getAddress(),
              VerifyBooks.newBuilder().setVerification(answer.getVerification()).build());
      findings.addAll(answer.getProgress().getFindingsList());
    }
    assertThat(answer.getProgress().getFindingsTotal()).isEqualTo(findings.size());
    return answer.getProgress().toBuilder().clearFindings().addAllFindings(findings).build();
  }

  private List<LedgerFinding> findings() {
    return verify("").getFindingsList();
  }

  private static String transfer(long number) {
    return "transfer_id = '" + Transfers.uuid(number) + "'";
  }

  @Test
  void booksThatAreRightHaveNoFindings() {
    VerifyLedgerResponse all = verify("");
    assertThat(all.getFindingsList()).isEmpty();
    assertThat(all.getTransfersTotal()).isEqualTo(ROWS);
    assertThat(all.getTransfersChecked()).isEqualTo(ROWS);
    assertThat(all.getAccountsChecked()).isEqualTo(5);

    VerifyLedgerResponse one = verify("globex");
    assertThat(one.getFindingsList()).isEmpty();
    assertThat(one.getTransfersTotal()).isEqualTo(1);
    assertThat(one.getAccountsChecked()).isEqualTo(2);
    assertThat(verify("nobody").getFindingsList()).isEmpty();
  }

  /** How a value of a type is changed by as little as can be, at its beginning and at its end. */
  private static List<String> flips(String column, String type) {
    return switch (type) {
      case "bigint" -> List.of(column + " # 1", column + " # (1::bigint << 61)");
      case "smallint" -> List.of("(" + column + " # 1)::smallint");
      case "boolean" -> List.of("not " + column);
      case "text" ->
          List.of(
              "'x' || substr(" + column + ", 2)",
              column + " || ' '",
              "overlay(" + column + " placing '#' from greatest(1, length(" + column + ")))");
      case "uuid" ->
          List.of(
              "coalesce(overlay(%1$s::text placing case when %1$s::text like '0%%' then '1' else '0' end from 1 for 1)::uuid, transfer_id)"
                  .formatted(column),
              "coalesce(overlay(%1$s::text placing case when %1$s::text like '%%0' then '1' else '0' end from 36 for 1)::uuid, credit_account)"
                  .formatted(column));
      case "timestamp with time zone" ->
          List.of("coalesce(%s + interval '1 microsecond', now())".formatted(column));
      case "bytea" ->
          List.of(
              "set_byte(%1$s, 0, get_byte(%1$s, 0) # 1)".formatted(column),
              "set_byte(%1$s, 31, get_byte(%1$s, 31) # 128)".formatted(column));
      default -> throw new AssertionError("a column of a new type: " + column + " " + type);
    };
  }

  @Test
  void aFlippedBitInAnyColumnOfAnyRowIsFoundAndTheTransferNamed() {
    List<String> ids =
        ledger.column("select transfer_id from ledger.transfer order by booked_at, transfer_id");
    assertThat(ids).hasSize(ROWS);
    int flipped = 0;
    for (Row column :
        ledger.sql(
            "select column_name, data_type from information_schema.columns"
                + " where table_schema = 'ledger' and table_name = 'transfer'")) {
      for (String flip : flips(column.getString(0), column.getString(1))) {
        for (String id : ids) {
          flipped += flip(column.getString(0), flip, id) ? 1 : 0;
        }
      }
    }
    assertThat(flipped).isGreaterThan(ROWS * 27);
    assertThat(findings()).isEmpty();
  }

  /** False where the change changed nothing. */
  private boolean flip(String column, String flip, String id) {
    vandalize("create temp table before as select * from ledger.transfer");
    try {
      String change =
          "update ledger.transfer set %1$s = %2$s where transfer_id = '%3$s' and %1$s is distinct from %2$s"
              .formatted(column, flip, id);
      if (vandalize(change) == 0) {
        return false;
      }
      List<String> named =
          ledger
              .column("select transfer_id from ledger.transfer except select '" + id + "'::uuid")
              .stream()
              .toList();
      assertThat(findings())
          .as(change)
          .anyMatch(
              finding ->
                  IdKind.TRANSFER
                      .parse(finding.getTransferId())
                      .map(UUID::toString)
                      // The row itself, under its own id or under the one that it was given.
                      .filter(found -> found.equals(id) || named.contains(found))
                      .isPresent());
      if (!column.equals("transfer_id")) {
        assertThat(findings())
            .as(change)
            .anyMatch(
                finding ->
                    finding.getTransferId().equals(IdKind.TRANSFER.text(UUID.fromString(id))));
      }
      return true;
    } finally {
      vandalize("truncate ledger.transfer");
      vandalize("insert into ledger.transfer select * from before");
      vandalize("drop table before");
    }
  }

  @Test
  void aTransferThatIsGoneIsFoundWhereverItWas() {
    for (int number : List.of(1, 5, 7, 9, 11)) {
      vandalize(
          "create temp table gone as select * from ledger.transfer where " + transfer(number));
      assertThat(vandalize("delete from ledger.transfer where " + transfer(number))).isOne();
      assertThat(findings())
          .as("transfer %d", number)
          .anyMatch(
              found ->
                  found.getMessage().startsWith("lane ")
                      && found.getMessage().contains("it booked"))
          .anyMatch(
              found ->
                  found.getKind() == LedgerFindingKind.LEDGER_FINDING_KIND_COUNTER_MISMATCH
                      && !found.getAccount().isEmpty());
      vandalize("insert into ledger.transfer select * from gone");
      vandalize("drop table gone");
    }
    assertThat(findings()).isEmpty();
  }

  @Test
  void aTransferThatNoLaneBookedIsFound() {
    vandalize(
        "insert into ledger.transfer select (jsonb_populate_record(t, jsonb_build_object("
            + "'transfer_id', gen_random_uuid(), 'booked_at', now()))).* from ledger.transfer t where "
            + transfer(10));
    assertThat(findings())
        .extracting(LedgerFinding::getKind)
        .contains(
            LedgerFindingKind.LEDGER_FINDING_KIND_CHAIN_BROKEN,
            LedgerFindingKind.LEDGER_FINDING_KIND_BALANCE_MISMATCH);
  }

  @Test
  void twoTransfersThatChangedPlacesAreFound() {
    vandalize(
        """
        update ledger.transfer t set booked_at = o.booked_at from ledger.transfer o
         where t.transfer_id in ('%1$s', '%2$s') and o.transfer_id in ('%1$s', '%2$s')
           and t.transfer_id <> o.transfer_id
        """
            .formatted(Transfers.uuid(1), Transfers.uuid(10)));
    assertThat(findings())
        .filteredOn(f -> f.getKind() == LedgerFindingKind.LEDGER_FINDING_KIND_CHAIN_BROKEN)
        .extracting(LedgerFinding::getTransferId)
        .contains(Transfers.id(1), Transfers.id(10));
  }

  private void plant(String what, LedgerFindingKind expected, String account) {
    assertThat(vandalize(what)).as(what).isPositive();
    assertThat(findings())
        .as(what)
        .anyMatch(found -> found.getKind() == expected && found.getAccount().equals(account));
  }

  @Test
  void aCounterThatIsNotTheSumOfItsTransfersIsFound() {
    String wallet = "where name = 'wallet:w'";
    for (String counter : List.of("debits_posted", "credits_posted", "version")) {
      plant(
          "update ledger.account set " + counter + " = " + counter + " + 1 " + wallet,
          LedgerFindingKind.LEDGER_FINDING_KIND_COUNTER_MISMATCH,
          "wallet:w");
      vandalize("update ledger.account set " + counter + " = " + counter + " - 1 " + wallet);
      assertThat(findings()).isEmpty();
    }
    plant(
        "update ledger.account set credits_pending = credits_pending + 1 " + wallet,
        LedgerFindingKind.LEDGER_FINDING_KIND_HOLD_MISMATCH,
        "wallet:w");
    vandalize("update ledger.account set credits_pending = credits_pending - 1 " + wallet);
    plant(
        "update ledger.account set updated_at = created_at - interval '1 s' " + wallet,
        LedgerFindingKind.LEDGER_FINDING_KIND_COUNTER_MISMATCH,
        "wallet:w");
  }

  @Test
  void aCurrencyOutOfBalanceIsFound() {
    plant(
        "update ledger.account set debits_posted = debits_posted + 1 where name = 'wallet:w'",
        LedgerFindingKind.LEDGER_FINDING_KIND_UNBALANCED,
        "");
  }

  @Test
  void anAccountThatIsGoneIsFound() {
    assertThat(vandalize("delete from ledger.account where name = 'wallet:w'")).isOne();
    assertThat(findings())
        .anyMatch(
            f ->
                f.getKind() == LedgerFindingKind.LEDGER_FINDING_KIND_COUNTER_MISMATCH
                    && f.getTransferId().equals(Transfers.id(10))
                    && f.getMessage().contains("gone"));
  }

  @Test
  void aLimitThatWasBrokenOnTheWayIsFoundWhereItBroke() {
    // The receivable is debited first: with this limit it was broken from the first hold on.
    assertThat(
            vandalize(
                "update ledger.account set balance_limit = 2 where tenant = 'acme' and name = '"
                    + RECEIVABLE
                    + "'"))
        .isOne();
    assertThat(findings())
        .singleElement()
        .satisfies(
            f -> {
              assertThat(f.getKind()).isEqualTo(LedgerFindingKind.LEDGER_FINDING_KIND_LIMIT_BROKEN);
              assertThat(f.getTransferId()).isEqualTo(Transfers.id(1));
              assertThat(f.getAccount()).isEqualTo(RECEIVABLE);
            });
  }

  @Test
  void aHoldThatEndedTwiceIsFound() {
    vandalize(
        "update ledger.transfer set hold_id = '%s', kind = 4 where %s"
            .formatted(Transfers.uuid(5), transfer(10)));
    assertThat(findings())
        .anyMatch(
            f ->
                f.getKind() == LedgerFindingKind.LEDGER_FINDING_KIND_HOLD_MISMATCH
                    && f.getTransferId().equals(Transfers.id(10)));
  }

  @Test
  void aStreamWhoseHeadIsNotThatOfItsTransfersIsFound() {
    String stream = " where stream = '" + TestLedger.address(Transfers.TENANT) + "'";
    vandalize(
        "update outbox.stream set chain = set_byte(chain, 3, get_byte(chain, 3) # 4)" + stream);
    assertThat(findings())
        .singleElement()
        .extracting(LedgerFinding::getMessage)
        .asString()
        .contains("lane ", "last hash");
    assertThat(verify("globex").getFindingsList()).isEmpty();
  }

  @Test
  void booksThatMoveAreRightAtEveryMoment() {
    List<Future<LedgerReply>> replies = new ArrayList<>();
    for (int round = 0; round < 10; round++) {
      for (int i = 0; i < 100; i++) {
        long id = 1_000 + round * 200L + i * 2L;
        replies.add(
            ledger.send(
                platform(hold(id, RECEIVABLE, PENDING, 1 + i), postHold(id + 1, id, 1 + i / 2))));
      }
      assertThat(findings()).as("round %d", round).isEmpty();
    }
    TestNode.await(Future.join(replies));
    VerifyLedgerResponse end = verify("");
    assertThat(end.getFindingsList()).isEmpty();
    assertThat(end.getTransfersChecked()).isEqualTo(ROWS + 2_000);
  }

  @Test
  void aVerificationIsAskedForByItsIdOnly() {
    BooksVerified first = ask(LedgerVerifications.ADDRESS, VerifyBooks.getDefaultInstance());
    VerifyBooks mine = VerifyBooks.newBuilder().setVerification(first.getVerification()).build();
    assertThat(ask(first.getAddress(), mine).getProgress().getDone()).isTrue();

    Future<BooksVerified> unknown =
        ledger
            .node()
            .node()
            .bus()
            .ask(
                first.getAddress(),
                VerifyBooks.newBuilder().setVerification("another").build(),
                BooksVerified.getDefaultInstance(),
                Duration.ofSeconds(5));
    assertThatThrownBy(() -> TestNode.await(unknown)).hasMessageContaining("no such verification");
  }
}
