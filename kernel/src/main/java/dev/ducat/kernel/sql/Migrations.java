package dev.ducat.kernel.sql;

import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.configuration.FluentConfiguration;

/**
 * Brings the schemas of a database to this version. Safe to run from several nodes at once: Flyway
 * locks.
 */
public final class Migrations {
  private Migrations() {}

  /**
   * Migrates, blocking.
   *
   * @return how many migrations were applied
   */
  public static int run(PgSettings settings) {
    FluentConfiguration configuration =
        Flyway.configure(Migrations.class.getClassLoader())
            .dataSource(settings.jdbcUrl(), settings.user(), settings.password())
            .locations("classpath:db/migration")
            .defaultSchema("ducat_migrations")
            .createSchemas(true)
            .connectRetries(10);
    return configuration.load().migrate().migrationsExecuted;
  }
}
