package dev.ducat.torture.machine;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The network between one node and one service, in user space, so that it can be made bad: bytes of
 * either direction are held and delivered later, or all connections break and none comes about.
 *
 * <p>What was taken from a node is delivered even where the node has hung up meanwhile: that is how
 * a commit runs of which nobody waits for the end any more.
 */
final class Wire implements AutoCloseable {
  /** A direction. */
  enum Way {
    TO_SERVICE,
    TO_NODE
  }

  private static final int BUFFER = 64 * 1024;

  private final ServerSocket door;
  private final int service;
  private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Set<Way> held = EnumSet.noneOf(Way.class);
  private boolean cut;

  private Wire(ServerSocket door, int service) {
    this.door = door;
    this.service = service;
  }

  /** Opens a way to a port of this machine. */
  static Wire to(int service) throws IOException {
    Wire wire = new Wire(new ServerSocket(0, 64, InetAddress.getLoopbackAddress()), service);
    Thread.ofVirtual().name("wire-" + service).start(wire::accept);
    return wire;
  }

  /** Where the node connects to. */
  int port() {
    return door.getLocalPort();
  }

  /** From now on bytes of these directions wait. Nothing is lost, and connections stay open. */
  void hold(Set<Way> ways) {
    change(() -> held.addAll(ways));
  }

  /** Delivers what waits, and goes on. */
  void release() {
    change(held::clear);
  }

  /** Breaks every connection; new ones break at once. */
  void cut() {
    change(() -> cut = true);
    sockets.forEach(Wire::close);
  }

  /** Ends a cut. */
  void mend() {
    change(() -> cut = false);
  }

  private void change(Runnable how) {
    lock.lock();
    try {
      how.run();
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private boolean isCut() {
    lock.lock();
    try {
      return cut;
    } finally {
      lock.unlock();
    }
  }

  private void awaitRelease(Way way) {
    lock.lock();
    try {
      while (held.contains(way)) {
        changed.awaitUninterruptibly();
      }
    } finally {
      lock.unlock();
    }
  }

  private void accept() {
    while (!door.isClosed()) {
      try {
        Socket node = door.accept();
        if (isCut()) {
          close(node);
        } else {
          connect(node);
        }
      } catch (IOException closing) {
        // The door is closed, or this one connection did not come about: the next may.
      }
    }
  }

  private void connect(Socket node) throws IOException {
    try {
      Socket there = new Socket(InetAddress.getLoopbackAddress(), service);
      node.setTcpNoDelay(true);
      there.setTcpNoDelay(true);
      sockets.add(node);
      sockets.add(there);
      if (isCut()) {
        // It came about while everything was being broken.
        close(node);
        close(there);
      }
      Thread.ofVirtual().start(() -> pump(node, there, Way.TO_SERVICE));
      Thread.ofVirtual().start(() -> pump(there, node, Way.TO_NODE));
    } catch (IOException away) {
      close(node);
      throw away;
    }
  }

  private void pump(Socket from, Socket to, Way way) {
    byte[] bytes = new byte[BUFFER];
    try {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      for (int length = in.read(bytes); length >= 0; length = in.read(bytes)) {
        awaitRelease(way);
        write(out, bytes, length, way);
      }
    } catch (IOException broken) {
      // One of the two is gone.
    }
    // The end comes after the bytes before it, as they do.
    awaitRelease(way);
    close(from);
    close(to);
    sockets.remove(from);
    sockets.remove(to);
  }

  /** A node that has hung up hears nothing, but what it sent may still wait to be delivered. */
  private static void write(OutputStream out, byte[] bytes, int length, Way way)
      throws IOException {
    try {
      out.write(bytes, 0, length);
    } catch (IOException deaf) {
      if (way == Way.TO_SERVICE) {
        throw deaf;
      }
    }
  }

  private static void close(Socket socket) {
    try {
      socket.close();
    } catch (IOException ignored) {
      // It is closed all the same.
    }
  }

  @Override
  public void close() {
    try {
      door.close();
    } catch (IOException ignored) {
      // It is closed all the same.
    }
    release();
    sockets.forEach(Wire::close);
  }
}
