package dev.ducat.torture.machine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.util.EnumSet;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The wire loses nothing while it holds, and breaks what it cuts. */
final class WireTest {
  private static final int NOTHING_COMES_MS = 200;

  private final ServerSocket service = new ServerSocket(0, 8, InetAddress.getLoopbackAddress());
  private final Wire wire = Wire.to(service.getLocalPort());

  WireTest() throws IOException {}

  @AfterEach
  void close() throws IOException {
    wire.close();
    service.close();
  }

  private Socket node() throws IOException {
    return new Socket(InetAddress.getLoopbackAddress(), wire.port());
  }

  private static boolean nothingComes(Socket socket) throws IOException {
    socket.setSoTimeout(NOTHING_COMES_MS);
    try {
      socket.getInputStream().read();
      return false;
    } catch (SocketTimeoutException nothing) {
      return true;
    } finally {
      socket.setSoTimeout(0);
    }
  }

  @Test
  void heldBytesComeInOrderOnceReleasedAndTheOtherWayIsFree() throws IOException {
    try (Socket node = node();
        Socket accepted = service.accept()) {
      wire.hold(Set.of(Wire.Way.TO_SERVICE));
      node.getOutputStream().write(new byte[] {1, 2, 3});
      accepted.getOutputStream().write(9);

      assertThat(node.getInputStream().read()).isEqualTo(9);
      assertThat(nothingComes(accepted)).isTrue();
      wire.release();
      assertThat(accepted.getInputStream().readNBytes(3)).containsExactly(1, 2, 3);
    }
  }

  @Test
  void whatWasSentArrivesAlthoughItsSenderHasHungUp() throws IOException {
    Socket node = node();
    try (Socket accepted = service.accept()) {
      wire.hold(EnumSet.allOf(Wire.Way.class));
      node.getOutputStream().write(new byte[] {1, 2, 3});
      node.close();
      assertThat(nothingComes(accepted)).isTrue();

      wire.release();

      assertThat(accepted.getInputStream().readAllBytes()).containsExactly(1, 2, 3);
    }
  }

  @Test
  void aCutBreaksWhatIsOpenAndWhatIsNewUntilItIsMended() throws IOException {
    try (Socket node = node();
        Socket accepted = service.accept()) {
      wire.cut();

      assertThat(ended(node)).isTrue();
      assertThat(ended(accepted)).isTrue();
      try (Socket refused = node()) {
        assertThat(ended(refused)).isTrue();
      }
    }
    wire.mend();
    try (Socket node = node();
        Socket accepted = service.accept()) {
      node.getOutputStream().write(7);
      assertThat(accepted.getInputStream().read()).isEqualTo(7);
    }
  }

  private static boolean ended(Socket socket) throws IOException {
    try {
      return socket.getInputStream().read() < 0;
    } catch (SocketException reset) {
      return true;
    }
  }
}
