package dev.ducat.launcher.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.ducat.proto.connector.v1.SettlementMode;
import dev.ducat.saga.Backoff;
import dev.ducat.saga.ConnectorTerms;
import dev.ducat.saga.Fee;
import dev.ducat.saga.Limits;
import dev.ducat.saga.RetryTerms;
import dev.ducat.saga.RiskTerms;
import dev.ducat.saga.StepPolicy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class NodeConfigTest {
  private static final String REAL =
      """
      postgres: {uri: "postgresql://ducat:hunter2@db/ducat"}
      redis: {uri: "redis://:hunter3@cache:6379"}
      kafka: {bootstrap: "broker-1:9092,broker-2:9092"}
      """;

  @TempDir private Path folder = Path.of("unset");

  private NodeConfig config(String yaml, Map<String, String> variables, Map<Setting, String> flags)
      throws IOException {
    return NodeConfig.from(settings(yaml, variables, flags));
  }

  private Settings settings(
      @Nullable String yaml, Map<String, String> variables, Map<Setting, String> flags)
      throws IOException {
    Path file = Files.writeString(folder.resolve("ducat.yaml"), yaml == null ? "" : yaml);
    return Settings.read(file, variables, flags);
  }

  private ConfigException refused(
      String yaml, Map<String, String> variables, Map<Setting, String> flags) {
    return catchThrowableOfType(ConfigException.class, () -> config(yaml, variables, flags));
  }

  @Test
  void nothingConfiguredIsTheEmbeddedModeOnLoopback() throws IOException {
    NodeConfig config = config("", Map.of(), Map.of());

    assertThat(config.embedded()).isTrue();
    assertThat(config.listen()).isEqualTo(new NodeConfig.Listen("127.0.0.1", 50051, 50052, 8088));
    assertThat(config.actors()).containsExactlyInAnyOrder(Actor.values());
    assertThat(config.units().shards()).isEqualTo(64);
    assertThat(config.units().lease()).isEqualTo(Duration.ofSeconds(6));
  }

  @Test
  void flagsWinOverVariablesOverTheFile() throws IOException {
    String yaml = "grpc: {port: 1001}\noperations: {port: 1002}\nhttp: {port: 1003}\n";
    Map<String, String> variables = Map.of("DUCAT_GRPC_PORT", "2001", "DUCAT_HTTP_PORT", "2003");

    NodeConfig config = config(yaml, variables, Map.of(Setting.GRPC_PORT, "3001"));

    assertThat(config.listen()).isEqualTo(new NodeConfig.Listen("127.0.0.1", 3001, 1002, 2003));
  }

  @Test
  void aListInTheFileIsAListOfVerticles() throws IOException {
    assertThat(config("verticles: [gateway, saga]", Map.of(), Map.of()).actors())
        .containsExactlyInAnyOrder(Actor.GATEWAY, Actor.SAGA);
  }

  @Test
  void everyFaultIsNamedInOneGoWithItsOrigin() {
    String yaml =
        """
        grpc: {port: 70000}
        colour: red
        verticles: [gateway, saga, typo]
        lease: 1s
        node: {id: "no spaces"}
        """;

    ConfigException refused =
        refused(yaml, Map.of("DUCAT_PAYMENT_SHARDS", "many"), Map.of(Setting.HTTP_PORT, "-1"));

    assertThat(refused.faults())
        .containsExactlyInAnyOrder(
            "colour (ducat.yaml): there is no such setting",
            "grpc.port (ducat.yaml) must be a number from 0 to 65535, is 70000",
            "http.port (the command line) must be a number from 0 to 65535, is -1",
            "lease (ducat.yaml) must be a time from 2s to 60s, such as 6s",
            "node.id (ducat.yaml) must be 1 to 64 characters of [a-zA-Z0-9._-]",
            "payment.shards (DUCAT_PAYMENT_SHARDS) must be a number from 1 to 1024, is many",
            "verticles (ducat.yaml) knows no verticle typo, only relay, ledger, saga, gateway");
  }

  @Test
  void limitsAreOfTenantsAndMerchants() throws IOException {
    NodeConfig config =
        config(
            "limits: {amounts: ['*=EUR:100..500000', 'shop/acme=EUR:..20000'],"
                + " velocity: {'*/*': 100/minute}}",
            Map.of("DUCAT_LIMITS_VELOCITY", "*/*=7/hour, shop=EUR:5000000/day"),
            Map.of());

    assertThat(config.limits())
        .isEqualTo(
            new Limits(
                List.of(
                    new Limits.Amount(new Limits.Who("*", ""), "EUR", 100, 500_000),
                    new Limits.Amount(new Limits.Who("shop", "acme"), "EUR", 1, 20_000)),
                List.of(
                    new Limits.Velocity(new Limits.Who("*", "*"), "", Limits.Span.HOUR, 7),
                    new Limits.Velocity(
                        new Limits.Who("shop", ""), "EUR", Limits.Span.DAY, 5_000_000))));
    assertThat(config("", Map.of(), Map.of()).limits()).isEqualTo(Limits.NONE);
  }

  @Test
  void everyFaultOfALimitIsNamed() {
    ConfigException refused =
        refused(
            "limits: {amounts: ['acme=EUR:5..1', '*=EURO:1..2', '*=QQQ:1..2'],"
                + " velocity: ['*=5/week', '*=0/day', '*=5/day', '*=6/day']}",
            Map.of(),
            Map.of());

    assertThat(refused.faults())
        .containsExactlyInAnyOrder(
            "limits.amounts (ducat.yaml) allows no amount at all: acme=EUR:5..1",
            "limits.amounts (ducat.yaml) must be limits such as *=EUR:100..500000, has *=EURO:1..2",
            "limits.amounts (ducat.yaml) knows no currency QQQ, has *=QQQ:1..2",
            "limits.velocity (ducat.yaml) must be limits such as */*=100/minute or"
                + " shop=EUR:5000000/day, has *=5/week",
            "limits.velocity (ducat.yaml) allows nothing at all: *=0/day",
            "limits.velocity (ducat.yaml) says two things about the same: *=6/day");
  }

  @Test
  void aRiskServiceIsOptionalAndSaysWhatItsSilenceMeans() throws IOException {
    assertThat(config("", Map.of(), Map.of()).risk()).isNull();
    assertThat(
            config(
                    "risk: {address: '127.0.0.1:7000', deadline: 250ms, silent: allow}",
                    Map.of(),
                    Map.of())
                .risk())
        .isEqualTo(new RiskTerms("127.0.0.1", 7_000, Duration.ofMillis(250), true, 256));
    assertThat(
            refused("risk: {address: 'risk.example:7000', deadline: 1m}", Map.of(), Map.of())
                .faults())
        .containsExactlyInAnyOrder(
            "risk.deadline (ducat.yaml) must be a time from 0s to 10s, such as 6s",
            "risk.silent (default) must be allow or decline: what a missing verdict means",
            "risk.address (ducat.yaml) is on another host: the way there needs TLS, which this"
                + " version does not have yet; insecure-dev: true goes without, on a network you"
                + " trust");
    assertThat(refused("risk: {silent: allow}", Map.of(), Map.of()).faults()).hasSize(1);
  }

  @Test
  void realServicesWithoutTlsAndTokensAreRefused() throws IOException {
    ConfigException refused = refused(REAL, Map.of(), Map.of());

    assertThat(refused.faults())
        .singleElement()
        .asString()
        .contains("TLS and token verification", "--insecure-dev");
    NodeConfig insecure = config(REAL, Map.of(), Map.of(Setting.INSECURE_DEV, "true"));
    assertThat(insecure.embedded()).isFalse();
  }

  @Test
  void theEmbeddedModeListensOnLoopbackOnly() {
    assertThat(refused("host: 0.0.0.0", Map.of(), Map.of()).faults())
        .singleElement()
        .asString()
        .contains("127.0.0.1 only");
  }

  @Test
  void halfConfiguredServicesAreAFault() {
    ConfigException refused =
        refused("redis: {uri: \"redis://cache\"}\ninsecure-dev: true", Map.of(), Map.of());

    assertThat(refused.faults())
        .containsExactlyInAnyOrder(
            "postgres.uri (default) is missing: configure all three services, or none",
            "kafka.bootstrap (default) is missing: configure all three services, or none");
  }

  @Test
  void passwordsAreNeverShown() throws IOException {
    Settings settings = settings(REAL, Map.of(), Map.of(Setting.INSECURE_DEV, "true"));

    String shown = settings.describe() + NodeConfig.from(settings);

    assertThat(shown).contains("ducat:***@db", "cache:6379").doesNotContain("hunter");
  }

  @Test
  void aFaultyUriIsNotRepeatedForItMayHoldAPassword() {
    ConfigException refused =
        refused(
            REAL.replace("postgresql://", "mysql://").replace("redis://", "red is://"),
            Map.of(),
            Map.of(Setting.INSECURE_DEV, "true"));

    assertThat(refused.faults()).hasSize(2);
    assertThat(refused).hasMessageNotContaining("hunter");
  }

  @Test
  void aBrokenFileIsNotQuotedForItMayHoldAPassword() {
    ConfigException refused = refused("postgres: {uri: \"hunter2", Map.of(), Map.of());

    assertThat(refused)
        .hasMessageContaining("is not YAML (line 1)")
        .hasMessageNotContaining("hunter");
  }

  @Test
  void secretsCanComeFromFiles() throws IOException {
    Path secret =
        Files.writeString(folder.resolve("pg"), "postgresql://ducat:hunter2@secret-db/ducat\n");
    Map<String, String> variables = Map.of("DUCAT_POSTGRES_URI_FILE", secret.toString());
    String yaml =
        REAL.lines()
            .filter(line -> !line.startsWith("postgres"))
            .reduce("", (a, b) -> a + b + "\n");

    NodeConfig config = config(yaml, variables, Map.of(Setting.INSECURE_DEV, "true"));

    NodeConfig.Services services = config.services();
    assertThat(services).isNotNull();
    assertThat(String.valueOf(services)).contains("secret-db").doesNotContain("hunter");
  }

  @Test
  void portsThatMustDifferAreCompared() {
    assertThat(refused("grpc: {port: 8088}", Map.of(), Map.of()).faults())
        .singleElement()
        .asString()
        .contains("must differ");
  }

  @Test
  void aClusterStaysOnOneHostUnlessItIsEncrypted() throws IOException {
    assertThat(
            refused("cluster: {host: 10.0.0.6, members: [\"10.0.0.7:7800\"]}", Map.of(), Map.of())
                .faults())
        .hasSize(2)
        .allMatch(fault -> fault.contains("encrypted"));
    assertThat(
            refused("cluster: {key: /nowhere/key.pem}", Map.of(), Map.of()).faults().stream()
                .map(fault -> fault.substring(0, fault.indexOf(' '))))
        .containsExactly("cluster.certificate", "cluster.key", "cluster.authority");
    assertThat(
            config("cluster: {members: [\"127.0.0.1:7800\"]}", Map.of(), Map.of())
                .cluster()
                .members())
        .containsExactly("127.0.0.1:7800");
  }

  @Test
  void feesAreReadPerMerchant() throws IOException {
    NodeConfig.Fees fees =
        config("fee: 100bp+5\nfees: {acme: 150bp+25, globex: 0bp+0}", Map.of(), Map.of()).fees();

    assertThat(fees.standard()).isEqualTo(new Fee(100, 5));
    assertThat(fees.byMerchant()).isEqualTo(Map.of("acme", new Fee(150, 25), "globex", Fee.NONE));
    assertThat(refused("fees: {acme: 1.5%}", Map.of(), Map.of()).faults())
        .singleElement()
        .asString()
        .contains("150bp+25");
  }

  @Test
  void merchantsThatMayGoBelowZeroAreNamed() throws IOException {
    assertThat(config("", Map.of(), Map.of()).overdraft()).isEmpty();
    assertThat(config("merchants: {overdraft: \"acme, globex\"}", Map.of(), Map.of()).overdraft())
        .containsExactlyInAnyOrder("acme", "globex");
    assertThat(refused("", Map.of("DUCAT_MERCHANTS_OVERDRAFT", "acme,*"), Map.of()).faults())
        .containsExactly(
            "merchants.overdraft (DUCAT_MERCHANTS_OVERDRAFT) must be merchants such as"
                + " acme,globex, has *");
  }

  @Test
  void connectorsAreReadByNameFromFileAndVariables() throws IOException {
    NodeConfig config =
        config(
            """
            connector: acme-pay
            connectors:
              acme-pay: {address: "127.0.0.1:7001", deadline: 2s, idempotency-window: 30d, action-timeout: 30m}
              simulator: {quarantine: 3s}
            """,
            Map.of(
                "DUCAT_CONNECTORS_ACME_PAY_SETTLEMENT", "reported",
                "DUCAT_CONNECTORS_OTHER_ADDRESS", "localhost:7002"),
            Map.of());

    assertThat(config.connectors().names()).containsExactly("acme-pay", "other", "simulator");
    assertThat(config.connectors().terms().get("acme-pay"))
        .isEqualTo(
            new ConnectorTerms(
                Duration.ofSeconds(2),
                Duration.ofSeconds(60),
                Duration.ofDays(30),
                Duration.ofHours(30),
                Duration.ofDays(7),
                SettlementMode.SETTLEMENT_MODE_REPORTED,
                Duration.ofHours(24),
                Duration.ofMinutes(30),
                false,
                RetryTerms.defaults()));
    assertThat(config.connectors().terms())
        .hasEntrySatisfying(
            "simulator",
            simulator -> {
              assertThat(simulator.quarantine()).isEqualTo(Duration.ofSeconds(3));
              assertThat(simulator.tombstonesVoid()).isTrue();
            });
    assertThat(config.connectors().remotes()).containsOnlyKeys("acme-pay", "other");
    assertThat(config.connectors().remotes())
        .hasEntrySatisfying("other", other -> assertThat(other.port()).isEqualTo(7002));
  }

  @Test
  void aConnectorHasItsOwnPatience() throws IOException {
    NodeConfig config =
        config(
            """
            connectors:
              acme:
                address: "127.0.0.1:7001"
                retry-authorize: "timeout=10m  attempts=3"
                retry-void: max=1h
                retry-never: "ACCOUNT_BLOCKED, NOT_ENROLLED"
                saga-timeout: 2h
            """,
            Map.of("DUCAT_CONNECTORS_ACME_RETRY_ASK", "first=1s"),
            Map.of());

    RetryTerms standard = RetryTerms.defaults();
    RetryTerms expected =
        new RetryTerms(
            new StepPolicy(standard.authorize().pause(), 3, Duration.ofMinutes(10)),
            standard.capture(),
            standard.refund(),
            new Backoff(Duration.ofSeconds(1), standard.ask().max()),
            new Backoff(standard.undo().first(), Duration.ofHours(1)),
            standard.undoMax(),
            standard.notSent(),
            Set.of("ACCOUNT_BLOCKED", "NOT_ENROLLED"),
            Duration.ofHours(2));
    assertThat(config.connectors().terms())
        .hasEntrySatisfying("acme", acme -> assertThat(acme.retry()).isEqualTo(expected));
  }

  @Test
  void everyFaultOfAPatienceIsNamed() {
    ConfigException refused =
        refused(
            """
            connectors:
              a:
                address: "127.0.0.1:7001"
                action-timeout: 3d
                retry-authorize: attempts=0 patience=1h
                retry-capture: first=1m max=1s
                retry-refund: timeout=soon
                retry-never: "Blocked"
            """,
            Map.of(),
            Map.of());

    assertThat(refused.faults())
        .hasSize(6)
        .anyMatch(f -> f.startsWith("connectors.a.retry-authorize (ducat.yaml) attempts must be"))
        .anyMatch(f -> f.endsWith("has patience"))
        .anyMatch(f -> f.startsWith("connectors.a.retry-capture (ducat.yaml) max must not"))
        .anyMatch(
            f -> f.startsWith("connectors.a.retry-refund (ducat.yaml) timeout must be a time"))
        .anyMatch(f -> f.startsWith("connectors.a.retry-never (ducat.yaml) must be codes"))
        .anyMatch(f -> f.startsWith("connectors.a.saga-timeout") && f.contains("action-timeout"));
  }

  @Test
  void everyFaultOfEveryConnectorIsNamed() {
    ConfigException refused =
        refused(
            """
            connector: nowhere
            connectors:
              Acme: {address: "127.0.0.1:1"}
              a: {deadline: 5s}
              b: {address: somewhere, settlement: never, breaker-failures: 101, concurrency: 0}
              c: {address: "psp.example:443", quarantine: soon, color: red}
            """,
            Map.of(),
            Map.of());

    assertThat(refused.faults())
        .hasSize(10)
        .anyMatch(fault -> fault.startsWith("connector (ducat.yaml) must be one of"))
        .anyMatch(fault -> fault.startsWith("connectors.Acme: a name"))
        .contains("connectors.a.address is missing")
        .anyMatch(fault -> fault.startsWith("connectors.b.address (ducat.yaml) must be host:port"))
        .anyMatch(fault -> fault.startsWith("connectors.b.settlement (ducat.yaml) must be"))
        .anyMatch(fault -> fault.startsWith("connectors.c.address (ducat.yaml) is on another host"))
        .anyMatch(fault -> fault.startsWith("connectors.c.quarantine (ducat.yaml) must be a time"))
        .anyMatch(fault -> fault.startsWith("connectors.c.color (ducat.yaml): there is no such"));
  }
}
