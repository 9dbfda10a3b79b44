package dev.ducat.launcher.cli;

import dev.ducat.launcher.config.ConfigException;
import dev.ducat.launcher.config.NodeConfig.Listen;
import dev.ducat.launcher.config.Setting;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** Looks at the ports before anything is started: the commonest reason why a start fails. */
final class TakenPorts {
  private TakenPorts() {}

  /**
   * Refuses ports that somebody listens on.
   *
   * @throws ConfigException naming all of them
   */
  static void check(Listen listen) {
    Map<Setting, Integer> ports = new EnumMap<>(Setting.class);
    ports.put(Setting.GRPC_PORT, listen.grpcPort());
    ports.put(Setting.OPERATIONS_PORT, listen.operationsPort());
    ports.put(Setting.HTTP_PORT, listen.httpPort());
    List<String> taken =
        ports.entrySet().stream()
            .filter(entry -> entry.getValue() > 0 && isTaken(listen.host(), entry.getValue()))
            .map(
                entry ->
                    "%s: port %d is taken by another process; choose another, or 0 for any free one"
                        .formatted(entry.getKey().key(), entry.getValue()))
            .toList();
    if (!taken.isEmpty()) {
      throw new ConfigException(taken);
    }
  }

  private static boolean isTaken(String host, int port) {
    try (ServerSocket socket = new ServerSocket()) {
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress(host, port));
      return false;
    } catch (IOException taken) {
      return true;
    }
  }
}
