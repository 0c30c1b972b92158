package dev.evenkeel.sample.orders.prove;

import java.time.Duration;

/**
 * One entry of a schedule.
 *
 * @param at since the clients of the round began
 * @param target number of the process or database, from 0
 * @param lasts until it is taken back
 * @param amount of KILL and UPGRADE nothing; of LATENCY milliseconds; of CLOCK minutes, negative
 *     behind; of RESET how often; of BLACKHOLE 0 to go on and 1 to be reset at its end
 */
record Fault(FaultKind kind, Duration at, int target, Duration lasts, int amount) {

  /** What it is done to. */
  String target(Mode mode) {
    return (kind.hurtsProcess() ? mode.nodes() : mode.databases()).get(target);
  }

  /** A line of the printed schedule. */
  String text(Mode mode) {
    return "%6.1f s  %-9s %-10s for %.1f s%s"
        .formatted(
            at.toMillis() / 1000.0,
            kind,
            target(mode),
            lasts.toMillis() / 1000.0,
            switch (kind) {
              case LATENCY -> ", " + amount + " ms more";
              case CLOCK -> ", %+d min".formatted(amount);
              case RESET -> ", " + amount + " times";
              case BLACKHOLE -> amount == 0 ? ", then goes on" : ", then reset";
              default -> "";
            });
  }
}
