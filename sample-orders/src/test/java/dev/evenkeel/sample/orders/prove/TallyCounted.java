package dev.evenkeel.sample.orders.prove;

import dev.evenkeel.outbox.OutboxEvent;

/**
 * A key was counted up by one.
 *
 * @param version from 1, without gaps
 * @param place what its effect is sharded by
 */
@OutboxEvent(type = TallyCounted.TYPE, aggregateType = "tally", key = "key")
record TallyCounted(String key, long version, String place) {

  static final String TYPE = "tally-counted";

  /** How a journal and HTTP name it. */
  static String text(String key, long version) {
    return "%s/%d".formatted(key, version);
  }
}
