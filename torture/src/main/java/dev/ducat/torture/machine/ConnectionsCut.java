package dev.ducat.torture.machine;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.util.Random;

/** {@code pg_terminate_backend} of everybody, in the middle of whatever they do. */
record ConnectionsCut() implements Fault {
  @Override
  public void strike(Cluster cluster, Random dice) throws Exception {
    try (Connection connection =
            DriverManager.getConnection(cluster.services().postgres().jdbcUrl());
        Statement statement = connection.createStatement()) {
      statement.execute(
          "select pg_terminate_backend(pid) from pg_stat_activity"
              + " where datname = current_database() and pid <> pg_backend_pid()");
    }
  }
}
