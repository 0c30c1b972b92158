package dev.evenkeel.outbox;

import java.time.Instant;
import java.util.Map;
import java.util.UUID;

/** Dead letters without a database. */
final class DeadLetterPages {

  private DeadLetterPages() {}

  static DeadLetter letter(long parkedAtMillis, long id, String consumer) {
    return new DeadLetter(
        consumer,
        new UUID(id, id),
        "order",
        "1",
        "placed",
        1,
        Instant.EPOCH,
        Instant.ofEpochMilli(parkedAtMillis),
        1,
        ParkReason.HANDLER_FAILED,
        null,
        Map.of(),
        0,
        false,
        0);
  }
}
