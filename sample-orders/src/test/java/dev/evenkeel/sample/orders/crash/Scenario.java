package dev.evenkeel.sample.orders.crash;

import dev.evenkeel.sample.orders.crash.Arm.Hold;
import dev.evenkeel.sample.orders.crash.Point.Kind;
import dev.evenkeel.sample.orders.crash.Point.Side;
import org.jspecify.annotations.Nullable;

/** What becomes of an order of two lines, when nobody is killed and just so when somebody is. */
enum Scenario {
  /** Everything is there. */
  SHIPPED(true, null),
  /** The same, and it waits long enough before its pivot for what is done to be written. */
  LINGERS_BEFORE_PIVOT(true, new Hold(Point.of(Kind.STEP, "confirm"), Side.BEFORE, null)),
  /** The same after its pivot. */
  LINGERS_AFTER_PIVOT(true, new Hold(Point.of(Kind.STEP, "markShipped"), Side.BEFORE, null)),
  /** The process that sees it through is told to end, and is killed while it does. */
  LEFT(true, new Hold(Point.of(Kind.STEP, "confirm"), Side.BEFORE, null)),
  /** It waits for an approval, and gets it. */
  APPROVED(true, null),
  /** It waits for an approval in vain. */
  EXPIRED(false, null),
  /** It is cancelled while it waits. */
  CANCELLED_WAITING(false, null),
  /** Its customer has no credit. */
  NO_CREDIT(false, null),
  /** Its second line is not in stock. */
  NO_STOCK(false, null),
  /** It is cancelled before its saga has done anything. */
  CANCELLED_AT_START(false, closing(Kind.START, "", Side.AFTER)),
  /** It is cancelled while it is registered, before anything else. */
  CANCELLED_AT_REGISTER(false, closing(Kind.STEP, "register", Side.BEFORE)),
  /** It is cancelled while everything is reserved. */
  CANCELLED_AT_CREDIT(false, closing(Kind.STEP, "reserveCredit", Side.BEFORE)),
  /** The same for one that would have to wait for an approval. */
  LARGE_CANCELLED_AT_CREDIT(false, closing(Kind.STEP, "reserveCredit", Side.BEFORE)),
  /** It is cancelled while its customer is charged, and nobody knows yet whether they are. */
  CANCELLED_AT_CHARGE(false, closing(Kind.STEP, "charge", Side.BEFORE)),
  /** It is cancelled while it is confirmed, and that is too late. */
  CANCELLED_AT_PIVOT(true, closing(Kind.STEP, "confirm", Side.BEFORE));

  private final boolean ships;
  private final @Nullable Hold hold;

  Scenario(boolean ships, @Nullable Hold hold) {
    this.ships = ships;
    this.hold = hold;
  }

  private static Hold closing(Kind kind, String step, Side side) {
    return new Hold(Point.of(kind, step), side, Point.of(Kind.CLOSING));
  }

  /** Whether its order is shipped; else it is cancelled. */
  boolean ships() {
    return ships;
  }

  /** Where it is held up; null for nowhere. */
  @Nullable Hold hold() {
    return hold;
  }

  boolean isCancelledOnTheWay() {
    return hold != null && hold.until() != null;
  }

  /** Whether its total needs an approval. */
  boolean isLarge() {
    return this == APPROVED
        || this == EXPIRED
        || this == CANCELLED_WAITING
        || this == LARGE_CANCELLED_AT_CREDIT;
  }
}
