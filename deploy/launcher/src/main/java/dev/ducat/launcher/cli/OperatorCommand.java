package dev.ducat.launcher.cli;

import dev.ducat.launcher.client.Addresses;
import io.vertx.core.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/** What the commands of operators share: their own port, and every tenant unless one is named. */
abstract class OperatorCommand extends ClientCommand {
  @Override
  SocketAddress target(@Nullable String given) {
    return Addresses.findOperations(given, data());
  }

  @Override
  String tenantByDefault() {
    return "";
  }
}
