package dev.evenkeel.sample.orders.crash;

import dev.evenkeel.sample.orders.crash.Point.Kind;
import dev.evenkeel.sample.orders.crash.Point.Side;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * One kill of the grid.
 *
 * @param point where the order freezes
 * @param twice whether the process that takes it over is killed as well: at the same point, or at
 *     the next where that can't come again
 */
record Cell(Scenario scenario, Point point, Side side, boolean twice) {

  private static final String[] STEPS = {
    "register", "reserveCredit", "charge", "confirm", "useCredit", "markShipped"
  };

  /** All of them. */
  static List<Cell> all() {
    List<Cell> cells = new ArrayList<>();
    for (boolean twice : new boolean[] {false, true}) {
      for (Side side : Side.values()) {
        for (Cell cell : forward(side, twice)) {
          cells.add(cell);
        }
        for (Cell cell : backward(side, twice)) {
          cells.add(cell);
        }
      }
    }
    // Whoever is killed after the end has nothing that could be taken over.
    cells.removeIf(
        cell -> cell.twice() && cell.side() == Side.AFTER && cell.point().kind() == Kind.END);
    return cells;
  }

  private static List<Cell> forward(Side side, boolean twice) {
    Row row = new Row(side, twice);
    row.add(Scenario.SHIPPED, Kind.KEY, "").add(Scenario.SHIPPED, Kind.START, "");
    for (String step : STEPS) {
      row.add(Scenario.SHIPPED, Kind.STEP, step);
    }
    for (String step : new String[] {"reserveStock", "ship"}) {
      row.add(Scenario.SHIPPED, Kind.STEP, step, 0).add(Scenario.SHIPPED, Kind.STEP, step, 1);
    }
    row.add(Scenario.SHIPPED, Kind.CALL, "charge")
        .add(Scenario.SHIPPED, Kind.END, "")
        .add(Scenario.LINGERS_BEFORE_PIVOT, Kind.PROGRESS, "")
        .add(Scenario.LINGERS_AFTER_PIVOT, Kind.PROGRESS, "")
        .add(Scenario.LEFT, Kind.RELEASE, "")
        .add(Scenario.APPROVED, Kind.STEP, "askApproval")
        .add(Scenario.APPROVED, Kind.PARK, "")
        .add(Scenario.APPROVED, Kind.SIGNAL, "")
        .add(Scenario.APPROVED, Kind.CLAIM, "")
        .add(Scenario.APPROVED, Kind.AWAITED, "approval")
        .add(Scenario.APPROVED, Kind.STEP, "confirm")
        .add(Scenario.CANCELLED_AT_PIVOT, Kind.CLOSING, "")
        .add(Scenario.CANCELLED_AT_PIVOT, Kind.FORWARD_ONLY, "");
    return row.cells;
  }

  private static List<Cell> backward(Side side, boolean twice) {
    Row row = new Row(side, twice);
    row.add(Scenario.NO_CREDIT, Kind.REFUSAL, "reserveCredit")
        .add(Scenario.NO_CREDIT, Kind.CLOSING, "")
        .add(Scenario.NO_CREDIT, Kind.COMPENSATION, "reserveStock", 0)
        .add(Scenario.NO_CREDIT, Kind.COMPENSATION, "reserveStock", 1)
        .add(Scenario.NO_CREDIT, Kind.COMPENSATION, "register")
        .add(Scenario.NO_STOCK, Kind.REFUSAL, "reserveStock", 1)
        .add(Scenario.NO_STOCK, Kind.CLOSING, "")
        .add(Scenario.NO_STOCK, Kind.COMPENSATING, "")
        .add(Scenario.NO_STOCK, Kind.COMPENSATION, "reserveStock", 0)
        .add(Scenario.NO_STOCK, Kind.COMPENSATION, "reserveCredit")
        .add(Scenario.NO_STOCK, Kind.COMPENSATION, "register")
        .add(Scenario.NO_STOCK, Kind.END, "")
        .add(Scenario.CANCELLED_WAITING, Kind.CANCEL, "")
        .add(Scenario.CANCELLED_WAITING, Kind.CLAIM, "")
        .add(Scenario.CANCELLED_WAITING, Kind.CLOSING, "")
        .add(Scenario.CANCELLED_WAITING, Kind.COMPENSATING, "")
        .add(Scenario.CANCELLED_WAITING, Kind.COMPENSATION, "reserveCredit")
        .add(Scenario.CANCELLED_WAITING, Kind.COMPENSATION, "reserveStock", 0)
        .add(Scenario.CANCELLED_WAITING, Kind.COMPENSATION, "register")
        .add(Scenario.EXPIRED, Kind.TIMER, "")
        .add(Scenario.EXPIRED, Kind.AWAITED, "approval")
        .add(Scenario.CANCELLED_AT_START, Kind.FENCE, "register")
        .add(Scenario.CANCELLED_AT_REGISTER, Kind.NEWS, "")
        .add(Scenario.CANCELLED_AT_REGISTER, Kind.FENCE, "reserveCredit")
        .add(Scenario.CANCELLED_AT_REGISTER, Kind.FENCE, "reserveStock", 0)
        .add(Scenario.CANCELLED_AT_REGISTER, Kind.FENCE, "reserveStock", 1)
        .add(Scenario.CANCELLED_AT_REGISTER, Kind.COMPENSATION, "register")
        .add(Scenario.CANCELLED_AT_CREDIT, Kind.FENCE, "charge")
        .add(Scenario.CANCELLED_AT_CREDIT, Kind.FENCE, "confirm")
        .add(Scenario.CANCELLED_AT_CHARGE, Kind.COMPENSATION, "charge")
        .add(Scenario.LARGE_CANCELLED_AT_CREDIT, Kind.FENCE, "askApproval");
    return row.cells;
  }

  private static final class Row {

    private final List<Cell> cells = new ArrayList<>();
    private final Side side;
    private final boolean twice;

    Row(Side side, boolean twice) {
      this.side = side;
      this.twice = twice;
    }

    Row add(Scenario scenario, Kind kind, String step) {
      return add(scenario, kind, step, 0);
    }

    Row add(Scenario scenario, Kind kind, String step, int item) {
      cells.add(new Cell(scenario, new Point(kind, step, item), side, twice));
      return this;
    }
  }

  /** How the order may end. */
  Set<String> ends() {
    if (scenario == Scenario.CANCELLED_AT_PIVOT && point.kind() == Kind.CLOSING) {
      return Set.of("SHIPPED", "CANCELLED"); // the pivot, which it came too late for, may be lost
    }
    return Set.of(scenario.ships() ? "SHIPPED" : "CANCELLED");
  }

  /** Where the process is killed that has taken over from the first. */
  Point again() {
    return comesAgain() ? point : Point.of(Kind.NEXT);
  }

  private boolean comesAgain() {
    return switch (point.kind()) {
      case PROGRESS, NEWS, PARK, RELEASE -> false;
      default -> side == Side.BEFORE;
    };
  }

  /**
   * Whether many orders of one shard can be frozen there at once. Others have a thread, or one of
   * few connections, that all sagas of the shard need.
   */
  boolean sharesItsShard() {
    return switch (point.kind()) {
      case KEY, START, STEP, CALL, COMPENSATION -> !twice || comesAgain();
      default -> false;
    };
  }

  @Override
  public String toString() {
    return "%s %s %s%s".formatted(scenario, side, point, twice ? " twice" : "");
  }
}
