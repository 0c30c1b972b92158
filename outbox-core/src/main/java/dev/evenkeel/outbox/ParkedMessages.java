package dev.evenkeel.outbox;

import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * For operators: the messages that could not be handled. Decisions are written here and carried out
 * by whoever owns the message's source (the relay's leader, or the owner of a Kafka partition), in
 * order per key. Each decision is recorded with who made it in its own transaction. Thread-safe.
 */
public interface ParkedMessages {

  /**
   * The dead letters with their payloads, oldest first.
   *
   * @param limit at most so many, 1 to 10,000
   */
  List<ParkedMessage> deadLetters(int limit);

  /**
   * A page of dead letters, those parked first coming first. A letter that dies while somebody
   * turns pages may belong on a page already seen; it shows when the list is begun anew. With
   * shards, those of a database that does not answer are left out.
   *
   * @param after {@link DeadLetterPage#next()} of the page before, null for the first
   * @param limit at most so many, 1 to 10,000
   */
  DeadLetterPage deadLetters(DeadLetterFilter filter, @Nullable String after, int limit);

  /** One parked message in any state, while it is remembered. */
  Optional<ParkedMessage> find(String consumer, UUID messageId);

  /** One parked message in any state, with what was done to it, while it is remembered. */
  Optional<ParkedInspection> inspect(String consumer, UUID messageId);

  /**
   * Changes a dead letter, which stays dead until it is retried. What was before is kept in its
   * history. Its id stays, too: if its effects did commit after all, because only the answer to the
   * commit was lost, the retry finds that and ends it without handling the edit.
   *
   * @param by who edits, for the audit
   * @param because why, not blank
   */
  DeadLetterEdit.Outcome edit(
      String consumer, UUID messageId, DeadLetterEdit edit, String by, String because);

  /**
   * Has a dead letter tried again, with a fresh budget of attempts; what queued behind it follows
   * once it is handled. One that was set aside ({@link DeadLetterPolicy#SKIP}) comes late: after
   * messages that were appended later. It is tried at once, in front of what is queued of its key,
   * and live messages of the key queue behind it meanwhile.
   *
   * @param by who asks, for the audit
   * @return whether the message was a dead letter
   */
  boolean retry(String consumer, UUID messageId, String by);

  /**
   * Retries the dead letters that match and are there when it begins, in the order in which they
   * were parked, in batches of a transaction each. When it throws, what was done before stands, and
   * it may be called again.
   *
   * @param filter {@link DeadLetterFilter#all()} for all
   * @param by who asks, for the audit
   * @return how many
   */
  int retry(DeadLetterFilter filter, String by);

  /**
   * Gives a dead letter up; what queued behind it goes on.
   *
   * @param by who decides, for the audit
   * @param because why, not blank
   * @return whether the message was a dead letter
   */
  boolean discard(String consumer, UUID messageId, String by, String because);

  /**
   * Discards the dead letters that match and are there when it begins, as {@link
   * #retry(DeadLetterFilter, String)} does it.
   *
   * @param filter {@link DeadLetterFilter#all()} for all
   * @param by who decides, for the audit
   * @param because why, not blank
   * @return how many
   */
  int discard(DeadLetterFilter filter, String by, String because);

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
