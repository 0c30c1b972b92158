package dev.evenkeel.outbox.spi;

import dev.evenkeel.outbox.OutboxMessage;
import java.sql.Connection;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/**
 * Handles messages in transactions of its own, without an inbox row: delivered again, a message has
 * to do no harm, however much later that is. Everything else is as for other handlers: retries,
 * parked keys, releases, dead letters, payloads kept elsewhere. Only EXPIRED is never said.
 *
 * <p>Thread-safe: called from many threads, for messages of one key from one after the other.
 */
public interface DirectHandler {

  /** The consumer that parks, is registered and is counted, as that of an inbox handler. */
  String consumer();

  /** Logical type of the messages, of every version. Needs no class. */
  String type();

  /** Aggregate type of the messages: names the topic that brings them, where there are topics. */
  String aggregateType();

  /**
   * What decides where the effects happen: a pure function of the message, whose payload is there.
   * Null, which is the default, leaves it to the router.
   *
   * @throws PayloadException if the payload is not of the expected form: a dead letter at once
   */
  default @Nullable ShardKey shardKey(OutboxMessage message) {
    return null;
  }

  /**
   * Handles a message. Called within the target's scope and outside a transaction; what is appended
   * meanwhile on this thread is caused by the message. Returns once the effects are committed, for
   * the message is done with then. A transaction that commits nothing to be kept needs no {@code
   * began}, any other begins with it.
   *
   * <p>Bounded by {@code evenkeel.inbox.handler-timeout}: past it the thread is interrupted and the
   * transaction of the last {@code began} ended. Time that runs out before there was any counts as
   * a database that gave no connection, and no attempt.
   *
   * @param target where the effects happen
   * @param began told of each transaction that it begins
   * @throws SQLException like every other exception: the attempt failed, with the usual
   *     consequences
   */
  void handle(OutboxMessage message, TransactionTarget target, Began began) throws SQLException;

  /** Takes a transaction under the inbox's watch. */
  @FunctionalInterface
  interface Began {

    /**
     * To be called first in a transaction: makes it durable, bounds its statements, locks and
     * pauses, gives its session a name, and lets its backend be ended when the time runs out.
     *
     * @param connection of the transaction, on the target's database
     * @throws IllegalStateException if the connection is in auto-commit mode
     */
    void on(Connection connection) throws SQLException;
  }
}
