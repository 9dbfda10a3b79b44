package dev.ducat.kernel.sql;

import io.vertx.pgclient.PgConnectOptions;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Where Postgres is and who we are there.
 *
 * @param password absent where the server trusts the connection (the embedded one on loopback)
 */
public record PgSettings(
    String host, int port, String database, String user, @Nullable String password) {

  /** Statements a lane may have on the wire at once: a whole transaction, with room. */
  private static final int PIPELINE_MAX = 64;

  /** Distinct statements per connection are a few dozen; the cache must never evict one of them. */
  private static final int STATEMENT_CACHE_MAX = 256;

  /**
   * Below the lease of 6 s, so that an owner that is paused inside a transaction loses its locks
   * before its successor needs them.
   */
  private static final Duration TRANSACTION_MAX = Duration.ofSeconds(2);

  /**
   * Reads {@code postgresql://user:password@host:port/database}.
   *
   * @throws IllegalArgumentException when it is not such a URI
   */
  public static PgSettings parse(String text) {
    URI uri = URI.create(text);
    String scheme = uri.getScheme();
    String userInfo = uri.getRawUserInfo();
    String path = uri.getPath();
    if (!("postgresql".equals(scheme) || "postgres".equals(scheme))
        || uri.getHost() == null
        || userInfo == null
        || path == null
        || path.length() < 2) {
      // The text may hold a password: it is not repeated.
      throw new IllegalArgumentException(
          "expected postgresql://user[:password]@host[:port]/database");
    }
    int colon = userInfo.indexOf(':');
    String user = decode(colon < 0 ? userInfo : userInfo.substring(0, colon));
    String password = colon < 0 ? null : decode(userInfo.substring(colon + 1));
    int port = uri.getPort() < 0 ? 5432 : uri.getPort();
    return new PgSettings(uri.getHost(), port, path.substring(1), user, password);
  }

  /** Options for a connection in a role, see {@link DatabaseRole}. */
  public PgConnectOptions forQueries(String applicationName, DatabaseRole role) {
    return forQueries(applicationName).addProperty("role", role.sqlName());
  }

  /** Options for a connection with all rights of the user who logs in. */
  public PgConnectOptions forQueries(String applicationName) {
    PgConnectOptions options =
        new PgConnectOptions()
            .setHost(host)
            .setPort(port)
            .setDatabase(database)
            .setUser(user)
            .setCachePreparedStatements(true)
            .setPreparedStatementCacheMaxSize(STATEMENT_CACHE_MAX)
            .setPipeliningLimit(PIPELINE_MAX)
            .addProperty("application_name", applicationName)
            .addProperty("statement_timeout", "10000");
    if (password != null) {
      options.setPassword(password);
    }
    return options;
  }

  /**
   * Options for a lane's own connection. Its statements join small arrays with indexed tables; on
   * fresh tables without statistics the planner would choose sequential scans and keep them in the
   * cached plan, so those are off.
   */
  public PgConnectOptions forLanes(String applicationName) {
    String max = Long.toString(TRANSACTION_MAX.toMillis());
    return forQueries(applicationName, DatabaseRole.WRITER)
        .addProperty("lock_timeout", max)
        .addProperty("transaction_timeout", max)
        .addProperty("idle_in_transaction_session_timeout", max)
        .addProperty("enable_hashjoin", "off")
        .addProperty("enable_mergejoin", "off")
        .addProperty("enable_seqscan", "off")
        .addProperty("plan_cache_mode", "force_generic_plan");
  }

  /** The same server for JDBC. */
  public String jdbcUrl() {
    return "jdbc:postgresql://" + host + ":" + port + "/" + database;
  }

  @Override
  public String toString() {
    String secret = password == null ? "" : ":***";
    return "postgresql://" + user + secret + "@" + host + ":" + port + "/" + database;
  }

  private static String decode(String text) {
    return URLDecoder.decode(text, StandardCharsets.UTF_8);
  }
}
