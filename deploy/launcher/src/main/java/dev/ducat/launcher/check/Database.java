package dev.ducat.launcher.check;

import dev.ducat.kernel.sql.PgSettings;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Properties;

/** Plain JDBC: the auditor shares no pool and no statement with those it audits. */
final class Database {
  private Database() {}

  static Connection open(PgSettings postgres) throws SQLException {
    Properties properties = new Properties();
    properties.setProperty("user", postgres.user());
    String password = postgres.password();
    if (password != null) {
      properties.setProperty("password", password);
    }
    properties.setProperty("ApplicationName", "ducat-check");
    return DriverManager.getConnection(postgres.jdbcUrl(), properties);
  }

  /** A database that does not answer leaves everything unknown: that is no verdict. */
  static IllegalStateException away(SQLException cause) {
    return new IllegalStateException(
        "the database could not be read: " + cause.getMessage(), cause);
  }
}
