package dev.ducat.relay;

import dev.ducat.kernel.bus.Registration;
import dev.ducat.kernel.node.Node;
import dev.ducat.kernel.shard.Lease;
import dev.ducat.kernel.shard.ShardSettings;
import dev.ducat.kernel.shard.UnitKind;
import dev.ducat.kernel.shard.UnitOwner;
import dev.ducat.proto.internal.v1.DeadEventsQuery;
import dev.ducat.proto.internal.v1.Doorbell;
import dev.ducat.proto.internal.v1.RelayQuery;
import dev.ducat.proto.internal.v1.SlotQuery;
import dev.ducat.relay.SlotSession.Setting;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Relays the outbox to Kafka: one {@link RelaySlot} for each slot this process has leased. */
public final class RelayVerticle extends VerticleBase implements UnitOwner {
  private final Node node;
  private final RelaySettings settings;
  private final ShardSettings shards;
  private final Map<Integer, RelaySlot> slots = new ConcurrentHashMap<>();
  private @Nullable KafkaSetup kafka;
  private @Nullable Retention retention;
  private final List<Registration> served = new CopyOnWriteArrayList<>();
  private final Map<Lease, Registration> told = new ConcurrentHashMap<>();

  public RelayVerticle(Node node, RelaySettings settings) {
    this.node = node;
    this.settings = settings;
    this.shards = node.leases().settings();
  }

  /** Completes although Kafka may be down: payments do not wait for it. */
  @Override
  public Future<?> start() {
    Retention kept = new Retention(vertx, node, settings);
    retention = kept;
    kept.start();
    RelayQueries queries = new RelayQueries(node, settings.mode());
    return Future.all(
            node.bus()
                .serve(
                    RelayQueries.ADDRESS,
                    RelayQuery.getDefaultInstance(),
                    query -> queries.answer())
                .onSuccess(served::add),
            node.bus()
                .serve(
                    RelayQueries.DEAD_ADDRESS,
                    DeadEventsQuery.getDefaultInstance(),
                    queries::answer)
                .onSuccess(served::add))
        .compose(
            done ->
                settings.mode() == RelaySettings.Mode.EXTERNAL
                    ? Future.succeededFuture()
                    : relay());
  }

  private Future<?> relay() {
    return vertx
        .executeBlocking(() -> new KafkaSetup(settings, shards.relaySlots()))
        .compose(
            created -> {
              kafka = created;
              return node.bus().listen("relay.doorbell", Doorbell.getDefaultInstance(), this::ring);
            })
        .onSuccess(
            registered -> {
              served.add(registered);
              node.leases().serve(UnitKind.RELAY_SLOT, this);
            });
  }

  @Override
  public Future<?> stop() {
    KafkaSetup connected = kafka;
    Retention kept = retention;
    if (kept != null) {
      kept.stop();
    }
    return node.leases()
        .withdraw(UnitKind.RELAY_SLOT)
        .eventually(() -> Future.join(served.stream().map(Registration::close).toList()))
        .eventually(
            () ->
                vertx.executeBlocking(
                    () -> {
                      if (connected != null) {
                        connected.close();
                      }
                      return null;
                    }));
  }

  /** The slots of this process as of now. */
  public List<SlotStatus> status() {
    return slots.values().stream().map(RelaySlot::status).toList();
  }

  @Override
  public Future<Void> acquired(Lease lease) {
    List<String> streams = Positions.streamsOf(lease.unit(), shards);
    KafkaSetup connected = kafka;
    if (connected != null) {
      RelaySlot slot = new RelaySlot(new Setting(vertx, node, settings, connected), lease, streams);
      slots.put(lease.unit(), slot);
      slot.start();
      return tell(lease, slot);
    }
    return Future.succeededFuture();
  }

  /** Serves the slot's address for as long as the lease lasts; relaying does not depend on it. */
  private Future<Void> tell(Lease lease, RelaySlot slot) {
    return node.bus()
        .serve(
            lease.address(),
            SlotQuery.getDefaultInstance(),
            query ->
                query.hasRedrive()
                    ? slot.redrive(query.getRedrive())
                    : Future.succeededFuture(slot.told()))
        .onSuccess(
            registered -> {
              told.put(lease, registered);
              if (slots.get(lease.unit()) != slot) {
                untell(lease);
              }
            })
        .<Void>mapEmpty()
        .otherwiseEmpty();
  }

  private void untell(Lease lease) {
    Registration registered = told.remove(lease);
    if (registered != null) {
      registered.close();
    }
  }

  /**
   * Lets the transaction in hand end; what is open after the drain time is aborted by the next
   * owner.
   */
  @Override
  public Future<Void> leaving(Lease lease) {
    RelaySlot slot = slots.get(lease.unit());
    if (slot == null || slot.lease() != lease) {
      return Future.succeededFuture();
    }
    slots.remove(lease.unit(), slot);
    untell(lease);
    return slot.stop().timeout(shards.drain().toMillis(), TimeUnit.MILLISECONDS);
  }

  @Override
  public void lost(Lease lease) {
    RelaySlot slot = slots.get(lease.unit());
    if (slot != null && slot.lease() == lease) {
      slots.remove(lease.unit(), slot);
      untell(lease);
      // Its transaction in hand cannot commit: the lease is not trusted, and the next owner fences
      // the producers.
      slot.stop();
    }
  }

  private void ring(Doorbell news) {
    for (String stream : news.getStreamsList()) {
      RelaySlot slot = slots.get(Positions.slotOf(stream, shards));
      if (slot != null) {
        slot.ring(stream);
      }
    }
  }
}
