package dev.evenkeel.outbox;

import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What an operator did to a parked message. Kept as long as the message.
 *
 * @param number of the message's actions, from 1
 * @param at when, by the database's clock
 * @param by who, as the caller was named
 * @param because why, if it was said
 * @param payload for an edit: what it replaced
 * @param headers for an edit: what they were before
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record ParkedAction(
    int number,
    Kind kind,
    Instant at,
    String by,
    @Nullable String because,
    byte @Nullable [] payload,
    @Nullable Map<String, String> headers) {

  /** What was done. Stored by name. */
  public enum Kind {
    /** It was to be tried again. */
    RETRY,
    /** Payload or headers were changed. */
    EDIT,
    /** It was given up. */
    DISCARD
  }
}
