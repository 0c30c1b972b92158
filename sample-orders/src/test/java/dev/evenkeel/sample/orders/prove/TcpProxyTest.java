package dev.evenkeel.sample.orders.prove;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Against a server that says again what it is told. */
@Timeout(60)
class TcpProxyTest {

  private static final int NOTHING_COMES_MILLIS = 200;

  private ServerSocket server;
  private TcpProxy proxy;

  @BeforeEach
  void start() throws IOException {
    server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    proxy = new TcpProxy(server.getLocalPort());
    Thread echo =
        new Thread(
            () -> {
              while (!server.isClosed()) {
                try {
                  Socket client = server.accept();
                  Thread each = new Thread(() -> echo(client), "echo of one");
                  each.setDaemon(true);
                  each.start();
                } catch (IOException e) {
                  return;
                }
              }
            },
            "echo");
    echo.setDaemon(true);
    echo.start();
  }

  private static void echo(Socket client) {
    try (client) {
      client.getInputStream().transferTo(client.getOutputStream());
    } catch (IOException e) {
      // It is gone.
    }
  }

  @AfterEach
  void stop() throws IOException {
    proxy.close();
    server.close();
  }

  private Socket connect() throws IOException {
    return new Socket(InetAddress.getLoopbackAddress(), proxy.port());
  }

  private static int say(Socket socket, int value) throws IOException {
    socket.getOutputStream().write(value);
    return socket.getInputStream().read();
  }

  @Test
  void handsOnWhatIsSaid() throws IOException {
    try (Socket client = connect()) {
      assertThat(say(client, 17)).isEqualTo(17);
    }
  }

  @Test
  void latencyIsAddedBothWays() throws IOException {
    try (Socket client = connect()) {
      say(client, 1);
      proxy.delay(Duration.ofMillis(50));
      long began = System.nanoTime();
      say(client, 2);

      assertThat(Duration.ofNanos(System.nanoTime() - began))
          .isGreaterThanOrEqualTo(Duration.ofMillis(100));
    }
  }

  @Test
  void whatIsBlockedComesLater() throws IOException {
    try (Socket client = connect()) {
      say(client, 1);
      client.setSoTimeout(NOTHING_COMES_MILLIS);
      proxy.block();
      assertThatThrownBy(() -> say(client, 2)).isInstanceOf(SocketTimeoutException.class);
      try (Socket another = connect()) { // is accepted all the same
        another.setSoTimeout(NOTHING_COMES_MILLIS);
        assertThatThrownBy(() -> say(another, 3)).isInstanceOf(SocketTimeoutException.class);
        proxy.unblock();
        client.setSoTimeout(0);
        another.setSoTimeout(0);

        assertThat(client.getInputStream().read()).isEqualTo(2);
        assertThat(another.getInputStream().read()).isEqualTo(3);
      }
    }
  }

  @Test
  void resetIsSeenByTheClientAndLosesWhatWasBlocked() throws IOException {
    try (Socket client = connect();
        Socket other = connect()) {
      say(client, 1);
      say(other, 1);
      proxy.block();
      client.getOutputStream().write(2);
      proxy.reset();
      proxy.unblock();

      assertThatThrownBy(() -> client.getInputStream().read()).isInstanceOf(SocketException.class);
      assertThatThrownBy(() -> other.getInputStream().read()).isInstanceOf(SocketException.class);
    }
    try (Socket client = connect()) {
      assertThat(say(client, 3)).isEqualTo(3);
    }
  }

  @Test
  void serverThatIsNotThereHangsUp() throws IOException {
    server.close();
    try (Socket client = connect()) {
      assertThat(hangsUp(client)).isTrue();
    }
  }

  private static boolean hangsUp(Socket client) throws IOException {
    try {
      return client.getInputStream().read() < 0;
    } catch (SocketException e) {
      return true;
    }
  }
}
