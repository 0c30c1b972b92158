package dev.evenkeel.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.evenkeel.outbox.ConsumerRegistry;
import dev.evenkeel.outbox.OutboxMessage;
import dev.evenkeel.outbox.OutboxStorage;
import dev.evenkeel.outbox.ProtocolOutbox;
import dev.evenkeel.outbox.spi.Acknowledgement;
import dev.evenkeel.outbox.spi.Leadership;
import dev.evenkeel.outbox.spi.MessageObserver;
import dev.evenkeel.outbox.spi.Transport;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** One transaction of 200,000 messages, more bytes than this JVM may have heap. */
class HugeTransactionIT {

  private static final int MESSAGES = 200_000;
  private static final int PER_APPEND = 1_000;
  private static final int PAYLOAD = 2_700;
  private static final int MOST_IN_FLIGHT = 2_048;

  /**
   * Counts, and acknowledges in the order of sending, on a thread that is slower than the relay.
   */
  private static final class Slow implements Transport, Transport.Session {

    private final BlockingQueue<Acknowledgement> sent = new LinkedBlockingQueue<>();
    private volatile long received;
    private volatile long outOfOrder;
    private volatile int most;

    @Override
    public String name() {
      return "slow";
    }

    @Override
    public boolean inProcess() {
      return false;
    }

    @Override
    public Session open(Leadership leadership) {
      return this;
    }

    @Override
    public void send(OutboxMessage message, Acknowledgement acknowledgement) {
      outOfOrder += Long.parseLong(message.aggregateId()) == received ? 0 : 1;
      received++;
      sent.add(acknowledgement);
      most = Math.max(most, sent.size());
    }

    /** Lets it fill before it takes anything away. */
    void acknowledge() throws InterruptedException {
      await().atMost(Duration.ofSeconds(60)).until(() -> sent.size() >= MOST_IN_FLIGHT);
      for (int n = 0; n < MESSAGES; n++) {
        sent.take().acknowledge();
      }
    }

    @Override
    public void close() {}
  }

  /** How the messages are stored and read. */
  enum Way {
    STREAMED_ROWS(OutboxStorage.TABLE, RelayMode.CDC, RelayState.STREAMING),
    STREAMED_MESSAGES(OutboxStorage.WAL, RelayMode.CDC, RelayState.STREAMING),
    POLLED_ROWS(OutboxStorage.TABLE, RelayMode.POLLING, RelayState.POLLING);

    private final OutboxStorage storage;
    private final RelayMode mode;
    private final RelayState state;

    Way(OutboxStorage storage, RelayMode mode, RelayState state) {
      this.storage = storage;
      this.mode = mode;
      this.state = state;
    }
  }

  @Test
  void theHeapIsSmallerThanTheTransaction() {
    assertThat(Runtime.getRuntime().maxMemory()).isLessThan((long) MESSAGES * PAYLOAD);
  }

  @Test
  void transactionOfManyMessagesIsSentInOrderWithBoundedMemory()
      throws SQLException, InterruptedException {
    run(Way.STREAMED_ROWS);
  }

  @ParameterizedTest
  @EnumSource(names = "STREAMED_ROWS", mode = EnumSource.Mode.EXCLUDE)
  @Tag("slow")
  void soItIsOtherwise(Way way) throws SQLException, InterruptedException {
    run(way);
  }

  private static void run(Way way) throws SQLException, InterruptedException {
    Slow transport = new Slow();
    try (Installation installation = Installation.polled()) {
      RelayOptions d = RelayOptions.defaults(Installation.SCHEMA, "node");
      Relay relay =
          new Relay(
              new RelayOptions(
                      d.schema(),
                      d.node(),
                      d.lease(),
                      d.contend(),
                      d.heartbeat(),
                      d.pollInterval(),
                      MOST_IN_FLIGHT,
                      d.maxInFlightBytes(),
                      d.drain(),
                      d.janitor())
                  .withMode(way.mode),
              installation.settings(),
              transport,
              new ConsumerRegistry(installation.dataSource(), Installation.SCHEMA),
              Set.of(),
              MessageObserver.NONE);
      relay.start();
      try {
        await().atMost(Duration.ofSeconds(60)).until(() -> relay.status().state() == way.state);
        write(installation, new ProtocolOutbox(d.schema(), way.storage, MessageObserver.NONE));
        transport.acknowledge();
        assertThat(transport.received).isEqualTo(MESSAGES);
        assertThat(transport.outOfOrder).isZero();
        assertThat(transport.most).isEqualTo(MOST_IN_FLIGHT);
        assertThat(relay.status().epoch()).as("the first term").isEqualTo(1);
      } finally {
        relay.stop();
      }
    }
  }

  private static void write(Installation installation, ProtocolOutbox outbox) throws SQLException {
    byte[] payload = new byte[PAYLOAD];
    try (Connection c = installation.dataSource().getConnection()) {
      c.setAutoCommit(false);
      for (int from = 0; from < MESSAGES; from += PER_APPEND) {
        List<OutboxMessage> some = new ArrayList<>();
        for (int n = from; n < from + PER_APPEND; n++) {
          some.add(OutboxMessage.of("counted", 1, "counter", Integer.toString(n), payload));
        }
        outbox.append(c, some);
      }
      c.commit();
    }
  }
}
