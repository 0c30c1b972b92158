package dev.evenkeel.outbox;

/**
 * Settings of the writing side.
 *
 * @param schema the installation's schema
 * @param maxPayloadBytes largest payload, in bytes, 1 to 64 MiB; default 1 MiB
 */
public record OutboxOptions(String schema, int maxPayloadBytes) {

  public OutboxOptions {
    if (maxPayloadBytes < 1 || maxPayloadBytes > 64 * 1024 * 1024) {
      throw new IllegalArgumentException(
          "evenkeel.outbox.max-payload must be between 1B and 64MB, was " + maxPayloadBytes + "B");
    }
  }

  /** Schema {@code evenkeel}, 1 MiB. */
  public static OutboxOptions defaults() {
    return new OutboxOptions("evenkeel", 1024 * 1024);
  }
}
