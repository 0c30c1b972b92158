package dev.evenkeel.outbox;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What to change in a dead letter. Its id, type, version and key stay.
 *
 * @param revision the {@link DeadLetter#revision()} that the change was made on: an edit that
 *     somebody else made meanwhile is not overwritten
 * @param payload the new payload, in the codec's form; null keeps it. It takes the place of one
 *     that was in the payload store, too.
 * @param headers all of the new headers; null keeps them
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record DeadLetterEdit(
    int revision, byte @Nullable [] payload, @Nullable Map<String, String> headers) {

  public DeadLetterEdit {
    if (payload == null && headers == null) {
      throw new IllegalArgumentException("An edit must change the payload, the headers or both");
    }
    headers = headers == null ? null : Map.copyOf(headers);
  }

  /** Another payload, in the codec's form; the headers stay. */
  public static DeadLetterEdit ofPayload(int revision, byte[] payload) {
    return new DeadLetterEdit(revision, payload, null);
  }

  /** Other headers, all of them; the payload stays. */
  public static DeadLetterEdit ofHeaders(int revision, Map<String, String> headers) {
    return new DeadLetterEdit(revision, null, headers);
  }

  /** How an edit ended. */
  public enum Outcome {
    /** It is stored; a retry goes by it. */
    EDITED,
    /** There is no such dead letter (any more). */
    NO_DEAD_LETTER,
    /** Somebody else edited it meanwhile. */
    OTHER_REVISION
  }
}
