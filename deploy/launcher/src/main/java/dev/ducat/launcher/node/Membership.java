package dev.ducat.launcher.node;

import dev.ducat.launcher.config.NodeConfig;
import dev.ducat.launcher.config.NodeConfig.Cluster;
import io.vertx.ext.cluster.infinispan.InfinispanClusterManager;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Collectors;
import org.infinispan.configuration.global.GlobalConfigurationBuilder;
import org.infinispan.configuration.parsing.ConfigurationBuilderHolder;
import org.infinispan.configuration.parsing.ParserRegistry;
import org.infinispan.manager.DefaultCacheManager;
import org.infinispan.remoting.transport.jgroups.JGroupsTransport;

/**
 * This process's part in the Vert.x cluster: Infinispan over JGroups TCP. Members are found by the
 * addresses that are configured or announced in the data folder; multicast is not used.
 */
final class Membership implements AutoCloseable {
  // Below the ranges that systems take the ports of outgoing connections from.
  private static final int PORT_LOWEST = 15_000;
  private static final int PORT_HIGHEST = 32_000;
  private static final int PORT_ATTEMPTS = 200;

  private final DefaultCacheManager caches;
  private final Peers peers;

  private Membership(DefaultCacheManager caches, Peers peers) {
    this.caches = caches;
    this.peers = peers;
  }

  /** Joins the cluster, or begins one; blocks until that is done. */
  static Membership join(NodeConfig config) {
    Cluster cluster = config.cluster();
    String host = cluster.host();
    int port = cluster.port() > 0 ? cluster.port() : freePort(host);
    // Nodes of one folder join one after the other: two that begin at the same moment, neither yet
    // reachable, would each begin a cluster of its own.
    try (FileChannel door = openDoor(config.data());
        FileLock turn = door.lock()) {
      Peers peers = Peers.announce(config.data(), config.nodeId(), host + ":" + port);
      Set<String> known = new LinkedHashSet<>(cluster.members());
      known.addAll(peers.addresses());
      try {
        return new Membership(start(config.nodeId(), cluster, port, known), peers);
      } catch (RuntimeException failed) {
        peers.leave();
        throw failed;
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot take turns in " + config.data(), e);
    }
  }

  private static FileChannel openDoor(Path data) throws IOException {
    Files.createDirectories(data);
    return FileChannel.open(
        data.resolve("cluster.lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
  }

  InfinispanClusterManager forVertx() {
    return new RejoiningCluster(caches);
  }

  /** Leaves the cluster. Vert.x must be closed before. */
  @Override
  public void close() {
    peers.leave();
    caches.stop();
  }

  private static DefaultCacheManager start(
      String nodeId, Cluster cluster, int port, Set<String> known) {
    String hosts =
        known.stream()
            .map(address -> address.replaceFirst(":([0-9]+)$", "[$1]"))
            .collect(Collectors.joining(","));
    String xml =
        read("infinispan.xml")
            .replace("@NODE@", nodeId)
            .replace("@HOST@", cluster.host())
            .replace("@PORT@", Integer.toString(port))
            .replace("@MEMBERS@", hosts);
    ConfigurationBuilderHolder holder = new ParserRegistry().parse(xml);
    GlobalConfigurationBuilder global = holder.getGlobalConfigurationBuilder();
    global.classLoader(Membership.class.getClassLoader());
    MembersOnly.sockets(cluster)
        .ifPresent(
            sockets -> global.transport().addProperty(JGroupsTransport.SOCKET_FACTORY, sockets));
    return new DefaultCacheManager(holder, true);
  }

  private static String read(String resource) {
    try (var in = Membership.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IllegalStateException(resource + " is missing");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * A port that nobody listens on now, with the one above it, by which members watch each other.
   */
  private static int freePort(String host) {
    for (int i = 0; i < PORT_ATTEMPTS; i++) {
      int port = ThreadLocalRandom.current().nextInt(PORT_LOWEST, PORT_HIGHEST);
      if (List.of(port, port + 1).stream().allMatch(one -> isFree(host, one))) {
        return port;
      }
    }
    throw new IllegalStateException("no free port on " + host);
  }

  private static boolean isFree(String host, int port) {
    try (ServerSocket socket = new ServerSocket()) {
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress(host, port));
      return true;
    } catch (IOException taken) {
      return false;
    }
  }
}
