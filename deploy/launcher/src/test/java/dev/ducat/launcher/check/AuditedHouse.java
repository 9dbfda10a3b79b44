package dev.ducat.launcher.check;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ducat.launcher.check.InvariantCheck.Report;
import dev.ducat.launcher.config.NodeConfig.Services;
import dev.ducat.launcher.demo.TestLoad;
import dev.ducat.launcher.testing.TestHouse;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;

/** A node that has worked, what its clients remember, and a way to spoil its data. */
record AuditedHouse(TestHouse house, ClientHistory history) implements AutoCloseable {

  static AuditedHouse start(Path data, int payments) {
    TestHouse house = TestHouse.start(data, "150bp+10");
    ClientHistory history = new ClientHistory();
    TestLoad.pay(house, payments, history);
    Operations.run(house, history);
    assertThat(new Drain(house.foundation().services()).await(Duration.ofSeconds(30))).isTrue();
    return new AuditedHouse(house, history);
  }

  Report audit() {
    return audit(history);
  }

  Report audit(ClientHistory told) {
    Services services = house.foundation().services();
    return new InvariantCheck(services.postgres(), services.kafkaBootstrap(), journal())
        .run(told, BalanceSamples.none());
  }

  /** Plants a defect, audits, and takes it back. */
  Report auditWith(String plant, String undo) throws SQLException {
    assertThat(sql(plant)).as(plant).isEqualTo(1);
    try {
      return audit();
    } finally {
      assertThat(sql(undo)).as(undo).isEqualTo(1);
    }
  }

  /** Changes the database behind everybody's back, past the triggers that stop honest writers. */
  int sql(String statement) throws SQLException {
    try (Connection connection = connect();
        Statement statements = connection.createStatement()) {
      statements.execute("set session_replication_role = replica");
      return statements.executeUpdate(statement);
    }
  }

  String one(String query) throws SQLException {
    try (Connection connection = connect();
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(query)) {
      assertThat(row.next()).as(query).isTrue();
      return row.getString(1);
    }
  }

  Path journal() {
    return house.config().simulatorJournal();
  }

  String kafka() {
    return house.foundation().services().kafkaBootstrap();
  }

  @Override
  public void close() {
    house.close();
  }

  private Connection connect() throws SQLException {
    return Database.open(house.foundation().services().postgres());
  }
}
