package dev.evenkeel.outbox;

import java.nio.charset.StandardCharsets;

/**
 * What order is kept by: all messages of one aggregate, in the order their transactions committed.
 */
public record OrderKey(String aggregateType, String aggregateId) {

  /** Largest size of both parts together, in UTF-8: an index of PostgreSQL takes no more. */
  public static final int MAX_BYTES = 2_000;

  private static final int MAX_BYTES_PER_CHAR = 3;

  /** Whether it is small enough to be parked. */
  public boolean fits() {
    int length = aggregateType.length() + aggregateId.length();
    return length * MAX_BYTES_PER_CHAR <= MAX_BYTES
        || aggregateType.getBytes(StandardCharsets.UTF_8).length
                + aggregateId.getBytes(StandardCharsets.UTF_8).length
            <= MAX_BYTES;
  }

  @Override
  public String toString() {
    return aggregateType + "/" + aggregateId;
  }
}
