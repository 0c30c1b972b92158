package dev.evenkeel.outbox.spi;

/**
 * Turns the payload of one version of a type into that of the next, at the receiver. Where a
 * consumer handles version 3 of a type and a message is of version 1, the payload goes through the
 * upcasters from 1 and from 2. {@link dev.evenkeel.outbox.OutboxMessage}s that a handler takes stay
 * as they came.
 *
 * <p>A pure function: it is called anew for each attempt, and to read a shard key, outside a
 * transaction too. Thread-safe.
 */
public interface Upcaster {

  /** Logical name of the type, as {@code @OutboxEvent} has it. */
  String type();

  /** The version it reads, from 1; it writes the next one. */
  int fromVersion();

  /**
   * Rewrites a payload.
   *
   * @param payload of {@link #fromVersion()}; must not be changed
   * @return the payload of the next version
   * @throws RuntimeException if the payload is not of the form its version promises; the message is
   *     a dead letter then
   */
  byte[] upcast(byte[] payload);
}
