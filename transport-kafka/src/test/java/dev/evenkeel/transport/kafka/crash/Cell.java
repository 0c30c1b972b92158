package dev.evenkeel.transport.kafka.crash;

import dev.evenkeel.transport.kafka.crash.Boundary.Side;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * One square of the grid.
 *
 * @param victims how many processes are hurt there, one after the other
 */
record Cell(Boundary boundary, Side side, Arm.Fault fault, int victims) {

  private static final int MANY = 30;
  private static final int SHORT_LINGER = 1_000;

  /** All of them. */
  static List<Cell> all() {
    List<Cell> cells = new ArrayList<>();
    for (Boundary boundary : Boundary.values()) {
      for (Side side : Side.values()) {
        if (boundary.has(side)) {
          cells.add(new Cell(boundary, side, Arm.Fault.HALT, 1));
          cells.add(new Cell(boundary, side, Arm.Fault.HALT, 2));
          if (isWorthSuspending(boundary, side)) {
            cells.add(new Cell(boundary, side, Arm.Fault.SUSPEND, 1));
          }
        }
      }
    }
    return cells;
  }

  /** Where whoever wakes holds something that is another's by then. */
  private static boolean isWorthSuspending(Boundary boundary, Side side) {
    return switch (boundary) {
      case SEND, WITNESS, PARK, QUEUE, EFFECT, SET_ASIDE, SET_FREE -> side == Side.BEFORE;
      case LEAD, CLAIM, POLL, OFFSETS, ACKNOWLEDGE -> side == Side.AFTER;
      case PRODUCE, RELEASE -> true;
      default -> false;
    };
  }

  /** Nobody passes there unless somebody else goes. */
  boolean needsChange() {
    return boundary == Boundary.LEAD || boundary == Boundary.CLAIM;
  }

  /** So that one is left. */
  int processes() {
    return victims + (needsChange() ? 2 : 1);
  }

  /** The topic has to refuse something. */
  boolean needsRefusals() {
    return switch (boundary) {
      case PARK, QUEUE, RELEASE -> true;
      default -> false;
    };
  }

  Arm arm(int number, Random random) {
    int passage =
        switch (boundary) {
          case SEND, PRODUCE, ACKNOWLEDGE, INBOX, EFFECT, APPEND -> 1 + random.nextInt(MANY);
          case LEAD, CLAIM -> 1;
          default -> 1 + random.nextInt(3);
        };
    boolean lingers = fault == Arm.Fault.HALT && random.nextBoolean();
    return new Arm(
        number,
        boundary,
        side,
        fault,
        victims,
        passage,
        lingers ? random.nextInt(SHORT_LINGER) : 0);
  }

  @Override
  public String toString() {
    return "%s %s %s%s".formatted(fault, side, boundary, victims > 1 ? " twice" : "");
  }
}
