package dev.ducat.launcher.cli;

import dev.ducat.launcher.config.NodeConfig;
import dev.ducat.launcher.node.DucatNode;
import dev.ducat.launcher.node.Foundation;
import dev.ducat.launcher.node.ReadyInfo;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** A node with its foundation, closed once whoever closes it first: the command or a signal. */
final class RunningNode implements AutoCloseable {
  private final NodeConfig config;
  private final boolean fresh;
  private @Nullable Foundation foundation;
  private @Nullable DucatNode node;
  private boolean closed;

  RunningNode(NodeConfig config, boolean fresh) {
    this.config = config;
    this.fresh = fresh;
  }

  /** Starts both and waits until everything serves. */
  ReadyInfo start(Duration limit) {
    Foundation laid = Foundation.lay(config, fresh, false);
    DucatNode started;
    synchronized (this) {
      foundation = laid;
      if (closed) {
        laid.close();
        throw new IllegalStateException("stopped while starting");
      }
      started = DucatNode.start(config, laid);
      node = started;
    }
    started.awaitReady(limit);
    return started.info();
  }

  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    try {
      Files.deleteIfExists(ReadyInfo.fileOf(config.data(), config.nodeId()));
    } catch (IOException stays) {
      // It names a dead process; readers notice.
    }
    if (node != null) {
      node.close();
    }
    if (foundation != null) {
      foundation.close();
    }
  }
}
