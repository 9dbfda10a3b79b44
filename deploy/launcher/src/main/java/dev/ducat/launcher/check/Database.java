package dev.ducat.launcher.check;

import dev.ducat.kernel.sql.PgSettings;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Properties;

/** Plain JDBC: the auditor shares no pool and no statement with those it audits. */
public final class Database {
  private Database() {}

  public static Connection open(PgSettings postgres) throws SQLException {
    Properties properties = new Properties();
    properties.setProperty("user", postgres.user());
    String password = postgres.password();
    if (password != null) {
      properties.setProperty("password", password);
    }
    properties.setProperty("ApplicationName", "ducat-check");
    return DriverManager.getConnection(postgres.jdbcUrl(), properties);
  }
}
