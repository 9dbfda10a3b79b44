package dev.ducat.kernel.lane;

import dev.ducat.kernel.sql.PgSettings;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** A wire to Postgres that can lose answers, and deliver requests after their sender is gone. */
final class Wire implements AutoCloseable {
  private final ServerSocket listening = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
  private final int serverPort;
  private final List<Line> lines = new CopyOnWriteArrayList<>();

  /** One connection through the wire. */
  private static final class Line {
    final Socket client;
    final Socket server;
    final ByteArrayOutputStream held = new ByteArrayOutputStream();
    volatile boolean holdsRequests;
    volatile boolean swallowsAnswers;
    volatile boolean clientIsGone;
    final ByteArrayOutputStream answersToGhost = new ByteArrayOutputStream();

    Line(Socket client, Socket server) {
      this.client = client;
      this.server = server;
    }
  }

  Wire(int serverPort) throws IOException {
    this.serverPort = serverPort;
    Thread.ofVirtual().start(this::accept);
  }

  PgSettings settings(PgSettings direct) {
    return new PgSettings(
        "127.0.0.1", listening.getLocalPort(), direct.database(), direct.user(), direct.password());
  }

  void swallowAnswers() {
    lines.forEach(line -> line.swallowsAnswers = true);
  }

  void holdRequests() {
    lines.forEach(line -> line.holdsRequests = true);
  }

  boolean holdsSomething() {
    return lines.stream().anyMatch(line -> heldBytes(line) > 0);
  }

  void cut() throws IOException {
    for (Line line : lines) {
      line.client.close();
      line.server.close();
    }
  }

  /** The client loses its connection; the server's stays, with the requests still on their way. */
  void cutClientSide() throws IOException {
    for (Line line : lines) {
      line.clientIsGone = true;
      line.client.close();
    }
  }

  /** Delivers what was held, and returns what the server says to it. */
  String deliverGhost() throws IOException, InterruptedException {
    StringBuilder answers = new StringBuilder();
    for (Line line : lines) {
      if (heldBytes(line) == 0) {
        continue;
      }
      synchronized (line.held) {
        line.server.getOutputStream().write(line.held.toByteArray());
        line.server.getOutputStream().flush();
      }
      // Every pipelined statement is answered, the refused ones too; COMMIT comes last, answered
      // with ROLLBACK.
      long deadline = System.nanoTime() + 5_000_000_000L;
      synchronized (line.answersToGhost) {
        while (!text(line).contains("ROLLBACK") && System.nanoTime() < deadline) {
          line.answersToGhost.wait(50);
        }
      }
      answers.append(text(line));
      line.server.close();
    }
    return answers.toString();
  }

  private static int heldBytes(Line line) {
    synchronized (line.held) {
      return line.held.size();
    }
  }

  private static String text(Line line) {
    synchronized (line.answersToGhost) {
      return line.answersToGhost.toString(StandardCharsets.ISO_8859_1);
    }
  }

  private void accept() {
    try {
      while (true) {
        Socket client = listening.accept();
        Line line = new Line(client, new Socket(InetAddress.getLoopbackAddress(), serverPort));
        lines.add(line);
        Thread.ofPlatform().daemon().start(() -> requests(line));
        Thread.ofPlatform().daemon().start(() -> answers(line));
      }
    } catch (IOException closed) {
      return;
    }
  }

  private static void requests(Line line) {
    byte[] buffer = new byte[8192];
    try {
      InputStream in = line.client.getInputStream();
      OutputStream out = line.server.getOutputStream();
      for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
        if (line.holdsRequests) {
          synchronized (line.held) {
            line.held.write(buffer, 0, count);
          }
        } else {
          out.write(buffer, 0, count);
        }
      }
    } catch (IOException closed) {
      return;
    }
  }

  private static void answers(Line line) {
    byte[] buffer = new byte[8192];
    try {
      InputStream in = line.server.getInputStream();
      for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
        if (line.clientIsGone) {
          synchronized (line.answersToGhost) {
            line.answersToGhost.write(buffer, 0, count);
            line.answersToGhost.notifyAll();
          }
        } else if (!line.swallowsAnswers) {
          line.client.getOutputStream().write(buffer, 0, count);
        }
      }
    } catch (IOException closed) {
      return;
    }
  }

  @Override
  public void close() throws IOException {
    listening.close();
    cut();
  }
}
