package dev.evenkeel.autoconfigure;

import dev.evenkeel.outbox.ParkedAction;
import dev.evenkeel.outbox.ParkedInspection;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * One parked message as {@code evenkeeloutbox} shows it.
 *
 * @param revision how often it was edited; an edit names it
 * @param queuedBehind messages of its key that wait for it
 * @param aside whether later messages of its key flow on
 * @param payload null for callers who are not logged in
 * @param history what operators did, oldest first
 * @param ended how it ended, null while it waits
 */
public record DeadLetterDescriptor(
    String consumer,
    UUID messageId,
    String aggregateType,
    String aggregateId,
    String type,
    int version,
    Instant createdAt,
    Instant parkedAt,
    String state,
    boolean aside,
    int attempts,
    String reason,
    @Nullable String error,
    Map<String, String> headers,
    int revision,
    int queuedBehind,
    @Nullable Payload payload,
    List<Action> history,
    ParkedInspection.@Nullable Ended ended) {

  /**
   * A payload in one of two forms.
   *
   * @param text where it is UTF-8
   * @param base64 where it is not
   */
  public record Payload(@Nullable String text, @Nullable String base64) {

    static @Nullable Payload of(byte @Nullable [] bytes) {
      if (bytes == null) {
        return null;
      }
      try {
        return new Payload(
            StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString(), null);
      } catch (CharacterCodingException e) {
        return new Payload(null, Base64.getEncoder().encodeToString(bytes));
      }
    }
  }

  /**
   * What an operator did.
   *
   * @param payload for an edit what it replaced; null for callers who are not logged in
   * @param headers for an edit what they were before
   */
  public record Action(
      String action,
      Instant at,
      String by,
      @Nullable String because,
      @Nullable Payload payload,
      @Nullable Map<String, String> headers) {

    static Action of(ParkedAction action, boolean withPayload) {
      return new Action(
          action.kind().name(),
          action.at(),
          action.by(),
          action.because(),
          withPayload ? Payload.of(action.payload()) : null,
          action.headers());
    }
  }

  static DeadLetterDescriptor of(ParkedInspection inspection, boolean withPayload) {
    var parked = inspection.parked();
    var message = parked.message();
    return new DeadLetterDescriptor(
        parked.consumer(),
        message.id(),
        message.aggregateType(),
        message.aggregateId(),
        message.type(),
        message.version(),
        message.createdAt(),
        parked.parkedAt(),
        parked.state().name(),
        parked.aside(),
        parked.attempts(),
        parked.reason().name(),
        parked.error(),
        message.headers(),
        parked.revision(),
        inspection.queuedBehind(),
        withPayload ? Payload.of(message.payload()) : null,
        inspection.actions().stream().map(action -> Action.of(action, withPayload)).toList(),
        inspection.ended());
  }
}
