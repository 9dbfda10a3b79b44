package dev.ducat.torture;

import dev.ducat.embedded.PostgresEndpoint;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads a database from outside, with nothing of what is tested in between. */
final class Sql {
  private Sql() {}

  /** Each row as a list of texts. */
  static List<List<@Nullable String>> query(
      PostgresEndpoint database, String sql, Object... values) {
    try (Connection connection = DriverManager.getConnection(database.jdbcUrl());
        PreparedStatement statement = connection.prepareStatement(sql)) {
      for (int i = 0; i < values.length; i++) {
        statement.setObject(i + 1, values[i]);
      }
      try (ResultSet rows = statement.executeQuery()) {
        List<List<@Nullable String>> found = new ArrayList<>();
        int columns = rows.getMetaData().getColumnCount();
        while (rows.next()) {
          List<@Nullable String> row = new ArrayList<>();
          for (int column = 1; column <= columns; column++) {
            row.add(rows.getString(column));
          }
          found.add(row);
        }
        return found;
      }
    } catch (SQLException e) {
      throw new IllegalStateException(sql + ": " + e.getMessage(), e);
    }
  }

  /** A query that answers one number. */
  static long number(PostgresEndpoint database, String sql, Object... values) {
    String value = query(database, sql, values).getFirst().getFirst();
    return value == null ? 0 : Long.parseLong(value);
  }
}
