package dev.ducat.embedded;

import static dev.ducat.embedded.Service.KAFKA;
import static dev.ducat.embedded.Service.POSTGRES;
import static dev.ducat.embedded.Service.REDIS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ducat.embedded.EmbeddedServices.Options;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class EmbeddedServicesTest {
  @TempDir Path folder;

  @Test
  void eachServiceIsAProcessOfItsOwnThatComesBackOnItsPortWithItsData() throws Exception {
    PostgresEndpoint postgres;
    KafkaEndpoint kafka;
    RedisEndpoint redis;
    try (EmbeddedServices services = EmbeddedServices.start(Options.in(folder))) {
      postgres = services.postgres();
      kafka = services.kafka();
      redis = services.redis();
      assertThat(
              new long[] {
                ProcessHandle.current().pid(),
                services.pid(POSTGRES),
                services.pid(REDIS),
                services.pid(KAFKA)
              })
          .doesNotHaveDuplicates();
      assertThat(Answers.query(postgres, "show server_version")).startsWith("18.");
      assertThat(Answers.query(postgres, "show fsync")).isEqualTo("on");
      assertThat(Answers.query(postgres, "show synchronous_commit")).isEqualTo("on");
      assertThat(Answers.query(postgres, "show listen_addresses")).isEqualTo(Ports.HOST);
      assertThat(Answers.redis(redis, "PING")).isEqualTo("+PONG");
      Answers.execute(postgres, "create table kept (x int)");
      Answers.createTopic(kafka, "kept");
      Answers.sendInTransaction(kafka, "kept", "once");
    }
    assertThat(Ports.isOpen(postgres.port(), 500)).isFalse();
    assertThat(Ports.isOpen(redis.port(), 500)).isFalse();
    assertThat(Ports.isOpen(kafka.port(), 500)).isFalse();
    try (EmbeddedServices services = EmbeddedServices.start(Options.in(folder))) {
      assertThat(services.postgres()).isEqualTo(postgres);
      assertThat(services.redis()).isEqualTo(redis);
      assertThat(services.kafka()).isEqualTo(kafka);
      assertThat(Answers.query(postgres, "select count(*) from kept")).isEqualTo("0");
      assertThat(Answers.readCommitted(kafka, "kept")).containsExactly("once");
    }
  }

  @Test
  void freshForgetsWhatWasStored() throws SQLException {
    Options options = Options.in(folder).withServices(POSTGRES);
    try (EmbeddedServices services = EmbeddedServices.start(options)) {
      Answers.execute(services.postgres(), "create table gone (x int)");
    }
    try (EmbeddedServices services = EmbeddedServices.start(options.withFresh(true))) {
      assertThat(Answers.query(services.postgres(), "select to_regclass('gone') is null"))
          .isEqualTo("t");
    }
  }

  @Test
  void freshIsRefusedWhileSomebodyUsesTheFolder() {
    Options options = Options.in(folder).withServices(REDIS);
    try (EmbeddedServices services = EmbeddedServices.start(options)) {
      long pid = services.pid(REDIS);
      assertThatThrownBy(() -> EmbeddedServices.start(options.withFresh(true)))
          .isInstanceOf(EmbeddedServiceException.class)
          .hasMessageContaining("process " + ProcessHandle.current().pid() + " uses it");
      assertThat(services.pid(REDIS)).isEqualTo(pid);
    }
  }

  @ParameterizedTest
  @EnumSource
  void aKilledServiceComesBackOnItsPort(Service service) {
    EmbeddedServices services = EmbeddedServices.forTests(service);
    long before = services.pid(service);
    int port = port(services, service);
    services.kill(service);
    assertThat(ProcessRef.of(before)).isEmpty();
    assertThat(Ports.isOpen(port, 500)).isFalse();
    services.restart(service);
    assertThat(services.pid(service)).isNotEqualTo(before);
    assertThat(port(services, service)).isEqualTo(port);
    assertThat(Engine.of(service).answers(port)).isTrue();
  }

  @ParameterizedTest
  @EnumSource
  void aPausedServiceAnswersNobodyUntilItIsResumed(Service service) {
    EmbeddedServices services = EmbeddedServices.forTests(service);
    int port = port(services, service);
    services.pause(service);
    assertThat(Engine.of(service).answers(port)).isFalse();
    services.resume(service);
    assertThat(Engine.of(service).answers(port)).isTrue();
  }

  @Test
  void aPauseFreezesTheBackendsOfPostgresToo() throws Exception {
    EmbeddedServices services = EmbeddedServices.forTests(POSTGRES);
    try (var connection =
            DriverManager.getConnection(services.postgres().jdbcUrl() + "&socketTimeout=1");
        var statement = connection.createStatement()) {
      statement.execute("select 1");
      services.pause(POSTGRES);
      assertThatThrownBy(() -> statement.execute("select 1"))
          .hasRootCauseInstanceOf(SocketTimeoutException.class);
    } finally {
      services.resume(POSTGRES);
    }
  }

  @Test
  void closingTheSharedServicesDoesNotEndThem() throws IOException {
    EmbeddedServices.forTests(REDIS).close();
    assertThat(Answers.redis(EmbeddedServices.forTests(REDIS).redis(), "PING")).isEqualTo("+PONG");
  }

  @Test
  void aFailedStartQuotesTheLogAndLeavesNothingRunning() throws IOException {
    Path data = folder.resolve("postgres").resolve("data");
    Files.createDirectories(data);
    Files.writeString(data.resolve("PG_VERSION"), "9.6\n");
    Options options = Options.in(folder).withServices(POSTGRES, REDIS);
    assertThatThrownBy(() -> EmbeddedServices.start(options))
        .isInstanceOf(EmbeddedServiceException.class)
        .hasMessageContaining("POSTGRES ended with exit code")
        .hasMessageContaining("postgresql.conf");
    assertThat(new ServiceHome(folder.resolve("redis")).process()).isEmpty();
    assertThat(DataFolder.open(folder).users()).isEmpty();
  }

  @Test
  void aTakenPortIsNamed() throws IOException {
    int port = Ports.free();
    try (var squatter = new ServerSocket()) {
      squatter.bind(Ports.address(port));
      Options options = Options.in(folder).withServices(REDIS).withPort(REDIS, port);
      assertThatThrownBy(() -> EmbeddedServices.start(options))
          .isInstanceOf(EmbeddedServiceException.class)
          .hasMessageContaining("port " + port)
          .hasMessageContaining("REDIS");
    }
  }

  @Test
  void aRememberedPortThatIsTakenGivesWayToAnother() throws IOException {
    Options options = Options.in(folder).withServices(REDIS);
    int port;
    try (EmbeddedServices services = EmbeddedServices.start(options)) {
      port = services.redis().port();
    }
    try (var squatter = new ServerSocket()) {
      squatter.bind(Ports.address(port));
      try (EmbeddedServices services = EmbeddedServices.start(options)) {
        assertThat(services.redis().port()).isNotEqualTo(port);
        assertThat(Answers.redis(services.redis(), "PING")).isEqualTo("+PONG");
      }
    }
  }

  @Test
  void databasesAreCopiedFromATemplateAndDropped() throws SQLException {
    PostgresEndpoint postgres = EmbeddedServices.forTests(POSTGRES).postgres();
    PostgresEndpoint template = postgres.createDatabase("pattern");
    Answers.execute(template, "create table migrated (x int)");
    PostgresEndpoint copy = postgres.createDatabase("copy", "pattern");
    assertThat(Answers.query(copy, "select count(*) from migrated")).isEqualTo("0");
    assertThatThrownBy(() -> postgres.createDatabase("copy"))
        .isInstanceOf(EmbeddedServiceException.class)
        .hasRootCauseMessage("ERROR: database \"copy\" already exists");
    postgres.dropDatabase("copy");
    postgres.dropDatabase("pattern");
    assertThat(Answers.query(postgres, "select count(*) from pg_database where datname = 'copy'"))
        .isEqualTo("0");
  }

  private static int port(EmbeddedServices services, Service service) {
    return switch (service) {
      case POSTGRES -> services.postgres().port();
      case REDIS -> services.redis().port();
      case KAFKA -> services.kafka().port();
    };
  }
}
