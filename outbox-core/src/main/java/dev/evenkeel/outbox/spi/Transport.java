package dev.evenkeel.outbox.spi;

import dev.evenkeel.outbox.OutboxMessage;
import java.util.List;

/**
 * Carries messages from the relay to their receivers. In-process delivery is the default; a broker
 * is another.
 */
public interface Transport {

  /** For logs and meters. */
  String name();

  /**
   * Whether the messages end at handlers of this process, so that only a process that has the
   * handlers of every registered consumer may lead. Otherwise a broker's acknowledgement is what
   * counts.
   */
  boolean inProcess();

  /**
   * Whether receivers read the source database: then the relay waits until a message's transaction
   * is visible before it sends. The WAL shows a commit earlier than other sessions see it.
   */
  default boolean receiversReadSource() {
    return inProcess();
  }

  /** What holds messages back at present, in sentences; empty when nothing does. Asks nobody. */
  default List<String> findings() {
    return List.of();
  }

  /** Opens a session for one term of leadership. Sessions share no queued messages. */
  Session open(Leadership leadership);

  /** One term's way out. Single-use. */
  interface Session extends AutoCloseable {

    /**
     * Takes a message over. Called on the relay's thread, in commit order; must not block, the
     * relay bounds what is under way. Messages of one order key are first delivered in the order
     * sent.
     */
    void send(OutboxMessage message, Acknowledgement acknowledgement);

    /** Drops what is queued without acknowledging it and starts nothing more. Idempotent. */
    @Override
    void close();
  }
}
