package dev.evenkeel.outbox;

import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * For operators: the messages that could not be handled. Decisions are written here and carried out
 * by the relay's leader, in order per key. Each call is a transaction of its own. Thread-safe.
 */
public interface ParkedMessages {

  /**
   * The dead letters, oldest first.
   *
   * @param limit at most so many, 1 to 10,000
   */
  List<ParkedMessage> deadLetters(int limit);

  /** One parked message in any state, while it is remembered. */
  Optional<ParkedMessage> find(String consumer, UUID messageId);

  /**
   * Has a dead letter tried again, with a fresh budget of attempts; what queued behind it follows
   * once it is handled.
   *
   * @param by who asks, for the audit
   * @return whether the message was a dead letter
   */
  boolean retry(String consumer, UUID messageId, String by);

  /**
   * Gives a dead letter up; what queued behind it goes on.
   *
   * @param by who decides, for the audit
   * @param because why, not blank
   * @return whether the message was a dead letter
   */
  boolean discard(String consumer, UUID messageId, String by, String because);

  /** How many keys are parked and how many messages are dead. */
  Counts counts();

  /**
   * Numbers for health and meters.
   *
   * @param keys parked (consumer, key) pairs
   * @param dead dead letters
   */
  record Counts(long keys, long dead) {}
}
