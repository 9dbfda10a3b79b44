package dev.ducat.kernel.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ducat.embedded.EmbeddedServices;
import dev.ducat.embedded.PostgresEndpoint;
import dev.ducat.embedded.Service;
import dev.ducat.kernel.testing.TestDatabase;
import dev.ducat.kernel.testing.TestNode;
import io.vertx.core.Vertx;
import io.vertx.junit5.VertxExtension;
import io.vertx.pgclient.PgConnectOptions;
import io.vertx.pgclient.PgConnection;
import io.vertx.pgclient.PgException;
import io.vertx.sqlclient.Row;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What each role of the application is refused, and that the roles come about on any server. */
@ExtendWith(VertxExtension.class)
final class RolesTest {
  private static final String DENIED = "42501";

  private static List<String> run(Vertx vertx, PgConnectOptions options, String sql) {
    PgConnection connection = TestNode.await(PgConnection.connect(vertx, options));
    try {
      List<String> values = new ArrayList<>();
      for (Row row : TestNode.await(connection.query(sql).execute())) {
        values.add(String.valueOf(row.getValue(0)));
      }
      return values;
    } finally {
      TestNode.await(connection.close());
    }
  }

  private static void refused(Vertx vertx, PgConnectOptions options, String sql) {
    assertThatThrownBy(() -> run(vertx, options, sql))
        .as("%s as %s", sql, options.getProperties().get("role"))
        .isInstanceOfSatisfying(
            PgException.class, no -> assertThat(no.getSqlState()).isEqualTo(DENIED));
  }

  @Test
  void connectionsTakeTheirRoleAtOnce(Vertx vertx) {
    PgSettings postgres = TestDatabase.create();
    assertThat(run(vertx, postgres.forLanes("lane"), "select current_user"))
        .containsExactly("ducat_writer");
    for (DatabaseRole role : DatabaseRole.values()) {
      assertThat(run(vertx, postgres.forQueries("any", role), "select current_user"))
          .containsExactly(role.sqlName());
    }
  }

  @Test
  void noRoleOfTheApplicationCanChangeWhatIsAppendOnly(Vertx vertx) {
    PgSettings postgres = TestDatabase.create();
    List<PgConnectOptions> roles = new ArrayList<>(List.of(postgres.forLanes("lane")));
    for (DatabaseRole role : DatabaseRole.values()) {
      roles.add(postgres.forQueries("any", role));
    }
    for (PgConnectOptions role : roles) {
      for (String table :
          List.of("ledger.transfer", "ledger.refusal", "outbox.event", "payment.attempt")) {
        refused(vertx, role, "update " + table + " set tenant = 'x'");
        refused(vertx, role, "delete from " + table);
        refused(vertx, role, "truncate " + table);
        refused(vertx, role, "alter table " + table + " disable trigger all");
      }
      refused(vertx, role, "delete from ledger.account");
      refused(vertx, role, "truncate ledger.account cascade");
      refused(vertx, role, "drop trigger transfer_is_append_only on ledger.transfer");
      refused(vertx, role, "drop table ledger.transfer");
      refused(vertx, role, "set session_replication_role = replica");
      refused(vertx, role, "create table ledger.other (id int)");
    }
  }

  @Test
  void readersAndCheckersWriteNothing(Vertx vertx) {
    PgSettings postgres = TestDatabase.create();
    for (DatabaseRole role : List.of(DatabaseRole.READER, DatabaseRole.CHECKER)) {
      PgConnectOptions options = postgres.forQueries("any", role);
      for (String table :
          run(
              vertx,
              options,
              "select c.oid::regclass from pg_class c where c.relkind in ('r', 'p')"
                  + " and c.relnamespace::regnamespace::text in ('shard', 'outbox', 'payment', 'ledger')")) {
        run(vertx, options, "select count(*) from " + table);
        refused(vertx, options, "insert into " + table + " default values");
        refused(vertx, options, "delete from " + table);
      }
    }
  }

  /** Tables of later migrations begin with all rights of a writer: those of the ledger may not. */
  @Test
  void ofTheLedgerTheWriterUpdatesTwoTablesAndDeletesNothing(Vertx vertx) {
    PgSettings postgres = TestDatabase.create();
    String tables =
        "select c.relname from pg_class c where c.relnamespace = 'ledger'::regnamespace"
            + " and c.relkind in ('r', 'p') and has_table_privilege('ducat_writer', c.oid, '%s')";
    PgConnectOptions owner = postgres.forQueries("owner");
    assertThat(new TreeSet<>(run(vertx, owner, tables.formatted("update"))))
        .isEqualTo(new TreeSet<>(Set.of("account", "lane_time")));
    assertThat(run(vertx, owner, tables.formatted("delete"))).isEmpty();
    assertThat(run(vertx, owner, tables.formatted("truncate"))).isEmpty();
    assertThat(run(vertx, owner, tables.formatted("insert")))
        .containsExactlyInAnyOrder("account", "transfer", "refusal", "lane_time");
  }

  @Test
  void theOwnerCannotLogInAndIsStoppedByTheTriggers(Vertx vertx) {
    PgSettings postgres = TestDatabase.create();
    PgConnectOptions login = postgres.forQueries("owner");
    assertThat(
            run(
                vertx,
                login,
                "select distinct tableowner from pg_tables where schemaname in ('shard', 'outbox', 'payment', 'ledger')"))
        .containsExactly("ducat_owner");
    assertThat(
            run(
                vertx,
                login,
                "select rolname from pg_roles where rolname like 'ducat\\_%' and rolcanlogin"))
        .isEmpty();
    PgConnectOptions owner = postgres.forQueries("owner").addProperty("role", "ducat_owner");
    assertThatThrownBy(() -> run(vertx, owner, "truncate ledger.transfer"))
        .hasMessageContaining("append-only");
  }

  @Test
  void databasesOfOneServerAreMigratedAtOnceByWhoeverMay(Vertx vertx, @TempDir Path data)
      throws Exception {
    try (EmbeddedServices services =
        EmbeddedServices.start(
            EmbeddedServices.Options.in(data)
                .withServices(Service.POSTGRES)
                .withBoundToJvm(true))) {
      PostgresEndpoint server = services.postgres();
      List<PgSettings> databases = new ArrayList<>();
      for (int i = 0; i < 6; i++) {
        databases.add(PgSettings.parse(server.createDatabase("fresh_" + i).uri()));
      }
      try (ExecutorService each = Executors.newFixedThreadPool(databases.size())) {
        List<Future<Integer>> migrated =
            databases.stream().map(one -> each.submit(() -> Migrations.run(one))).toList();
        for (Future<Integer> one : migrated) {
          assertThat(one.get()).isPositive();
        }
      }

      // As a managed Postgres has it: no superuser, the roles made and granted by an administrator.
      PgConnectOptions admin = PgSettings.parse(server.uri()).forQueries("admin");
      run(vertx, admin, "create role managed login");
      run(vertx, admin, "create database managed owner managed");
      PgSettings managed = as("managed", PgSettings.parse(server.withDatabase("managed").uri()));
      assertThatThrownBy(() -> Migrations.run(managed)).hasMessageContaining("ducat_owner");
      run(
          vertx,
          admin,
          "grant ducat_owner, ducat_writer, ducat_reader, ducat_checker to managed with inherit true, set true");
      assertThat(Migrations.run(managed)).isPositive();
      assertThat(run(vertx, managed.forLanes("lane"), "select current_user"))
          .containsExactly("ducat_writer");
      refused(vertx, managed.forLanes("lane"), "delete from ledger.transfer");
    }
  }

  @Test
  void aUserWhoMayCreateRolesNeedsNoAdministrator(Vertx vertx, @TempDir Path data) {
    try (EmbeddedServices services =
        EmbeddedServices.start(
            EmbeddedServices.Options.in(data)
                .withServices(Service.POSTGRES)
                .withBoundToJvm(true))) {
      PostgresEndpoint server = services.postgres();
      PgConnectOptions admin = PgSettings.parse(server.uri()).forQueries("admin");
      run(vertx, admin, "create role maker login createrole");
      run(vertx, admin, "create database made owner maker");
      PgSettings made = as("maker", PgSettings.parse(server.withDatabase("made").uri()));
      assertThat(Migrations.run(made)).isPositive();
      assertThat(run(vertx, made.forLanes("lane"), "select current_user"))
          .containsExactly("ducat_writer");
      // What later migrations do.
      run(vertx, made.forQueries("later"), "alter table payment.payment add column later int");
      run(vertx, made.forQueries("later"), "create table payment.later (id int)");
      run(vertx, made.forLanes("lane"), "delete from payment.later");
    }
  }

  private static PgSettings as(String user, PgSettings settings) {
    return new PgSettings(settings.host(), settings.port(), settings.database(), user, null);
  }
}
