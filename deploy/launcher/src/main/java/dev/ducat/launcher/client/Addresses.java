package dev.ducat.launcher.client;

import dev.ducat.launcher.node.ReadyInfo;
import io.vertx.core.net.SocketAddress;
import java.nio.file.Path;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Where to find a node. */
public final class Addresses {
  private static final Pattern HOST_PORT = Pattern.compile("([^:\\s]+):([0-9]{1,5})");
  private static final SocketAddress STANDARD = SocketAddress.inetSocketAddress(50051, "127.0.0.1");
  private static final SocketAddress STANDARD_OF_OPERATORS =
      SocketAddress.inetSocketAddress(50052, "127.0.0.1");

  private Addresses() {}

  /**
   * Reads {@code host:port}.
   *
   * @throws IllegalArgumentException when it is not that
   */
  public static SocketAddress parse(String text) {
    Matcher parts = HOST_PORT.matcher(text);
    if (!parts.matches() || Integer.parseInt(parts.group(2)) > 65_535) {
      throw new IllegalArgumentException("expected host:port, got " + text);
    }
    return SocketAddress.inetSocketAddress(Integer.parseInt(parts.group(2)), parts.group(1));
  }

  /** The address given, else that of a live node on the data folder, else the standard one. */
  public static SocketAddress find(@Nullable String given, Path data) {
    return find(given, data, ReadyInfo::grpc, STANDARD);
  }

  /** The same for the operators' port. */
  public static SocketAddress findOperations(@Nullable String given, Path data) {
    return find(given, data, ReadyInfo::operations, STANDARD_OF_OPERATORS);
  }

  private static SocketAddress find(
      @Nullable String given,
      Path data,
      Function<ReadyInfo, String> address,
      SocketAddress standard) {
    if (given != null) {
      return parse(given);
    }
    return ReadyInfo.alive(data).stream()
        .map(address)
        .filter(known -> !known.isEmpty())
        .findFirst()
        .map(Addresses::parse)
        .orElse(standard);
  }
}
