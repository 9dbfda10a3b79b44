package dev.ducat.embedded;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.List;

/** Redis without persistence: Ducat keeps nothing there that it cannot do without. */
final class RedisEngine implements Engine {
  private static final int TIMEOUT_MS = 1_000;
  private static final byte[] PING = "PING\r\n".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] PONG = "+PONG\r\n".getBytes(StandardCharsets.US_ASCII);

  @Override
  public List<String> prepare(ServiceHome home, int port) {
    try {
      Files.createDirectories(home.data());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return List.of(
        Binaries.redis().toString(),
        "--bind",
        Ports.HOST,
        "--port",
        Integer.toString(port),
        "--dir",
        home.data().toString(),
        "--save",
        "",
        "--appendonly",
        "no",
        "--daemonize",
        "no");
  }

  @Override
  public boolean answers(int port) {
    try (Socket socket = new Socket()) {
      socket.connect(Ports.address(port), TIMEOUT_MS);
      socket.setSoTimeout(TIMEOUT_MS);
      socket.getOutputStream().write(PING);
      return Arrays.equals(socket.getInputStream().readNBytes(PONG.length), PONG);
    } catch (IOException e) {
      return false;
    }
  }

  @Override
  public String gracefulSignal() {
    return "TERM";
  }

  @Override
  public String abruptSignal() {
    return "KILL";
  }
}
