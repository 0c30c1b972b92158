package dev.evenkeel.sample.orders.live;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.UUID;

/**
 * One confirmed order passing one point of its event's way, as the page hears of it.
 *
 * @param name where
 * @param at microseconds since 1970 by this process's clock, all stations alike
 */
record Station(UUID orderId, Name name, long at) {

  /** The points of the way, in order. */
  enum Name {
    /** The transaction that holds confirmation and outbox row has committed. */
    COMMITTED,
    /** The relay has read the row from the WAL and hands it to the transport. */
    PUBLISHED,
    /** The transaction that holds the summary and the inbox row has committed. */
    HANDLED
  }

  static Station passed(UUID orderId, Name name) {
    return new Station(orderId, name, micros(Instant.now()));
  }

  static long micros(Instant instant) {
    return ChronoUnit.MICROS.between(Instant.EPOCH, instant);
  }
}
