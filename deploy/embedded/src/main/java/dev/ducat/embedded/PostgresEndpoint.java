package dev.ducat.embedded;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;

/**
 * One database of the embedded PostgreSQL. Authentication is {@code trust} on the loopback
 * interface: whoever can open a connection on this machine is the named user, a superuser. Fit for
 * development and tests, for nothing else.
 */
public record PostgresEndpoint(String host, int port, String database, String user) {
  /** {@code postgresql://user@127.0.0.1:port/database}. */
  public String uri() {
    return "postgresql://" + user + "@" + host + ":" + port + "/" + database;
  }

  /** The same place for a JDBC driver, the user included. */
  public String jdbcUrl() {
    return "jdbc:postgresql://" + host + ":" + port + "/" + database + "?user=" + user;
  }

  /** This server, another database. */
  public PostgresEndpoint withDatabase(String other) {
    return new PostgresEndpoint(host, port, other, user);
  }

  /**
   * Creates an empty database, so that a test has one of its own.
   *
   * @throws EmbeddedServiceException when it exists already or the server cannot be reached
   */
  public PostgresEndpoint createDatabase(String name) {
    return createDatabase(name, "template1");
  }

  /**
   * Creates a database as a copy of {@code template}: migrate one database once, then copy it for
   * each test. Nobody may be connected to the template meanwhile.
   *
   * @throws EmbeddedServiceException when it exists already, the template is in use, or the server
   *     cannot be reached
   */
  public PostgresEndpoint createDatabase(String name, String template) {
    execute("create database " + quoted(name) + " template " + quoted(template));
    return withDatabase(name);
  }

  /**
   * Drops a database of this server, cutting whoever is connected to it; a database that is not
   * there is no error.
   */
  public void dropDatabase(String name) {
    execute("drop database if exists " + quoted(name) + " with (force)");
  }

  private void execute(String sql) {
    // From the maintenance database: neither the template nor the dropped database may have a
    // connection open.
    try (Connection connection = DriverManager.getConnection(withDatabase("postgres").jdbcUrl());
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    } catch (SQLException e) {
      throw new EmbeddedServiceException("PostgreSQL on port " + port + " refused: " + sql, e);
    }
  }

  private static String quoted(String identifier) {
    return '"' + identifier.replace("\"", "\"\"") + '"';
  }
}
