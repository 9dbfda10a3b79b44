package dev.ducat.launcher.config;

import dev.ducat.kernel.shard.ShardSettings;
import dev.ducat.kernel.sql.PgSettings;
import dev.ducat.relay.RelaySettings;
import dev.ducat.saga.ConnectorTerms;
import dev.ducat.saga.Fee;
import dev.ducat.saga.Limits;
import dev.ducat.saga.RiskTerms;
import dev.ducat.saga.connector.RemoteSettings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import javax.crypto.SecretKey;
import org.jspecify.annotations.Nullable;

/**
 * The configuration of one process, checked. Immutable; made once, at start, by {@link #from}.
 *
 * @param data folder of the embedded services, and of what nodes on one host tell each other
 * @param actors the verticles that run here
 * @param services the real services, or null for the embedded ones
 * @param keyLife how long an idempotency key finds its payment, at least
 * @param relay how events get to Kafka
 * @param chainKey key of the ledger's hash chain; null for the one of development
 * @param overdraft merchants whose available funds may go below zero
 * @param limits how large payments may be, and how many there may be
 * @param risk the risk service; null for none
 * @param connectors the ways to PSPs
 * @param simulatorJournal where the simulated PSP keeps what it did; nodes share it
 */
public record NodeConfig(
    Path data,
    String nodeId,
    Set<Actor> actors,
    Listen listen,
    @Nullable Services services,
    Cluster cluster,
    ShardSettings units,
    Duration keyLife,
    Relay relay,
    @Nullable SecretKey chainKey,
    Fees fees,
    Set<String> overdraft,
    Limits limits,
    @Nullable RiskTerms risk,
    Connectors connectors,
    Path simulatorJournal,
    Log log) {

  public NodeConfig {
    actors = Set.copyOf(actors);
    overdraft = Set.copyOf(overdraft);
  }

  /**
   * What this process listens on; port 0 takes any free one.
   *
   * @param host an address of this machine
   */
  public record Listen(String host, int grpcPort, int operationsPort, int httpPort) {}

  /**
   * How events get to Kafka.
   *
   * @param replicationSlot of the program in the relay's place
   * @param retention how long events stay in the outbox
   */
  public record Relay(RelaySettings.Mode mode, String replicationSlot, Duration retention) {}

  /** Where the real services are. Its text shows no password. */
  public record Services(PgSettings postgres, RedisUri redis, String kafkaBootstrap) {}

  /** A Redis URI that does not show its password. */
  public record RedisUri(String uri) {
    @Override
    public String toString() {
      return Redacted.uri(uri);
    }
  }

  /**
   * The Vert.x cluster.
   *
   * @param host by which others reach this member
   * @param port of its membership protocol; 0 takes any free one
   * @param members {@code host:port} of others; empty when they are found through the data folder
   * @param identity what members prove to each other; null only where all of them are on one host
   */
  public record Cluster(
      boolean enabled,
      String host,
      int port,
      List<String> members,
      @Nullable MemberIdentity identity) {
    public Cluster {
      members = List.copyOf(members);
    }
  }

  /**
   * Whoever holds a certificate of the authority is a member, and may say anything on the bus.
   *
   * @param certificate PEM, with its chain
   * @param key PEM, PKCS #8
   * @param authority PEM
   */
  public record MemberIdentity(Path certificate, Path key, Path authority) {}

  /**
   * What merchants pay.
   *
   * @param standard for those that are not named
   */
  public record Fees(Fee standard, Map<String, Fee> byMerchant) {
    public Fees {
      byMerchant = Map.copyOf(byMerchant);
    }
  }

  /**
   * The ways to PSPs.
   *
   * @param standard taken where a payment names none
   * @param terms of every connector, by its name
   * @param remotes those of them that are a {@code ConnectorService} elsewhere
   */
  public record Connectors(
      String standard, Map<String, ConnectorTerms> terms, Map<String, RemoteSettings> remotes) {
    public Connectors {
      terms = Map.copyOf(terms);
      remotes = Map.copyOf(remotes);
    }

    /** Their names, the standard one first. */
    public List<String> names() {
      List<String> others =
          terms.keySet().stream().filter(name -> !name.equals(standard)).sorted().toList();
      List<String> names = new ArrayList<>(List.of(standard));
      names.addAll(others);
      return names;
    }
  }

  /**
   * The log.
   *
   * @param file null for standard output
   */
  public record Log(@Nullable Path file, Format format, Level level) {
    public enum Format {
      AUTO,
      TEXT,
      JSON
    }

    public enum Level {
      ERROR,
      WARN,
      INFO,
      DEBUG
    }
  }

  /** Whether the services are Ducat's own, on this machine. */
  public boolean embedded() {
    return services == null;
  }

  /**
   * Checks the settings.
   *
   * @throws ConfigException naming every fault
   */
  public static NodeConfig from(Settings settings) {
    return new ConfigReader(settings).read();
  }
}
