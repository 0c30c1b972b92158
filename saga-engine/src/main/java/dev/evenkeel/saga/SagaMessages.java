package dev.evenkeel.saga;

import dev.evenkeel.outbox.MessageHeaders;
import dev.evenkeel.outbox.OutboxMessage;
import dev.evenkeel.outbox.spi.PayloadException;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What sagas and participants send each other, as messages: names of types and topics, headers.
 *
 * <p>Each message has an order key of its own: what can't be handled keeps nothing that comes later
 * from its receiver, and the rows there decide, not the order.
 */
final class SagaMessages {

  static final String COMMAND_PREFIX = "saga-command.";
  static final String REPLY_PREFIX = "saga-reply.";

  static final String SAGA_ID = "evenkeel-saga-id";
  static final String STEP = "evenkeel-saga-step";
  static final String VERB = "evenkeel-saga-verb";
  static final String SENDING = "evenkeel-saga-sending";
  static final String NOT_AFTER = "evenkeel-saga-not-after";
  static final String COMMAND = "evenkeel-saga-command";
  static final String REPLY_TO = "evenkeel-saga-reply-to";
  static final String IRREFUSABLE = "evenkeel-saga-irrefusable";

  private SagaMessages() {}

  /**
   * What a participant is asked, as it comes.
   *
   * @param command logical name of the command
   * @param notAfter past it nothing is stored for it any more, by the participant's clock
   * @param irrefusable whether the saga can't turn back any more, so that a refusal is a failure
   * @param replyTo the service that asks
   */
  record Asked(
      UUID sagaId,
      StepKey key,
      SagaVerb verb,
      int sending,
      Instant notAfter,
      String command,
      boolean irrefusable,
      String replyTo) {

    private String orderKey() {
      return "%s/%s/%s/%d".formatted(sagaId, key, verb, sending);
    }
  }

  /**
   * A command.
   *
   * @param slot of the saga's home
   * @param inherited headers of the saga
   */
  static OutboxMessage command(
      CallTable.Order order, Asked asked, int slot, Map<String, String> inherited) {
    Map<String, String> headers = new HashMap<>(inherited);
    headers.put(SAGA_ID, asked.sagaId().toString());
    headers.put(STEP, asked.key().toString());
    headers.put(VERB, asked.verb().name());
    headers.put(SENDING, Integer.toString(asked.sending()));
    headers.put(NOT_AFTER, asked.notAfter().toString());
    headers.put(COMMAND, asked.command());
    headers.put(REPLY_TO, asked.replyTo());
    headers.put(IRREFUSABLE, Boolean.toString(asked.irrefusable()));
    headers.put(MessageHeaders.SLOT, Integer.toString(slot));
    String type = COMMAND_PREFIX + order.participant();
    return message(type, asked.orderKey(), order.payload(), headers);
  }

  /**
   * A reply.
   *
   * @param slot of the transaction that appends it; null without shards
   */
  static OutboxMessage reply(
      SagaReply reply, String replyTo, @Nullable Integer slot, Map<String, String> inherited) {
    Map<String, String> headers = new HashMap<>(inherited);
    headers.remove(MessageHeaders.SLOT);
    if (slot != null) {
      headers.put(MessageHeaders.SLOT, slot.toString());
    }
    String key =
        "%s/%s/%s/%d".formatted(reply.sagaId(), reply.key(), reply.verb(), reply.sending());
    return message(REPLY_PREFIX + replyTo, key, reply.write(), headers);
  }

  private static OutboxMessage message(
      String type, String key, byte[] payload, Map<String, String> headers) {
    return OutboxMessage.of(type, 1, type, key, payload).withHeaders(headers);
  }

  /**
   * Reads a command's headers.
   *
   * @throws PayloadException if one is missing or not what it has to be
   */
  static Asked read(OutboxMessage message) {
    try {
      return new Asked(
          UUID.fromString(header(message, SAGA_ID)),
          StepKey.parse(header(message, STEP)),
          SagaVerb.valueOf(header(message, VERB)),
          Integer.parseInt(header(message, SENDING)),
          Instant.parse(header(message, NOT_AFTER)),
          header(message, COMMAND),
          Boolean.parseBoolean(header(message, IRREFUSABLE)),
          header(message, REPLY_TO));
    } catch (IllegalArgumentException | IndexOutOfBoundsException | DateTimeParseException e) {
      throw new PayloadException(
          "%s is no command of a saga: %s".formatted(message, e.getMessage()), e);
    }
  }

  private static String header(OutboxMessage message, String name) {
    String value = message.headers().get(name);
    if (value == null) {
      throw new IllegalArgumentException("it has no header " + name);
    }
    return value;
  }
}
