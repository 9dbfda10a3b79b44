package dev.ducat.launcher.config;

import dev.ducat.kernel.shard.ShardSettings;
import dev.ducat.kernel.sql.PgSettings;
import dev.ducat.launcher.config.NodeConfig.Cluster;
import dev.ducat.launcher.config.NodeConfig.Fees;
import dev.ducat.launcher.config.NodeConfig.Listen;
import dev.ducat.launcher.config.NodeConfig.Log;
import dev.ducat.launcher.config.NodeConfig.RedisUri;
import dev.ducat.launcher.config.NodeConfig.Services;
import dev.ducat.saga.Fee;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
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
  private static final Pattern HOST_PORT = Pattern.compile("[^:/@\\s]+:([0-9]{1,5})");
  private static final Pattern DURATION = Pattern.compile("([0-9]{1,9})(ms|s|m)");
  private static final Pattern FEE = Pattern.compile("([0-9]{1,5})bp\\+([0-9]{1,12})");
  private static final int CHAIN_KEY_MIN = 32;
  private static final int PORT_MAX = 65_535;

  /** Below it a garbage collection would cost ownership. */
  private static final Duration LEASE_MIN = Duration.ofSeconds(2);

  private static final Duration LEASE_MAX = Duration.ofMinutes(1);

  private static final String REFUSAL =
      "real services are configured, and on those Ducat serves only with TLS and token verification,"
          + " which this version does not have yet; --insecure-dev (insecure-dev: true) serves without"
          + " either, for development on a network you trust";

  private final Settings settings;
  private final List<String> faults;

  ConfigReader(Settings settings) {
    this.settings = settings;
    this.faults = new ArrayList<>(settings.faults());
  }

  NodeConfig read() {
    Services services = services();
    NodeConfig config =
        new NodeConfig(
            Path.of(settings.text(Setting.DATA)),
            nodeId(),
            actors(),
            listen(services == null),
            services,
            cluster(),
            units(),
            chainKey(),
            new Fees(fee(Setting.FEE, settings.text(Setting.FEE)), merchantFees()),
            journal(),
            log());
    if (!faults.isEmpty()) {
      throw new ConfigException(faults);
    }
    return config;
  }

  private @Nullable Services services() {
    List<Setting> all = List.of(Setting.POSTGRES_URI, Setting.REDIS_URI, Setting.KAFKA_BOOTSTRAP);
    List<Setting> given = all.stream().filter(one -> !settings.text(one).isBlank()).toList();
    boolean insecure = flag(Setting.INSECURE_DEV);
    if (given.isEmpty()) {
      return null;
    }
    if (!insecure) {
      faults.add(REFUSAL);
    }
    all.stream()
        .filter(one -> !given.contains(one))
        .forEach(one -> fault(one, "is missing: configure all three services, or none"));
    PgSettings postgres = given.contains(Setting.POSTGRES_URI) ? postgres() : null;
    RedisUri redis = given.contains(Setting.REDIS_URI) ? redis() : null;
    String kafka = String.join(",", hostPorts(Setting.KAFKA_BOOTSTRAP));
    return postgres == null || redis == null ? null : new Services(postgres, redis, kafka);
  }

  private @Nullable PgSettings postgres() {
    try {
      return PgSettings.parse(settings.text(Setting.POSTGRES_URI));
    } catch (IllegalArgumentException broken) {
      fault(Setting.POSTGRES_URI, "must be postgresql://user[:password]@host[:port]/database");
      return null;
    }
  }

  private @Nullable RedisUri redis() {
    String text = settings.text(Setting.REDIS_URI);
    try {
      URI uri = URI.create(text);
      if (uri.getHost() != null && Set.of("redis", "rediss").contains(uri.getScheme())) {
        return new RedisUri(text);
      }
    } catch (IllegalArgumentException broken) {
      // The message would quote the password; the fault below says what is expected.
    }
    fault(Setting.REDIS_URI, "must be redis://[:password@]host[:port]");
    return null;
  }

  private String nodeId() {
    String text = settings.text(Setting.NODE_ID);
    if (text.isBlank()) {
      return defaultNodeId();
    }
    if (!NODE_ID.matcher(text).matches()) {
      fault(Setting.NODE_ID, "must be 1 to 64 characters of [a-zA-Z0-9._-]");
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
    for (String name : items(Setting.VERTICLES)) {
      Arrays.stream(Actor.values())
          .filter(actor -> actor.name().equalsIgnoreCase(name))
          .findFirst()
          .ifPresentOrElse(
              actors::add,
              () ->
                  fault(
                      Setting.VERTICLES,
                      "knows no verticle " + name + ", only relay, ledger, saga, gateway"));
    }
    if (actors.isEmpty()) {
      fault(Setting.VERTICLES, "names no verticle");
    }
    return actors;
  }

  private Listen listen(boolean embedded) {
    String host = settings.text(Setting.HOST);
    if (embedded && !Set.of("127.0.0.1", "localhost", "::1").contains(host)) {
      fault(
          Setting.HOST,
          "is "
              + host
              + ", but the embedded mode is insecure by nature and listens on 127.0.0.1 only");
    }
    Listen listen =
        new Listen(
            host, port(Setting.GRPC_PORT), port(Setting.OPERATIONS_PORT), port(Setting.HTTP_PORT));
    List<Integer> fixed =
        List.of(listen.grpcPort(), listen.operationsPort(), listen.httpPort()).stream()
            .filter(port -> port > 0)
            .toList();
    if (Set.copyOf(fixed).size() < fixed.size()) {
      faults.add("grpc.port, operations.port and http.port must differ, are " + fixed);
    }
    return listen;
  }

  private Cluster cluster() {
    List<String> members = hostPorts(Setting.CLUSTER_MEMBERS);
    if (!members.stream().allMatch(member -> member.startsWith(Cluster.HOST + ":"))) {
      fault(
          Setting.CLUSTER_MEMBERS,
          "names other hosts: between hosts the bus needs encryption, which this version does not"
              + " have yet; members are at "
              + Cluster.HOST);
    }
    return new Cluster(flag(Setting.CLUSTER), port(Setting.CLUSTER_PORT), members);
  }

  private ShardSettings units() {
    ShardSettings standard = ShardSettings.defaults();
    int shards = number(Setting.PAYMENT_SHARDS, 1, 1024);
    int lanes = number(Setting.LEDGER_LANES, 1, 1024);
    int slots = number(Setting.RELAY_SLOTS, 1, 64);
    Duration lease = lease();
    return new ShardSettings(shards, lanes, slots, lease, lease.dividedBy(6), standard.drain());
  }

  private Duration lease() {
    Matcher parts = DURATION.matcher(settings.text(Setting.LEASE));
    if (parts.matches()) {
      long count = Long.parseLong(parts.group(1));
      Duration lease =
          switch (parts.group(2)) {
            case "ms" -> Duration.ofMillis(count);
            case "s" -> Duration.ofSeconds(count);
            default -> Duration.ofMinutes(count);
          };
      if (lease.compareTo(LEASE_MIN) >= 0 && lease.compareTo(LEASE_MAX) <= 0) {
        return lease;
      }
    }
    fault(Setting.LEASE, "must be a time from 2s to 1m, such as 6s");
    return ShardSettings.defaults().lease();
  }

  private @Nullable SecretKey chainKey() {
    String text = settings.text(Setting.LEDGER_CHAIN_KEY);
    if (text.isBlank()) {
      return null;
    }
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    if (bytes.length < CHAIN_KEY_MIN) {
      fault(Setting.LEDGER_CHAIN_KEY, "must have at least " + CHAIN_KEY_MIN + " characters");
    }
    return new SecretKeySpec(bytes, "HmacSHA256");
  }

  private Map<String, Fee> merchantFees() {
    Map<String, Fee> fees = new HashMap<>();
    for (String item : items(Setting.FEES)) {
      String[] parts = item.split("=", 2);
      fees.put(parts[0].strip(), fee(Setting.FEES, parts.length < 2 ? item : parts[1]));
    }
    return fees;
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
    fault(setting, "must be a fee such as 150bp+25 (at most 10000bp), has " + text);
    return Fee.NONE;
  }

  private Path journal() {
    String text = settings.text(Setting.SIMULATOR_JOURNAL);
    return text.isBlank()
        ? Path.of(settings.text(Setting.DATA)).resolve("simulator").resolve("journal.tsv")
        : Path.of(text);
  }

  private Log log() {
    String file = settings.text(Setting.LOG_FILE);
    return new Log(
        file.isBlank() ? null : Path.of(file),
        choice(Setting.LOG_FORMAT, Log.Format.class, Log.Format.AUTO),
        choice(Setting.LOG_LEVEL, Log.Level.class, Log.Level.INFO));
  }

  private <E extends Enum<E>> E choice(Setting setting, Class<E> type, E otherwise) {
    String text = settings.text(setting);
    for (E one : type.getEnumConstants()) {
      if (one.name().equalsIgnoreCase(text)) {
        return one;
      }
    }
    fault(
        setting,
        "must be one of " + Arrays.toString(type.getEnumConstants()).toLowerCase(Locale.ROOT));
    return otherwise;
  }

  private int port(Setting setting) {
    return number(setting, 0, PORT_MAX);
  }

  private int number(Setting setting, int min, int max) {
    String text = settings.text(setting).strip();
    try {
      int value = Integer.parseInt(text);
      if (value >= min && value <= max) {
        return value;
      }
    } catch (NumberFormatException notANumber) {
      // Told below, with the range.
    }
    fault(setting, "must be a number from " + min + " to " + max + ", is " + text);
    return min;
  }

  private boolean flag(Setting setting) {
    String text = settings.text(setting).toLowerCase(Locale.ROOT);
    if (!text.equals("true") && !text.equals("false")) {
      fault(setting, "must be true or false, is " + text);
    }
    return text.equals("true");
  }

  private List<String> hostPorts(Setting setting) {
    List<String> items = items(setting);
    for (String item : items) {
      Matcher parts = HOST_PORT.matcher(item);
      if (!parts.matches() || Integer.parseInt(parts.group(1)) > PORT_MAX) {
        fault(setting, "must be host:port,host:port, has " + item);
      }
    }
    return items;
  }

  private List<String> items(Setting setting) {
    return Arrays.stream(settings.text(setting).split(",", -1))
        .map(String::strip)
        .filter(item -> !item.isEmpty())
        .toList();
  }

  private void fault(Setting setting, String what) {
    faults.add(settings.named(setting) + " " + what);
  }
}
