package dev.ducat.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ducat.kernel.sql.PgSettings;
import dev.ducat.kernel.testing.TestDatabase;
import dev.ducat.kernel.testing.TestNode;
import io.vertx.core.Vertx;
import io.vertx.junit5.VertxExtension;
import io.vertx.pgclient.PgConnection;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A lane plans its statements once, maybe on empty tables, and keeps the plans: they must be the
 * right ones from the beginning, each row found by its own key.
 */
@ExtendWith(VertxExtension.class)
@TestInstance(Lifecycle.PER_CLASS)
final class LedgerPlanTest {
  private static final Pattern INDEX =
      Pattern.compile("Index (?:Only )?Scan(?: Backward)? using (\\w+)");

  private final PgSettings postgres = TestDatabase.create();
  private PgConnection lane;

  @BeforeAll
  void connect(Vertx vertx) {
    lane = TestNode.await(PgConnection.connect(vertx, postgres.forLanes("plans")));
  }

  @AfterAll
  void close() {
    TestNode.await(lane.close());
  }

  static Stream<Arguments> everyRowIsFoundByItsKey() {
    return Stream.of(
        Arguments.of(LedgerReadStore.FIND_ACCOUNTS, List.of("account_pkey")),
        Arguments.of(
            LedgerReadStore.FIND_TRANSFERS,
            List.of("transfer_pkey", "account_by_id", "account_by_id", "transfer_resolves_hold")),
        Arguments.of(LedgerReadStore.FIND_REFUSALS, List.of("refusal_pkey")),
        Arguments.of(
            LedgerTimeStore.FIND_LAPSED_HOLDS,
            List.of("transfer_by_expiry", "transfer_resolves_hold")),
        Arguments.of(
            LedgerTimeStore.FIND_BALANCE,
            List.of(
                "transfer_by_time",
                "lane_time_pkey",
                "account_pkey",
                "transfer_by_debit",
                "transfer_by_credit")),
        Arguments.of(LedgerWriteStore.UPDATE_ACCOUNTS, List.of("account_by_id")),
        Arguments.of(LedgerWriteStore.CLOSE_ACCOUNTS, List.of("account_by_id")));
  }

  @ParameterizedTest(name = "{1}")
  @MethodSource
  void everyRowIsFoundByItsKey(String statement, List<String> indexes) {
    List<String> plan = explain(statement);
    assertThat(
            plan.stream()
                .flatMap(line -> INDEX.matcher(line).results().map(found -> found.group(1))))
        .as("%s", String.join("\n", plan))
        .containsExactlyElementsOf(indexes);
    assertThat(plan).noneMatch(line -> line.contains("Seq Scan"));
  }

  private List<String> explain(String statement) {
    int parameters = 0;
    while (statement.contains("$" + (parameters + 1) + "::")) {
      parameters++;
    }
    String values =
        parameters == 0
            ? ""
            : "(" + String.join(",", Collections.nCopies(parameters, "null")) + ")";
    TestNode.await(lane.query("prepare planned as " + statement).execute());
    List<String> plan = new ArrayList<>();
    TestNode.await(lane.query("explain execute planned" + values).execute())
        .forEach(row -> plan.add(row.getString(0)));
    TestNode.await(lane.query("deallocate planned").execute());
    return plan;
  }
}
