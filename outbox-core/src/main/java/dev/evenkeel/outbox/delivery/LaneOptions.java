package dev.evenkeel.outbox.delivery;

import dev.evenkeel.outbox.Checks;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Settings of delivering to handlers, whatever the messages travelled by.
 *
 * @param lanes most deliveries at a time, each with a connection while it runs, 1 to 1,024; default
 *     16
 * @param attemptsInMemory attempts before a failing message is parked, 1 to 100; default 3
 * @param budgetInMemory longest time over which those are spread, up to 1 min; default 2 s
 * @param attemptsParked attempts of a parked message before it is a dead letter, 1 to 1,000;
 *     default 20
 * @param firstBackoff wait before the first parked attempt, doubling from there; default 1 s
 * @param maxBackoff longest wait; default 5 min
 * @param outageBudget how long a database of effects may be away before messages headed there are
 *     parked, up to 5 min; default 10 s
 * @param handlerTimeout longest time a handler may take; default 5 s
 */
public record LaneOptions(
    int lanes,
    int attemptsInMemory,
    Duration budgetInMemory,
    int attemptsParked,
    Duration firstBackoff,
    Duration maxBackoff,
    Duration outageBudget,
    Duration handlerTimeout) {

  /** Share of a backoff that is random, so that many keys do not come back at once. */
  private static final double JITTER = 0.2;

  public LaneOptions {
    Checks.range("evenkeel.inbox.lanes", lanes, 1, 1_024);
    Checks.range("evenkeel.inbox.retry.in-memory-attempts", attemptsInMemory, 1, 100);
    Checks.range(
        "evenkeel.inbox.retry.in-memory-budget",
        budgetInMemory,
        Duration.ZERO,
        Duration.ofMinutes(1));
    Checks.range("evenkeel.inbox.retry.max-attempts", attemptsParked, 1, 1_000);
    Checks.range(
        "evenkeel.inbox.retry.first-backoff",
        firstBackoff,
        Duration.ofMillis(1),
        Duration.ofHours(1));
    Checks.range("evenkeel.inbox.retry.max-backoff", maxBackoff, firstBackoff, Duration.ofDays(1));
    Checks.range(
        "evenkeel.inbox.outage-budget", outageBudget, Duration.ZERO, Duration.ofMinutes(5));
    Checks.range(
        "evenkeel.inbox.handler-timeout",
        handlerTimeout,
        Duration.ofMillis(10),
        Duration.ofMinutes(5));
  }

  /** The defaults. */
  public static LaneOptions defaults() {
    return new LaneOptions(
        16,
        3,
        Duration.ofSeconds(2),
        20,
        Duration.ofSeconds(1),
        Duration.ofMinutes(5),
        Duration.ofSeconds(10),
        Duration.ofSeconds(5));
  }

  /** The wait after that many counted attempts of a parked message, jitter included. */
  public Duration backoff(int attempts) {
    double doubled = firstBackoff.toMillis() * Math.pow(2, Math.max(0, attempts - 1));
    double capped = Math.min(doubled, (double) maxBackoff.toMillis());
    double jitter = 1 + JITTER * (2 * ThreadLocalRandom.current().nextDouble() - 1);
    return Duration.ofMillis(Math.max(1, Math.round(capped * jitter)));
  }
}
