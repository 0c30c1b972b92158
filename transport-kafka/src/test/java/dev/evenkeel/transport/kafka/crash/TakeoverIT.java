package dev.evenkeel.transport.kafka.crash;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.evenkeel.transport.kafka.crash.Boundary.Side;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Two instances, one leads. It is killed, or suspended beyond its lease; the other one takes over,
 * measured from the fault to the broker's answer for a message that was written after it.
 */
class TakeoverIT {

  private static final Logger log = LoggerFactory.getLogger(TakeoverIT.class);

  private static final Duration AFTER_KILL = Duration.ofSeconds(2);

  /** In each build, where a machine may be busy with other things; the slow test is exact. */
  private static final Duration AFTER_KILL_WHEN_BUSY = Duration.ofSeconds(10);

  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Duration BACKLOG = Duration.ofMinutes(1);

  /** What only a leader may commit. */
  private static final Set<Boundary> BY_LEADER =
      EnumSet.of(Boundary.PARK, Boundary.QUEUE, Boundary.RELEASE, Boundary.WITNESS);

  @Test
  void killedLeaderIsReplacedAndTheTopicStaysInOrder() throws InterruptedException {
    assertThat(takeoversAfterKill(1))
        .allSatisfy(t -> assertThat(t).isLessThan(AFTER_KILL_WHEN_BUSY));
  }

  @Test
  @Tag("slow")
  void eachOfTenKilledLeadersIsReplacedWithinTwoSeconds() throws InterruptedException {
    assertThat(takeoversAfterKill(10)).allSatisfy(t -> assertThat(t).isLessThan(AFTER_KILL));
  }

  private static List<Duration> takeoversAfterKill(int kills) throws InterruptedException {
    try (Trial trial = Trial.create()) {
      List<Duration> takeovers = new ArrayList<>();
      start(trial);
      Writers writers = trial.startWriters();
      for (int n = 1; n <= kills; n++) {
        start(trial);
        awaitStandby(trial);
        awaitLines(trial, Journal.Kind.ACKNOWLEDGED, 50 + trial.random().nextInt(200));
        ChildProcess leader = leader(trial);
        long killedAt = trial.kill(leader);
        takeovers.add(awaitTakeover(trial, "probe-" + n, leader, killedAt));
      }
      writers.stop();
      trial.judge(BACKLOG).sound().counting();
      return takeovers;
    }
  }

  /** It is suspended in the midst of parking what the broker does not take. */
  @Test
  void suspendedLeaderIsReplacedAndMayThenOnlyRepeat() throws InterruptedException {
    try (Trial trial = Trial.create()) {
      trial.takesLarge(false);
      start(trial);
      ChildProcess sleeper = leader(trial);
      start(trial);
      awaitStandby(trial);
      Writers writers = trial.startWriters();
      sleeper.arm(new Arm(1, Boundary.PARK, Side.BEFORE, Arm.Fault.SUSPEND, 1, 2, 0));
      Journal.Line suspended = trial.awaitLine(PATIENCE, line -> line.kind() == Journal.Kind.FAULT);

      Duration takeover = awaitTakeover(trial, "probe", sleeper, suspended.at());
      long epoch = trial.number("SELECT epoch FROM evenkeel.relay_state");
      sleeper.wake();
      trial.awaitLine(PATIENCE, line -> line.kind() == Journal.Kind.WOKE);
      trial.takesLarge(true); // keys that are parked would starve the handlers
      List<Journal.Line> byTheSleeper = new ArrayList<>();
      AtomicInteger attempts = new AtomicInteger();
      trial.awaitLine(
          PATIENCE,
          line -> {
            if (isByLeader(line, sleeper)) {
              byTheSleeper.add(line);
            }
            return line.kind() == Journal.Kind.ATTEMPT && attempts.incrementAndGet() == 300;
          });
      writers.stop();

      trial.judge(BACKLOG).sound().counting();
      assertThat(byTheSleeper).as("committed by the one that woke").isEmpty();
      assertThat(trial.number("SELECT epoch FROM evenkeel.relay_state")).isEqualTo(epoch);
      assertThat(sleeper.isAlive()).isTrue();
      assertThat(takeover).isLessThan(Application.LEASE.plus(AFTER_KILL_WHEN_BUSY));
    }
  }

  private static boolean isByLeader(Journal.Line line, ChildProcess node) {
    return line.kind() == Journal.Kind.FENCED_WRITE
        && line.node().equals(node.node())
        && BY_LEADER.contains(Boundary.valueOf(line.key()));
  }

  /** One that only relays and handles; it leads, or stands by. */
  private static void start(Trial trial) {
    trial.awaitStarted(List.of(trial.start(false)));
    trial.write("first");
    await()
        .atMost(PATIENCE)
        .until(
            () ->
                trial.number(
                        "SELECT count(*) FROM evenkeel.relay_state"
                            + " WHERE NOT reconciling AND published IS NOT NULL")
                    == 1);
  }

  private static void awaitStandby(Trial trial) {
    await()
        .atMost(PATIENCE)
        .until(
            () ->
                trial.number(
                        "SELECT count(*) FROM pg_stat_activity"
                            + " WHERE application_name = 'evenkeel:evenkeel:standby'"
                            + " AND datname = current_database()")
                    == 1);
  }

  private static ChildProcess leader(Trial trial) {
    return await().atMost(PATIENCE).until(trial::leader, leader -> leader != null);
  }

  private static void awaitLines(Trial trial, Journal.Kind kind, int count) {
    AtomicInteger seen = new AtomicInteger();
    trial.awaitLine(PATIENCE, line -> line.kind() == kind && seen.incrementAndGet() == count);
  }

  private static Duration awaitTakeover(Trial trial, String key, ChildProcess from, long faultAt) {
    trial.write(key);
    Journal.Line first =
        trial.awaitLine(
            PATIENCE,
            line ->
                line.kind() == Journal.Kind.ACKNOWLEDGED
                    && line.key().equals(key)
                    && !line.node().equals(from.node()));
    Duration takeover = Duration.ofNanos(first.at() - faultAt);
    log.info("{} took over after {} ms", first.node(), takeover.toMillis());
    return takeover;
  }
}
