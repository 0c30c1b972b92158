package dev.evenkeel.sample.orders.crash;

import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * That an open transaction will commit a point.
 *
 * @param saga null where the point concerns a customer or a shard
 * @param customer where the statement says it; 0 where it does not
 * @param database where it is
 */
record Note(Point point, @Nullable UUID saga, long customer, String database) {

  Note at(Point.Kind kind) {
    return new Note(new Point(kind, point.step(), point.item()), saga, customer, database);
  }
}
