package dev.ducat.kernel.testing;

import dev.ducat.embedded.EmbeddedServices;
import dev.ducat.embedded.PostgresEndpoint;
import dev.ducat.embedded.Service;
import dev.ducat.kernel.sql.Migrations;
import dev.ducat.kernel.sql.PgSettings;
import java.util.UUID;

/**
 * A migrated database of one's own on the shared real Postgres: a copy of one that was migrated
 * once per JVM.
 */
public final class TestDatabase {
  private static final String TEMPLATE = "ducat_test_template_" + ProcessHandle.current().pid();

  private TestDatabase() {}

  private static final class Migrated {
    static final PostgresEndpoint SERVER = migrate();

    private static PostgresEndpoint migrate() {
      PostgresEndpoint server = EmbeddedServices.forTests(Service.POSTGRES).postgres();
      server.dropDatabase(TEMPLATE);
      Migrations.run(PgSettings.parse(server.createDatabase(TEMPLATE).uri()));
      return server;
    }
  }

  /** A new database with all migrations and no rows. */
  public static PgSettings create() {
    String name = "test_" + UUID.randomUUID().toString().replace("-", "");
    return PgSettings.parse(Migrated.SERVER.createDatabase(name, TEMPLATE).uri());
  }
}
