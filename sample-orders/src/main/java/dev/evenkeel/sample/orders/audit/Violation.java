package dev.evenkeel.sample.orders.audit;

/**
 * Something that must not be.
 *
 * @param detail one sentence with ids and figures
 */
public record Violation(Rule rule, String detail) {

  /** What must hold. */
  public enum Rule {
    /** Limit − available of a customer is what their orders have reserved or used. */
    CREDIT,
    /** What is on hand of an article is what was set, less what was shipped. */
    ON_HAND,
    /** What is reserved of an article is the lines of orders on their way. */
    RESERVED,
    /** Every order is shipped, cancelled, waiting or stuck. */
    NOT_ENDED,
    /** A cancelled order holds nothing. */
    HELD_BY_CANCELLED,
    /** A confirmed or shipped order has all that it should. */
    MISSING,
    /** What was reserved, used or shipped is what the order says. */
    AMOUNT,
    /** Nothing takes effect twice. */
    TWICE,
    /** After the pivot nothing is undone. */
    UNDONE_AFTER_PIVOT,
    /** What a step's row says and what the application's tables say is the same. */
    STEP
  }

  @Override
  public String toString() {
    return rule + ": " + detail;
  }
}
