package dev.ducat.launcher.node;

import dev.ducat.embedded.EmbeddedServices;
import dev.ducat.kernel.sql.PgSettings;
import dev.ducat.launcher.config.NodeConfig;
import dev.ducat.launcher.config.NodeConfig.RedisUri;
import dev.ducat.launcher.config.NodeConfig.Services;
import org.jspecify.annotations.Nullable;

/**
 * The services a node stands on: those it was told of, or embedded ones that it starts, or adopts
 * from another process on the same data folder.
 */
public final class Foundation implements AutoCloseable {
  private final Services services;
  private final @Nullable EmbeddedServices embedded;

  private Foundation(Services services, @Nullable EmbeddedServices embedded) {
    this.services = services;
    this.embedded = embedded;
  }

  /**
   * Makes sure that there are services, and blocks until embedded ones answer.
   *
   * @param fresh whether embedded services begin with empty data
   * @param bound whether embedded services started here end with this JVM, however it ends
   * @throws dev.ducat.embedded.EmbeddedServiceException when an embedded service does not come up
   */
  public static Foundation lay(NodeConfig config, boolean fresh, boolean bound) {
    Services configured = config.services();
    if (configured != null) {
      return new Foundation(configured, null);
    }
    EmbeddedServices embedded =
        EmbeddedServices.start(
            EmbeddedServices.Options.in(config.data()).withFresh(fresh).withBoundToJvm(bound));
    return new Foundation(
        new Services(
            PgSettings.parse(embedded.postgres().uri()),
            new RedisUri(embedded.redis().uri()),
            embedded.kafka().bootstrap()),
        embedded);
  }

  /** Where the services are. */
  public Services services() {
    return services;
  }

  /** Stops embedded services unless another process uses them; leaves real ones alone. */
  @Override
  public void close() {
    if (embedded != null) {
      embedded.close();
    }
  }
}
