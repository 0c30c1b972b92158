package dev.evenkeel.outbox;

/**
 * Appends messages to the outbox in the caller's transaction. Thread-safe; each call belongs to the
 * transaction bound to its thread.
 *
 * <p>Appends are buffered and written as one statement, last of all before the commit, after JPA
 * was flushed. A rolled-back transaction or savepoint leaves nothing.
 */
public interface Outbox {

  /**
   * Appends an event whose class carries {@link OutboxEvent}.
   *
   * @throws OutboxException without an active transaction on the outbox's data source, after the
   *     buffer was written, for an unregistered class, a null or blank key, a payload that can't be
   *     encoded or is over the limit
   */
  void append(Object event);

  /**
   * Appends a message as it is, id included; headers of the context are added where the message has
   * none of that name.
   *
   * @throws OutboxException as above, and for an id that this transaction already appended
   */
  void append(OutboxMessage message);
}
