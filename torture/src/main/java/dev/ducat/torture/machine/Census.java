package dev.ducat.torture.machine;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;
import java.util.TreeMap;

/** How many of what there are in the end: what the load really exercised. */
record Census(Map<String, Long> payments, Map<String, Long> refunds, Map<String, Long> attempts) {

  static Census take(Cluster cluster) throws SQLException {
    try (Connection connection =
            DriverManager.getConnection(cluster.services().postgres().jdbcUrl());
        Statement statement = connection.createStatement()) {
      return new Census(
          counts(statement, "select state, count(*) from payment.payment group by 1"),
          counts(statement, "select state, count(*) from payment.refund group by 1"),
          counts(statement, "select outcome, count(*) from payment.attempt group by 1"));
    }
  }

  private static Map<String, Long> counts(Statement statement, String query) throws SQLException {
    Map<String, Long> counts = new TreeMap<>();
    try (ResultSet row = statement.executeQuery(query)) {
      while (row.next()) {
        counts.put(row.getString(1), row.getLong(2));
      }
    }
    return counts;
  }
}
