package dev.ducat.launcher.node;

import io.vertx.core.Completable;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.spi.cluster.NodeInfo;
import io.vertx.core.spi.cluster.RegistrationInfo;
import io.vertx.core.spi.cluster.RegistrationListener;
import io.vertx.core.spi.cluster.RegistrationUpdateEvent;
import io.vertx.ext.cluster.infinispan.InfinispanClusterManager;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.infinispan.manager.DefaultCacheManager;
import org.infinispan.notifications.Listener;
import org.infinispan.notifications.cachemanagerlistener.annotation.Merged;
import org.infinispan.notifications.cachemanagerlistener.annotation.ViewChanged;
import org.infinispan.notifications.cachemanagerlistener.event.MergeEvent;
import org.infinispan.notifications.cachemanagerlistener.event.ViewChangedEvent;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Vert.x's cluster manager, which mends what a partition leaves behind.
 *
 * <p>A node that stands still for some seconds is struck off by the others, and when the parts of a
 * split cluster merge, the tables of one part replace those of the other. Nobody tells the nodes:
 * one serves addresses that no one can find any more, another is sent messages for addresses it has
 * given up, and senders go on with what they knew before. So each node remembers what it announced,
 * compares it with the tables every second, and corrects what is there under its name; and for a
 * while after each change of membership it has its senders look again.
 */
final class RejoiningCluster extends InfinispanClusterManager {
  private static final Logger LOG = LoggerFactory.getLogger(RejoiningCluster.class);

  /** The tables are replicated: looking costs no message. */
  private static final Duration LOOK = Duration.ofSeconds(1);

  /** Senders look again this often after a change: longer than a merge takes to settle. */
  private static final int LOOKS_AFTER_CHANGE = 30;

  private final DefaultCacheManager caches;

  /** What this node serves now, by address. */
  private final Map<String, Set<RegistrationInfo>> announced = new ConcurrentHashMap<>();

  /** Addresses that this node has ever served or sent to: as many as there are units. */
  private final Set<String> addresses = ConcurrentHashMap.newKeySet();

  private volatile @Nullable Vertx vertx;
  private volatile @Nullable RegistrationListener senders;
  private volatile boolean joined;

  /** In how many looks from now senders look again. */
  private final AtomicInteger looksLeft = new AtomicInteger();

  private final Changes changes = new Changes();

  RejoiningCluster(DefaultCacheManager caches) {
    super(caches);
    this.caches = caches;
  }

  @Override
  public void init(Vertx owner) {
    super.init(owner);
    vertx = owner;
  }

  @Override
  public synchronized void registrationListener(RegistrationListener listener) {
    super.registrationListener(listener);
    senders = listener;
  }

  @Override
  public void join(Completable<Void> promise) {
    Promise<Void> done = Promise.promise();
    super.join(done);
    done.future()
        .onSuccess(
            nothing -> {
              joined = true;
              caches.addListener(changes);
              lookLater();
            })
        .onComplete(promise);
  }

  @Override
  public void leave(Completable<Void> promise) {
    joined = false;
    caches.removeListener(changes);
    super.leave(promise);
  }

  /** Vert.x was compiled against an older Infinispan, whose way to the members is closed now. */
  @Override
  public List<String> getNodes() {
    return caches.getMembers().stream().map(String::valueOf).toList();
  }

  @Override
  public void addRegistration(
      String address, RegistrationInfo registration, Completable<Void> promise) {
    if (!registration.localOnly()) {
      addresses.add(address);
      servedAt(address).add(registration);
    }
    super.addRegistration(address, registration, promise);
  }

  @Override
  public void removeRegistration(
      String address, RegistrationInfo registration, Completable<Void> promise) {
    servedAt(address).remove(registration);
    super.removeRegistration(address, registration, promise);
  }

  /** Senders come here when they meet an address for the first time. */
  @Override
  public void getRegistrations(String address, Completable<List<RegistrationInfo>> promise) {
    addresses.add(address);
    super.getRegistrations(address, promise);
  }

  private void lookLater() {
    Vertx running = vertx;
    if (joined && running != null) {
      running.setTimer(LOOK.toMillis(), fired -> look().onComplete(done -> lookLater()));
    }
  }

  private Future<Void> look() {
    boolean tellSenders = looksLeft.getAndUpdate(left -> Math.max(0, left - 1)) > 0;
    List<Future<Integer>> looks = new ArrayList<>();
    looks.add(correctMyself());
    addresses.forEach(address -> looks.add(correct(address, tellSenders)));
    return Future.join(looks)
        .transform(
            done -> {
              int corrected =
                  looks.stream().filter(Future::succeeded).mapToInt(Future::result).sum();
              if (corrected > 0) {
                LOG.warn("{} entries of this node in the cluster's tables corrected", corrected);
              }
              return Future.succeededFuture();
            });
  }

  private Future<Integer> correctMyself() {
    NodeInfo own = getNodeInfo();
    if (own == null) {
      return Future.succeededFuture(0);
    }
    Promise<NodeInfo> found = Promise.promise();
    getNodeInfo(getNodeId(), found);
    return found
        .future()
        .map(0)
        .recover(
            missing -> {
              Promise<Void> done = Promise.promise();
              setNodeInfo(own, done);
              return done.future().map(1);
            });
  }

  private Future<Integer> correct(String address, boolean tellSenders) {
    Promise<List<RegistrationInfo>> found = Promise.promise();
    super.getRegistrations(address, found);
    return found
        .future()
        .compose(
            registrations -> {
              RegistrationListener listener = senders;
              if (tellSenders && listener != null && listener.wantsUpdatesFor(address)) {
                listener.registrationsUpdated(new RegistrationUpdateEvent(address, registrations));
              }
              return correct(address, registrations);
            });
  }

  /** Announces what is missing and withdraws what is there and should not be: how many of both. */
  private Future<Integer> correct(String address, List<RegistrationInfo> registrations) {
    Set<RegistrationInfo> served = servedAt(address);
    List<Future<Void>> corrections = new ArrayList<>();
    for (RegistrationInfo each : served) {
      if (!registrations.contains(each)) {
        Promise<Void> done = Promise.promise();
        super.addRegistration(address, each, done);
        corrections.add(done.future());
      }
    }
    for (RegistrationInfo each : registrations) {
      if (each.nodeId().equals(getNodeId()) && !each.localOnly() && !served.contains(each)) {
        Promise<Void> done = Promise.promise();
        super.removeRegistration(address, each, done);
        corrections.add(done.future());
      }
    }
    return corrections.isEmpty()
        ? Future.succeededFuture(0)
        : Future.join(corrections).map(corrections.size());
  }

  private Set<RegistrationInfo> servedAt(String address) {
    return announced.computeIfAbsent(address, none -> ConcurrentHashMap.newKeySet());
  }

  /** Hears of every change of membership. */
  @Listener(sync = false)
  final class Changes {
    @ViewChanged
    public void changed(ViewChangedEvent event) {
      looksLeft.set(LOOKS_AFTER_CHANGE);
    }

    @Merged
    public void merged(MergeEvent event) {
      looksLeft.set(LOOKS_AFTER_CHANGE);
    }
  }
}
