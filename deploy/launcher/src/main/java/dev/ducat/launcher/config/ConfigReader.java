package dev.ducat.launcher.config;

import dev.ducat.kernel.shard.ShardSettings;
import dev.ducat.kernel.sql.PgSettings;
import dev.ducat.launcher.config.NodeConfig.Cluster;
import dev.ducat.launcher.config.NodeConfig.Fees;
import dev.ducat.launcher.config.NodeConfig.Listen;
import dev.ducat.launcher.config.NodeConfig.Log;
import dev.ducat.launcher.config.NodeConfig.MemberIdentity;
import dev.ducat.launcher.config.NodeConfig.RedisUri;
import dev.ducat.launcher.config.NodeConfig.Relay;
import dev.ducat.launcher.config.NodeConfig.Services;
import dev.ducat.relay.RelaySettings.Mode;
import dev.ducat.saga.Fee;
import dev.ducat.saga.RiskTerms;
import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.SecretKey;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * Turns text into a {@link NodeConfig}. A fault does not stop the reading: all are told together.
 */
final class ConfigReader {
  private static final Pattern NODE_ID = Pattern.compile("[a-zA-Z0-9._-]{1,64}");
  private static final Pattern MERCHANT = Pattern.compile("[a-zA-Z0-9._-]{1,64}");
  private static final Pattern FEE = Pattern.compile("([0-9]{1,5})bp\\+([0-9]{1,12})");
  private static final int CHAIN_KEY_MIN = 32;

  /** Below it a garbage collection would cost ownership. */
  private static final Duration LEASE_MIN = Duration.ofSeconds(2);

  private static final Duration LEASE_MAX = Duration.ofMinutes(1);

  /** Clients retry for hours; a key that is kept for months is only a row that cannot rest. */
  private static final Duration TTL_MIN = Duration.ofHours(24);

  private static final Duration TTL_MAX = Duration.ofDays(30);

  private static final String REFUSAL =
      "real services are configured, and on those Ducat serves only with TLS and token"
          + " verification, which this version does not have yet; --insecure-dev (insecure-dev:"
          + " true) serves without either, for development on a network you trust";

  private final Values values;
  private final ConnectorReader connectors;

  ConfigReader(Settings settings) {
    this.values = new Values(settings);
    this.connectors = new ConnectorReader(settings, values);
  }

  NodeConfig read() {
    Services services = services();
    NodeConfig config =
        new NodeConfig(
            Path.of(values.text(Setting.DATA)),
            nodeId(),
            actors(),
            listen(services == null),
            services,
            cluster(),
            units(),
            values.duration(Setting.IDEMPOTENCY_TTL, TTL_MIN, TTL_MAX),
            relay(),
            chainKey(),
            new Fees(fee(Setting.FEE, values.text(Setting.FEE)), merchantFees()),
            overdraft(),
            new LimitReader(values).read(),
            risk(),
            connectors.read(),
            journal(),
            log());
    if (!values.faults().isEmpty()) {
      throw new ConfigException(values.faults());
    }
    return config;
  }

  private @Nullable Services services() {
    List<Setting> all = List.of(Setting.POSTGRES_URI, Setting.REDIS_URI, Setting.KAFKA_BOOTSTRAP);
    List<Setting> given = all.stream().filter(one -> values.isSet(one)).toList();
    boolean insecure = values.flag(Setting.INSECURE_DEV);
    if (given.isEmpty()) {
      return null;
    }
    if (!insecure) {
      values.fault(REFUSAL);
    }
    all.stream()
        .filter(one -> !given.contains(one))
        .forEach(one -> values.fault(one, "is missing: configure all three services, or none"));
    PgSettings postgres = given.contains(Setting.POSTGRES_URI) ? postgres() : null;
    RedisUri redis = given.contains(Setting.REDIS_URI) ? redis() : null;
    String kafka = String.join(",", values.hostPorts(Setting.KAFKA_BOOTSTRAP));
    return postgres == null || redis == null ? null : new Services(postgres, redis, kafka);
  }

  private @Nullable PgSettings postgres() {
    try {
      return PgSettings.parse(values.text(Setting.POSTGRES_URI));
    } catch (IllegalArgumentException broken) {
      values.fault(
          Setting.POSTGRES_URI, "must be postgresql://user[:password]@host[:port]/database");
      return null;
    }
  }

  private @Nullable RedisUri redis() {
    String text = values.text(Setting.REDIS_URI);
    try {
      URI uri = URI.create(text);
      if (uri.getHost() != null && Set.of("redis", "rediss").contains(uri.getScheme())) {
        return new RedisUri(text);
      }
    } catch (IllegalArgumentException broken) {
      // The message would quote the password; the fault below says what is expected.
    }
    values.fault(Setting.REDIS_URI, "must be redis://[:password@]host[:port]");
    return null;
  }

  private String nodeId() {
    String text = values.text(Setting.NODE_ID);
    if (text.isBlank()) {
      return defaultNodeId();
    }
    if (!NODE_ID.matcher(text).matches()) {
      values.fault(Setting.NODE_ID, "must be 1 to 64 characters of [a-zA-Z0-9._-]");
    }
    return text;
  }

  /**
   * Unique among live processes: containers share the pid 1, and processes of one host its name.
   */
  private static String defaultNodeId() {
    String host;
    try {
      host = InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException nameless) {
      host = "node";
    }
    String clean = host.replaceAll("[^a-zA-Z0-9._-]", "-");
    return clean.substring(0, Math.min(clean.length(), 50)) + "-" + ProcessHandle.current().pid();
  }

  private Set<Actor> actors() {
    Set<Actor> actors = EnumSet.noneOf(Actor.class);
    for (String name : values.items(Setting.VERTICLES)) {
      Arrays.stream(Actor.values())
          .filter(actor -> actor.name().equalsIgnoreCase(name))
          .findFirst()
          .ifPresentOrElse(
              actors::add,
              () ->
                  values.fault(
                      Setting.VERTICLES,
                      "knows no verticle " + name + ", only relay, ledger, saga, gateway"));
    }
    if (actors.isEmpty()) {
      values.fault(Setting.VERTICLES, "names no verticle");
    }
    return actors;
  }

  private Listen listen(boolean embedded) {
    String host = values.text(Setting.HOST);
    if (embedded && !Set.of("127.0.0.1", "localhost", "::1").contains(host)) {
      values.fault(
          Setting.HOST,
          "is "
              + host
              + ", but the embedded mode is insecure by nature and listens on 127.0.0.1 only");
    }
    Listen listen =
        new Listen(
            host,
            values.port(Setting.GRPC_PORT),
            values.port(Setting.OPERATIONS_PORT),
            values.port(Setting.HTTP_PORT));
    List<Integer> fixed =
        List.of(listen.grpcPort(), listen.operationsPort(), listen.httpPort()).stream()
            .filter(port -> port > 0)
            .toList();
    if (Set.copyOf(fixed).size() < fixed.size()) {
      values.fault("grpc.port, operations.port and http.port must differ, are " + fixed);
    }
    return listen;
  }

  private Cluster cluster() {
    String host = values.text(Setting.CLUSTER_HOST);
    List<String> members = values.hostPorts(Setting.CLUSTER_MEMBERS);
    MemberIdentity identity = memberIdentity();
    if (!NetUtil.isValidIpV4Address(host) && !NetUtil.isValidIpV6Address(host)) {
      values.fault(Setting.CLUSTER_HOST, "must be an IP address, is " + host);
    }
    if (identity == null) {
      beyondThisHost(Setting.CLUSTER_HOST, host);
      members.forEach(
          member ->
              beyondThisHost(
                  Setting.CLUSTER_MEMBERS, member.substring(0, member.lastIndexOf(':'))));
    }
    return new Cluster(
        values.flag(Setting.CLUSTER), host, values.port(Setting.CLUSTER_PORT), members, identity);
  }

  private void beyondThisHost(Setting setting, String host) {
    if (!host.equals(Setting.CLUSTER_HOST.standard())) {
      values.fault(
          setting,
          "names "
              + host
              + ": beyond "
              + Setting.CLUSTER_HOST.standard()
              + " the bus is encrypted, which takes cluster.certificate, cluster.key and"
              + " cluster.authority");
    }
  }

  private @Nullable MemberIdentity memberIdentity() {
    List<Setting> all =
        List.of(Setting.CLUSTER_CERTIFICATE, Setting.CLUSTER_KEY, Setting.CLUSTER_AUTHORITY);
    if (all.stream().noneMatch(values::isSet)) {
      return null;
    }
    all.forEach(
        setting -> {
          if (!values.isSet(setting)) {
            values.fault(setting, "is missing: configure all three files, or none");
          } else if (!Files.isReadable(Path.of(values.text(setting)))) {
            values.fault(setting, "cannot be read: " + values.text(setting));
          }
        });
    return new MemberIdentity(
        Path.of(values.text(Setting.CLUSTER_CERTIFICATE)),
        Path.of(values.text(Setting.CLUSTER_KEY)),
        Path.of(values.text(Setting.CLUSTER_AUTHORITY)));
  }

  private ShardSettings units() {
    ShardSettings standard = ShardSettings.defaults();
    int shards = values.number(Setting.PAYMENT_SHARDS, 1, 1024);
    int lanes = values.number(Setting.LEDGER_LANES, 1, 1024);
    int slots = values.number(Setting.RELAY_SLOTS, 1, 64);
    Duration lease = values.duration(Setting.LEASE, LEASE_MIN, LEASE_MAX);
    return new ShardSettings(shards, lanes, slots, lease, lease.dividedBy(6), standard.drain());
  }

  private Relay relay() {
    return new Relay(
        values.choice(Setting.RELAY_MODE, Mode.class, Mode.EXACTLY_ONCE),
        values.text(Setting.RELAY_REPLICATION_SLOT),
        values.duration(Setting.OUTBOX_RETENTION, Duration.ofDays(7), Duration.ofDays(36_500)));
  }

  private @Nullable SecretKey chainKey() {
    String text = values.text(Setting.LEDGER_CHAIN_KEY);
    if (text.isBlank()) {
      return null;
    }
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    if (bytes.length < CHAIN_KEY_MIN) {
      values.fault(Setting.LEDGER_CHAIN_KEY, "must have at least " + CHAIN_KEY_MIN + " characters");
    }
    return new SecretKeySpec(bytes, "HmacSHA256");
  }

  private Map<String, Fee> merchantFees() {
    Map<String, Fee> fees = new HashMap<>();
    for (String item : values.items(Setting.FEES)) {
      String[] parts = item.split("=", 2);
      fees.put(parts[0].strip(), fee(Setting.FEES, parts.length < 2 ? item : parts[1]));
    }
    return fees;
  }

  private Set<String> overdraft() {
    List<String> merchants = values.items(Setting.MERCHANTS_OVERDRAFT);
    for (String merchant : merchants) {
      if (!MERCHANT.matcher(merchant).matches()) {
        values.fault(
            Setting.MERCHANTS_OVERDRAFT, "must be merchants such as acme,globex, has " + merchant);
      }
    }
    return Set.copyOf(merchants);
  }

  private Fee fee(Setting setting, String text) {
    Matcher parts = FEE.matcher(text.strip());
    if (parts.matches()) {
      try {
        return new Fee(Integer.parseInt(parts.group(1)), Long.parseLong(parts.group(2)));
      } catch (IllegalArgumentException tooMuch) {
        // Told below.
      }
    }
    values.fault(setting, "must be a fee such as 150bp+25 (at most 10000bp), has " + text);
    return Fee.NONE;
  }

  private @Nullable RiskTerms risk() {
    Duration deadline =
        values.duration(Setting.RISK_DEADLINE, Duration.ofMillis(10), Duration.ofSeconds(10));
    int calls = values.number(Setting.RISK_CONCURRENCY, 1, 100_000);
    String silent = values.text(Setting.RISK_SILENT);
    String address = values.text(Setting.RISK_ADDRESS);
    if (address.isBlank()) {
      if (!silent.isBlank()) {
        values.fault(Setting.RISK_SILENT, "is about a risk service, but risk.address is missing");
      }
      return null;
    }
    if (!Set.of("allow", "decline").contains(silent)) {
      values.fault(Setting.RISK_SILENT, "must be allow or decline: what a missing verdict means");
    }
    if (!Values.isHostPort(address)) {
      values.fault(Setting.RISK_ADDRESS, "must be host:port, is " + address);
      return null;
    }
    String host = address.substring(0, address.indexOf(':'));
    if (!ConnectorReader.LOOPBACK.contains(host) && !values.flag(Setting.INSECURE_DEV)) {
      values.fault(Setting.RISK_ADDRESS, ConnectorReader.NO_TLS);
    }
    int port = Integer.parseInt(address.substring(address.indexOf(':') + 1));
    return new RiskTerms(host, Math.max(1, port), deadline, silent.equals("allow"), calls);
  }

  private Path journal() {
    String text = values.text(Setting.SIMULATOR_JOURNAL);
    return text.isBlank()
        ? Path.of(values.text(Setting.DATA)).resolve("simulator").resolve("journal.tsv")
        : Path.of(text);
  }

  private Log log() {
    String file = values.text(Setting.LOG_FILE);
    return new Log(
        file.isBlank() ? null : Path.of(file),
        values.choice(Setting.LOG_FORMAT, Log.Format.class, Log.Format.AUTO),
        values.choice(Setting.LOG_LEVEL, Log.Level.class, Log.Level.INFO));
  }
}
