package dev.evenkeel.sample.orders.crash;

/**
 * A commit in the life of an order.
 *
 * @param step of the saga; empty for what concerns the whole order
 * @param item of a forEach step, from 0; else 0
 */
record Point(Kind kind, String step, int item) {

  /** Of which side of the commit something happens. */
  enum Side {
    BEFORE,
    AFTER
  }

  /** What is committed. */
  enum Kind {
    /** An Idempotency-Key is reserved. */
    KEY,
    /** The order and its saga: the transaction of POST /orders. */
    START,
    /** A call of a service begins. */
    CALL,
    /** A step took effect. */
    STEP,
    /** A step refused. */
    REFUSAL,
    /** A step can't happen any more. */
    FENCE,
    /** A step was undone. */
    COMPENSATION,
    /** What became of an await. */
    AWAITED,
    /** Outcomes of steps reach the home shard. */
    PROGRESS,
    /** The saga waits, in nobody's memory. */
    PARK,
    /** It turns back. */
    CLOSING,
    /** What happened is undone from now on. */
    COMPENSATING,
    /** It was to turn back, and its pivot was found done. */
    FORWARD_ONLY,
    /** It ended. */
    END,
    /** The transaction of POST /orders/{id}/approve. */
    SIGNAL,
    /** The transaction of POST /orders/{id}/cancel. */
    CANCEL,
    /** The owner has read its news. */
    NEWS,
    /** Somebody takes it. */
    CLAIM,
    /** Its time has come. Concerns a shard. */
    TIMER,
    /** A process that ends gives everything up. Concerns a shard. */
    RELEASE,
    /** Stands for the next commit, whichever it is, that takes the saga on. */
    NEXT
  }

  static Point of(Kind kind) {
    return new Point(kind, "", 0);
  }

  static Point of(Kind kind, String step) {
    return new Point(kind, step, 0);
  }

  static Point parse(String text) {
    String[] parts = text.split("/", -1);
    return new Point(Kind.valueOf(parts[0]), parts[1], Integer.parseInt(parts[2]));
  }

  /** Whether a commit is this point. */
  boolean is(Point committed) {
    return kind == Kind.NEXT ? committed.takesOn() : equals(committed);
  }

  /** Whether it moves a saga: more than that somebody has it, or looks at it. */
  boolean takesOn() {
    return switch (kind) {
      case CALL,
          STEP,
          REFUSAL,
          FENCE,
          COMPENSATION,
          AWAITED,
          PROGRESS,
          PARK,
          CLOSING,
          COMPENSATING,
          FORWARD_ONLY,
          END ->
          true;
      default -> false;
    };
  }

  @Override
  public String toString() {
    return "%s/%s/%d".formatted(kind, step, item);
  }
}
