package dev.ducat.launcher.node;

import dev.ducat.gateway.GatewaySettings;
import dev.ducat.gateway.GatewayVerticle;
import dev.ducat.kernel.node.Node;
import dev.ducat.kernel.shard.UnitKind;
import dev.ducat.launcher.config.Actor;
import dev.ducat.launcher.config.NodeConfig;
import dev.ducat.launcher.config.NodeConfig.Services;
import dev.ducat.ledger.LedgerSettings;
import dev.ducat.ledger.LedgerVerticle;
import dev.ducat.relay.RelaySettings;
import dev.ducat.relay.RelayVerticle;
import dev.ducat.saga.SagaSettings;
import dev.ducat.saga.SagaVerticle;
import io.vertx.core.Deployable;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import javax.crypto.SecretKey;
import org.jspecify.annotations.Nullable;

/** The one place that knows each verticle: how it is made and which units it serves. */
final class House {
  private final Vertx vertx;
  private final Node node;
  private final NodeConfig config;
  private final Services services;
  private final Map<Actor, String> deployments = new EnumMap<>(Actor.class);
  private @Nullable GatewayVerticle gateway;

  House(Vertx vertx, Node node, NodeConfig config, Services services) {
    this.vertx = vertx;
    this.node = node;
    this.config = config;
    this.services = services;
  }

  /** The units with a bus address of their own that these actors serve. */
  static Set<UnitKind> unitsOf(Set<Actor> actors) {
    Set<UnitKind> kinds = EnumSet.noneOf(UnitKind.class);
    for (Actor actor : actors) {
      switch (actor) {
        case LEDGER -> kinds.add(UnitKind.LEDGER_LANE);
        case SAGA -> kinds.add(UnitKind.PAYMENT_SHARD);
        case RELAY, GATEWAY -> {
          // A slot is asked nothing over the bus, and a gateway owns nothing.
        }
      }
    }
    return kinds;
  }

  /** Deploys a verticle; done when its consumers are registered. */
  Future<Void> open(Actor actor) {
    return vertx
        .deployVerticle(verticle(actor))
        .onSuccess(id -> deployments.put(actor, id))
        .mapEmpty();
  }

  /** Undeploys it; done when its work in flight is. */
  Future<Void> close(Actor actor) {
    String id = deployments.remove(actor);
    return id == null ? Future.succeededFuture() : vertx.undeploy(id);
  }

  /** The public port, once the gateway is open. */
  int grpcPort() {
    return Objects.requireNonNull(gateway, "there is no gateway here").port();
  }

  /** The operators' port, once the gateway is open. */
  int operationsPort() {
    return Objects.requireNonNull(gateway, "there is no gateway here").operationsPort();
  }

  private Deployable verticle(Actor actor) {
    return switch (actor) {
      case RELAY -> new RelayVerticle(node, relay());
      case LEDGER -> new LedgerVerticle(node, ledger());
      case SAGA -> new SagaVerticle(node, saga(), config.connectors().remotes());
      case GATEWAY -> {
        GatewayVerticle made = new GatewayVerticle(node, gateway());
        gateway = made;
        yield made;
      }
    };
  }

  private RelaySettings relay() {
    return RelaySettings.defaults(services.kafkaBootstrap())
        .withMode(config.relay().mode())
        .withRetention(config.relay().retention(), config.relay().replicationSlot());
  }

  private LedgerSettings ledger() {
    SecretKey key = config.chainKey();
    LedgerSettings settings =
        key == null ? LedgerSettings.development() : LedgerSettings.defaults(key);
    return settings.withOverdraft(config.overdraft());
  }

  private SagaSettings saga() {
    return SagaSettings.defaults(config.simulatorJournal())
        .withFees(config.fees().standard(), config.fees().byMerchant())
        .withLimits(config.limits())
        .withKeyLife(config.keyLife())
        .withRisk(config.risk())
        .withConnectors(config.connectors().terms(), config.connectors().standard());
  }

  private GatewaySettings gateway() {
    return GatewaySettings.defaults()
        .withAddress(
            config.listen().host(), config.listen().grpcPort(), config.listen().operationsPort())
        .withRedis(Optional.of(services.redis().uri()))
        .withKeyLife(config.keyLife())
        .withConnectors(config.connectors().names());
  }
}
