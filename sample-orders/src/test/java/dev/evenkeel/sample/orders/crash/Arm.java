package dev.evenkeel.sample.orders.crash;

import dev.evenkeel.sample.orders.crash.Point.Side;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where an order freezes, and where it is held up on the way.
 *
 * @param customer who has this one order
 * @param database of the customer's shard
 * @param hold null for nowhere
 */
record Arm(long customer, String database, Point point, Side side, @Nullable Hold hold) {

  /**
   * A commit that waits for another.
   *
   * @param until null for ever
   */
  record Hold(Point point, Side side, @Nullable Point until) {}

  String text() {
    String held = hold == null ? "-" : hold.point() + " " + hold.side() + " " + hold.until();
    return String.join(" ", Long.toString(customer), database, point.toString(), side.name(), held);
  }

  static Arm parse(List<String> words) {
    Hold hold =
        words.get(4).equals("-")
            ? null
            : new Hold(
                Point.parse(words.get(4)),
                Side.valueOf(words.get(5)),
                words.get(6).equals("null") ? null : Point.parse(words.get(6)));
    return new Arm(
        Long.parseLong(words.get(0)),
        words.get(1),
        Point.parse(words.get(2)),
        Side.valueOf(words.get(3)),
        hold);
  }
}
