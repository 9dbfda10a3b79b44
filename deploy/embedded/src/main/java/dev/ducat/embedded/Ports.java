package dev.ducat.embedded;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.UnknownHostException;
import java.util.concurrent.ThreadLocalRandom;

/** Free ports on the loopback interface. */
final class Ports {
  static final String HOST = "127.0.0.1";

  // Below the range from which Linux (32768) and macOS (49152) take the ports of outgoing
  // connections: a service that is
  // killed and restarted must find its port again, and any client's connection could have taken it
  // meanwhile.
  private static final int LOWEST = 15_000;
  private static final int HIGHEST = 32_000;
  private static final int ATTEMPTS = 500;

  private Ports() {}

  /** A port nobody listens on at this moment. */
  static int free() {
    for (int i = 0; i < ATTEMPTS; i++) {
      int port = ThreadLocalRandom.current().nextInt(LOWEST, HIGHEST);
      if (isFree(port)) {
        return port;
      }
    }
    throw new EmbeddedServiceException(
        "no free port between %d and %d on %s".formatted(LOWEST, HIGHEST, HOST));
  }

  static boolean isFree(int port) {
    try (ServerSocket socket = new ServerSocket()) {
      // As the services do: connections of a predecessor in TIME_WAIT are no obstacle.
      socket.setReuseAddress(true);
      socket.bind(address(port));
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  /** Whether something accepts connections on the port. */
  static boolean isOpen(int port, int timeoutMs) {
    try (Socket socket = new Socket()) {
      socket.connect(address(port), timeoutMs);
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  /**
   * The IPv4 loopback address, whatever a JVM flag may prefer: the services listen there and
   * nowhere else.
   */
  static InetSocketAddress address(int port) {
    try {
      return new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), port);
    } catch (UnknownHostException e) {
      throw new IllegalStateException("four bytes are an IPv4 address", e);
    }
  }
}
