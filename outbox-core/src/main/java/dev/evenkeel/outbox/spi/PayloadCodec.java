package dev.evenkeel.outbox.spi;

/** Writes an event's payload and reads it again. Thread-safe. The default writes JSON. */
public interface PayloadCodec {

  /**
   * Encodes an event.
   *
   * @throws PayloadException if the event can't be written
   */
  byte[] encode(Object event);

  /**
   * Decodes a payload.
   *
   * @param type the class the receiver's registry holds for the message's type and version; never
   *     one named by the wire
   * @throws PayloadException if the payload is not of that form
   */
  <T> T decode(byte[] payload, Class<T> type);
}
