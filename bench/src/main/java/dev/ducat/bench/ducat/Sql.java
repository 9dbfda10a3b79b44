package dev.ducat.bench.ducat;

import dev.ducat.kernel.sql.PgSettings;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;

/** Plain JDBC on a connection of its own: it shares nothing with what it measures. */
public final class Sql implements AutoCloseable {
  private final Connection connection;

  private Sql(Connection connection) {
    this.connection = connection;
  }

  public static Sql open(PgSettings postgres) {
    Properties properties = new Properties();
    properties.setProperty("user", postgres.user());
    String password = postgres.password();
    if (password != null) {
      properties.setProperty("password", password);
    }
    properties.setProperty("ApplicationName", "ducat-bench");
    try {
      return new Sql(DriverManager.getConnection(postgres.jdbcUrl(), properties));
    } catch (SQLException away) {
      throw broken(away);
    }
  }

  /** The connection itself, for what is not a plain query. */
  public Connection connection() {
    return connection;
  }

  /** Runs statements that answer nothing. */
  public void run(String sql) {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    } catch (SQLException failed) {
      throw broken(failed);
    }
  }

  /** The one number that a query answers; 0 for null. */
  public long number(String sql) {
    return numbers(sql).getFirst()[0];
  }

  /** Rows of numbers; 0 for null. */
  public List<long[]> numbers(String sql) {
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      int columns = rows.getMetaData().getColumnCount();
      List<long[]> all = new ArrayList<>();
      while (rows.next()) {
        long[] row = new long[columns];
        for (int i = 0; i < columns; i++) {
          row[i] = rows.getLong(i + 1);
        }
        all.add(row);
      }
      return all;
    } catch (SQLException failed) {
      throw broken(failed);
    }
  }

  /** Rows of text; empty for null. */
  public List<List<String>> texts(String sql) {
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      int columns = rows.getMetaData().getColumnCount();
      List<List<String>> all = new ArrayList<>();
      while (rows.next()) {
        List<String> row = new ArrayList<>();
        for (int i = 0; i < columns; i++) {
          String text = rows.getString(i + 1);
          row.add(text == null ? "" : text);
        }
        all.add(row);
      }
      return all;
    } catch (SQLException failed) {
      throw broken(failed);
    }
  }

  @Override
  public void close() {
    try {
      connection.close();
    } catch (SQLException gone) {
      // Nothing depends on it any more.
    }
  }

  static IllegalStateException broken(SQLException cause) {
    return new IllegalStateException("the database: " + cause.getMessage(), cause);
  }
}
