package dev.evenkeel.sample.orders.broker;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Where the broker of another process is, by a file that both know. */
final class BrokerAddress {

  private static final Logger log = LoggerFactory.getLogger(BrokerAddress.class);

  private static final int CONNECT_MILLIS = 1_000;
  private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

  private final Path file;

  BrokerAddress(Path file) {
    this.file = file;
  }

  /** Who reads it meanwhile reads the old one or the new one whole. */
  void announce(String servers) {
    try {
      Path fresh = Files.writeString(file.resolveSibling(file.getFileName() + ".new"), servers);
      Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  void withdraw() throws IOException {
    Files.deleteIfExists(file);
  }

  /**
   * Waits for a broker that answers; a file that a process left behind leads to none.
   *
   * @throws IllegalStateException if there is none in time
   */
  String await(Duration longest) {
    long deadline = System.nanoTime() + longest.toNanos();
    boolean told = false;
    while (System.nanoTime() < deadline) {
      String servers = read();
      if (answers(servers)) {
        return servers;
      }
      if (!told) {
        told = true;
        log.info("Waiting for the Kafka of the process with profile orders");
      }
      LockSupport.parkNanos(PAUSE_NANOS);
    }
    throw new IllegalStateException(
        "No Kafka was announced in %s within %s; start the process with profile orders, or set spring.kafka.bootstrap-servers for all"
            .formatted(file, longest));
  }

  private String read() {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      return "";
    }
  }

  private static boolean answers(String servers) {
    int colon = servers.lastIndexOf(':');
    if (colon < 0) {
      return false;
    }
    try (Socket socket = new Socket()) {
      int port = Integer.parseInt(servers.substring(colon + 1).strip());
      socket.connect(new InetSocketAddress(servers.substring(0, colon), port), CONNECT_MILLIS);
      return true;
    } catch (IOException | IllegalArgumentException e) {
      return false;
    }
  }
}
