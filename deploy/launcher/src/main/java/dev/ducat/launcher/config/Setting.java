package dev.ducat.launcher.config;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/**
 * Everything that can be configured, by its name in {@code ducat.yaml}. The variable of {@code
 * grpc.port} is {@code DUCAT_GRPC_PORT}; a secret can also be given as the path of a file that
 * holds it, in {@code DUCAT_POSTGRES_URI_FILE} or {@code postgres.uri-file}.
 */
public enum Setting {
  DATA("data", ".ducat", "Folder of the embedded services and of what nodes on one host share."),
  NODE_ID("node.id", "", "Name of this process among the nodes. Empty: host name and pid."),
  VERTICLES("verticles", "relay,ledger,saga,gateway", "Which verticles run in this process."),
  HOST("host", "127.0.0.1", "Address that this process listens on."),
  GRPC_PORT("grpc.port", "50051", "Port of PaymentService and LedgerService. 0: any free one."),
  OPERATIONS_PORT("operations.port", "50052", "Port of OperationsService. 0: any free one."),
  HTTP_PORT("http.port", "8088", "Port of /health and /metrics. 0: any free one."),
  POSTGRES_URI(
      "postgres.uri", "", "postgresql://user:password@host:port/database. Empty: embedded.", true),
  REDIS_URI("redis.uri", "", "redis://:password@host:port. Empty: embedded.", true),
  KAFKA_BOOTSTRAP("kafka.bootstrap", "", "host:port,host:port. Empty: embedded."),
  CLUSTER("cluster.enabled", "false", "Whether several processes form one Vert.x cluster."),
  CLUSTER_HOST(
      "cluster.host",
      "127.0.0.1",
      "IP address by which members reach this one. Beyond this host only with the three below."),
  CLUSTER_CERTIFICATE(
      "cluster.certificate", "", "PEM file: this member's certificate, with its chain."),
  CLUSTER_KEY("cluster.key", "", "PEM file: the certificate's private key (PKCS #8)."),
  CLUSTER_AUTHORITY(
      "cluster.authority", "", "PEM file: who signs members' certificates, and nothing else."),
  CLUSTER_PORT("cluster.port", "0", "Port of the cluster's membership. 0: any free one."),
  CLUSTER_MEMBERS(
      "cluster.members", "", "host:port of other members. Empty: found through the data folder."),
  PAYMENT_SHARDS("payment.shards", "64", "Shards of payments. Fixed at installation."),
  LEDGER_LANES("ledger.lanes", "8", "Lanes of the ledger. Fixed at installation."),
  RELAY_SLOTS("relay.slots", "4", "Slots of the relay. Fixed at installation."),
  RELAY_MODE("relay.mode", "exactly_once", "exactly_once, at_least_once, or external: Debezium."),
  RELAY_REPLICATION_SLOT(
      "relay.replication-slot",
      "ducat_outbox",
      "The slot by which external knows what is published."),
  OUTBOX_RETENTION(
      "outbox.retention", "90d", "How long events stay, at least until they are published."),
  LEASE("lease", "6s", "How long a unit stays with an owner that is not heard of."),
  IDEMPOTENCY_TTL(
      "idempotency.ttl",
      "72h",
      "How long a key finds its payment, 24h to 30d; always until the payment is complete."),
  LEDGER_CHAIN_KEY(
      "ledger.chain-key",
      "",
      "Key of the ledger's hash chain. Empty: a known one, for development.",
      true),
  FEE("fee", "0bp+0", "What merchants pay per payment: basis points + fixed minor units."),
  FEES("fees", "", "Fees of single merchants: acme=150bp+25,globex=0bp+10."),
  MERCHANTS_OVERDRAFT(
      "merchants.overdraft",
      "",
      "Merchants whose refunds may exceed their available funds: acme,globex. Fixed per currency"
          + " when their first payment settles."),
  LIMITS_AMOUNTS(
      "limits.amounts",
      "",
      "Minor units of one payment, per tenant or tenant/merchant:"
          + " *=EUR:100..500000,shop/acme=EUR:..20000."),
  LIMITS_VELOCITY(
      "limits.velocity",
      "",
      "Payments, or minor units, per UTC minute, hour or day:"
          + " */*=100/minute,shop/acme=EUR:5000000/day."),
  RISK_ADDRESS(
      "risk.address", "", "host:port of a RiskService, asked about each payment. Empty: none."),
  RISK_DEADLINE("risk.deadline", "500ms", "How long its verdict may take."),
  RISK_SILENT(
      "risk.silent", "", "allow or decline: what no verdict means. Required with an address."),
  RISK_CONCURRENCY(
      "risk.concurrency", "256", "Questions at once from one process; more get no verdict."),
  CONNECTOR("connector", "simulator", "The connector of payments that name none."),
  SIMULATOR_JOURNAL(
      "simulator.journal",
      "",
      "File in which the simulated PSP keeps what it did. Empty: in data."),
  LOG_FILE("log.file", "", "File for the log. Empty: standard output."),
  LOG_FORMAT("log.format", "auto", "text, json, or auto: text on a terminal."),
  LOG_LEVEL("log.level", "info", "error, warn, info or debug."),
  INSECURE_DEV("insecure-dev", "false", "Serve without TLS and tokens on real services.");

  private final String key;
  private final String standard;
  private final String meaning;
  private final boolean secret;

  Setting(String key, String standard, String meaning) {
    this(key, standard, meaning, false);
  }

  Setting(String key, String standard, String meaning, boolean secret) {
    this.key = key;
    this.standard = standard;
    this.meaning = meaning;
    this.secret = secret;
  }

  /** The name in the file, for example {@code grpc.port}. */
  public String key() {
    return key;
  }

  /** The value when nobody sets it. */
  public String standard() {
    return standard;
  }

  /** One line for people. */
  public String meaning() {
    return meaning;
  }

  /** Whether the value may hold a password and is never shown. */
  public boolean secret() {
    return secret;
  }

  /** For example {@code DUCAT_GRPC_PORT}. */
  public String variable() {
    return "DUCAT_" + key.toUpperCase(Locale.ROOT).replace('.', '_').replace('-', '_');
  }

  static Optional<Setting> byKey(String key) {
    return Arrays.stream(values()).filter(setting -> setting.key.equals(key)).findFirst();
  }
}
