package dev.evenkeel.outbox;

import org.jspecify.annotations.Nullable;

/**
 * Settings of the writing side.
 *
 * @param schema the installation's schema
 * @param maxPayloadBytes largest payload that a message carries itself, in bytes, 1 to 64 MiB;
 *     default 1 MiB
 * @param claimCheck which payloads go to the payload store; null, the default: none, and larger
 *     ones are refused
 * @param storage where messages are until they are sent; default the table
 */
public record OutboxOptions(
    String schema,
    int maxPayloadBytes,
    @Nullable ClaimCheckOptions claimCheck,
    OutboxStorage storage) {

  public OutboxOptions {
    if (maxPayloadBytes < 1 || maxPayloadBytes > 64 * 1024 * 1024) {
      throw new IllegalArgumentException(
          "evenkeel.outbox.max-payload must be between 1B and 64MB, was " + maxPayloadBytes + "B");
    }
    if (claimCheck != null && claimCheck.thresholdBytes() > maxPayloadBytes) {
      throw new IllegalArgumentException(
          ("evenkeel.outbox.claim-check.threshold must not be above evenkeel.outbox.max-payload, or"
                  + " payloads in between would be refused; it was %dB with %dB: lower the threshold")
              .formatted(claimCheck.thresholdBytes(), maxPayloadBytes));
    }
  }

  /** In the table. */
  public OutboxOptions(String schema, int maxPayloadBytes, @Nullable ClaimCheckOptions claimCheck) {
    this(schema, maxPayloadBytes, claimCheck, OutboxStorage.TABLE);
  }

  /** In the table, without a claim check. */
  public OutboxOptions(String schema, int maxPayloadBytes) {
    this(schema, maxPayloadBytes, null);
  }

  /**
   * Which payloads go to the payload store.
   *
   * @param thresholdBytes larger payloads go there, in bytes, 0 to the largest payload of a
   *     message; 0: all but empty ones
   * @param maxPayloadBytes largest payload, in bytes, from the threshold to 64 MiB; default 16 MiB
   */
  public record ClaimCheckOptions(int thresholdBytes, int maxPayloadBytes) {

    public ClaimCheckOptions {
      if (thresholdBytes < 0) {
        throw new IllegalArgumentException(
            "evenkeel.outbox.claim-check.threshold must be between 0B and evenkeel.outbox.max-payload, was "
                + thresholdBytes
                + "B");
      }
      if (maxPayloadBytes < Math.max(1, thresholdBytes) || maxPayloadBytes > 64 * 1024 * 1024) {
        throw new IllegalArgumentException(
            "evenkeel.outbox.claim-check.max-payload must be between the threshold, %dB, and 64MB, was %dB"
                .formatted(thresholdBytes, maxPayloadBytes));
      }
    }
  }

  /** Schema {@code evenkeel}, 1 MiB. */
  public static OutboxOptions defaults() {
    return new OutboxOptions("evenkeel", 1024 * 1024);
  }
}
