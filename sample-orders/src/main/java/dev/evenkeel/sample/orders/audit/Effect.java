package dev.evenkeel.sample.orders.audit;

import java.util.Arrays;

/** What a step of {@code place-order} leaves in the application's tables. */
enum Effect {
  REGISTERED("register", Direction.FORWARD),
  CANCELLED("register", Direction.COMPENSATION),
  CREDIT_RESERVED("reserveCredit", Direction.FORWARD),
  CREDIT_RELEASED("reserveCredit", Direction.COMPENSATION),
  STOCK_RESERVED("reserveStock", Direction.FORWARD),
  STOCK_RELEASED("reserveStock", Direction.COMPENSATION),
  APPROVAL_ASKED("askApproval", Direction.FORWARD),
  CHARGED("charge", Direction.FORWARD),
  CHARGE_VOIDED("charge", Direction.COMPENSATION),
  CONFIRMED("confirm", Direction.FORWARD),
  CREDIT_USED("useCredit", Direction.FORWARD),
  STOCK_SHIPPED("ship", Direction.FORWARD),
  SHIPPED("markShipped", Direction.FORWARD);

  /** As the framework names them. */
  enum Direction {
    FORWARD,
    COMPENSATION
  }

  private final String step;
  private final Direction direction;

  Effect(String step, Direction direction) {
    this.step = step;
    this.direction = direction;
  }

  /** Whether a step leaves anything; an awaited event does not. */
  static boolean isOf(String step) {
    return Arrays.stream(values()).anyMatch(effect -> effect.step.equals(step));
  }

  String step() {
    return step;
  }

  Direction direction() {
    return direction;
  }

  /** Whether it may not happen to an order that is confirmed. */
  boolean undoes() {
    return direction == Direction.COMPENSATION;
  }

  /** Whether it is as much as the order's total. */
  boolean isOfMoney() {
    return this == CREDIT_RESERVED
        || this == CREDIT_RELEASED
        || this == CREDIT_USED
        || this == CHARGED;
  }

  /** Whether each line has its own. */
  boolean isOfLine() {
    return this == STOCK_RESERVED || this == STOCK_RELEASED || this == STOCK_SHIPPED;
  }
}
