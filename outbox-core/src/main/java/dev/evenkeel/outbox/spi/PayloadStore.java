package dev.evenkeel.outbox.spi;

import dev.evenkeel.outbox.OutboxMessage;
import java.util.Optional;

/**
 * Keeps payloads that are too large to travel in a message, which carries a claim on them instead.
 * The default is a table of the installation, which this service's processes reach and others do
 * not: where a broker takes messages to other services, all of them need one store that they all
 * reach, such as an object store. Thread-safe.
 */
public interface PayloadStore {

  /** Stores nothing: payloads travel in their messages. */
  PayloadStore NONE =
      new PayloadStore() {
        @Override
        public String store(OutboxMessage message) {
          throw new IllegalStateException("There is no store for the payload of " + message);
        }

        @Override
        public Optional<byte[]> load(String claim) {
          return Optional.empty();
        }
      };

  /**
   * Stores the payload of a message that is being appended. Called on the appending thread, within
   * its transaction, which may still roll back. A store in the same database writes on the
   * transaction's connection, so that payload and message commit together; any other must have the
   * payload durably stored when it returns, and has to live with payloads that nobody ever claims.
   * What is thrown here reaches the appending code.
   *
   * @param message whole, as it was appended
   * @return the claim: a short text that finds the payload again, of use to every process that
   *     receives the message
   */
  String store(OutboxMessage message);

  /**
   * Finds a payload again. Called outside a transaction, on the threads that deliver, once for each
   * attempt and once for each consumer that the message is parked for; while the payload is in use
   * it is in memory, queued messages hold their claims only.
   *
   * <p>A store may forget a payload when its message can't come back any more: {@code
   * evenkeel.inbox.window} and an hour after it was stored. A parked message holds its payload
   * itself.
   *
   * @param claim what {@link #store} returned, perhaps in another process, or in another service
   *     with another store
   * @return empty when the store answers and holds no such payload: that makes the message a dead
   *     letter
   * @throws PayloadException if what is stored can't be read; that makes the message a dead letter,
   *     too
   * @throws RuntimeException any other when the store is away: no attempt counts, and it is asked
   *     again until it answers. Messages with claims that can't be delivered can't be parked
   *     meanwhile, so once as many are in flight as the relay allows, everything waits for the
   *     store
   */
  Optional<byte[]> load(String claim);
}
