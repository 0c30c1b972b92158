package dev.evenkeel.transport.kafka.crash;

import dev.evenkeel.transport.kafka.crash.Boundary.Side;
import java.util.List;

/**
 * Where the processes are hurt that pass there.
 *
 * @param cell number of the cell in its run
 * @param victims how many processes, one after the other
 * @param passage the how-manieth passage of each process it is, from 1
 * @param lingerMillis how long the thread stands there while the rest of its process goes on
 */
record Arm(
    int cell,
    Boundary boundary,
    Side side,
    Fault fault,
    int victims,
    int passage,
    int lingerMillis) {

  /** What is done. */
  enum Fault {
    /** The process is gone at once. */
    HALT,
    /** The process gets SIGSTOP, until somebody wakes it. */
    SUSPEND
  }

  String text() {
    return "%d %s %s %s %d %d %d"
        .formatted(cell, boundary, side, fault, victims, passage, lingerMillis);
  }

  static Arm parse(List<String> words) {
    return new Arm(
        Integer.parseInt(words.get(0)),
        Boundary.valueOf(words.get(1)),
        Side.valueOf(words.get(2)),
        Fault.valueOf(words.get(3)),
        Integer.parseInt(words.get(4)),
        Integer.parseInt(words.get(5)),
        Integer.parseInt(words.get(6)));
  }
}
