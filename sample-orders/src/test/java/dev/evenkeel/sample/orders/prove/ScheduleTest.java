package dev.evenkeel.sample.orders.prove;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ScheduleTest {

  private static final List<Mode> ALL = List.of(Mode.values());

  private static final String PINNED =
      """
      Seed 42, 1 minutes, modes [shards]
      Round 1: shards, janitor and rescuer at full speed
         2.9 s  crash     c          for 0.7 s
         6.1 s  upgrade   node-1     for 0.0 s
         8.2 s  kill      node-1     for 0.2 s
        11.2 s  upgrade   node-2     for 0.0 s
        15.2 s  reset     a          for 0.0 s, 2 times
        18.6 s  blackhole b          for 6.2 s, then reset
        21.6 s  upgrade   node-3     for 0.0 s
      """;

  @Test
  void sameSeedDrawsTheSame() {
    assertThat(Schedule.draw(7, 60, ALL)).isEqualTo(Schedule.draw(7, 60, ALL));
    assertThat(Schedule.draw(7, 60, ALL).text()).isEqualTo(Schedule.draw(7, 60, ALL).text());
  }

  /** What a report of long ago says can be run again: nobody may change how seeds draw. */
  @Test
  void seedDrawsWhatItHasAlwaysDrawn() {
    assertThat(Schedule.draw(42, 1, List.of(Mode.SHARDS)).text()).isEqualTo(PINNED);
  }

  @Test
  void anotherSeedDrawsAnother() {
    assertThat(Schedule.draw(7, 3, ALL).rounds()).isNotEqualTo(Schedule.draw(8, 3, ALL).rounds());
  }

  @Test
  void threeMinutesHaveEveryFaultAndEveryMode() {
    LongStream.range(0, 200)
        .mapToObj(seed -> Schedule.draw(seed, 3, ALL))
        .forEach(
            schedule -> {
              Set<FaultKind> kinds =
                  schedule.rounds().stream()
                      .flatMap(round -> round.faults().stream())
                      .map(Fault::kind)
                      .collect(Collectors.toSet());
              assertThat(kinds).isEqualTo(EnumSet.allOf(FaultKind.class));
              assertThat(schedule.rounds()).extracting(Schedule.Round::mode).containsAll(ALL);
              assertThat(schedule.rounds()).extracting(Schedule.Round::hurried).contains(true);
            });
  }

  @ParameterizedTest
  @EnumSource
  void everyRoundKillsAndPausesOutlastTheLeases(Mode mode) {
    Schedule.draw(11, 60, List.of(mode))
        .rounds()
        .forEach(
            round -> {
              assertThat(round.faults()).extracting(Fault::kind).contains(FaultKind.KILL);
              assertThat(round.faults())
                  .allSatisfy(
                      fault -> {
                        assertThat(fault.at()).isLessThan(Schedule.LOAD);
                        assertThat(fault.target()).isBetween(0, 2);
                        if (fault.kind() == FaultKind.SUSPEND
                            || fault.kind() == FaultKind.BLACKHOLE) {
                          assertThat(fault.lasts())
                              .isGreaterThanOrEqualTo(Installation.LONGEST_LEASE.plusSeconds(1));
                        }
                      });
            });
  }

  @Test
  void upgradeTakesOneProcessAfterTheOther() {
    List<Schedule.Round> upgraded =
        Schedule.draw(5, 60, List.of(Mode.SHARDS)).rounds().stream()
            .filter(
                round ->
                    round.faults().stream().anyMatch(fault -> fault.kind() == FaultKind.UPGRADE))
            .toList();

    assertThat(upgraded)
        .isNotEmpty()
        .allSatisfy(
            round ->
                assertThat(round.faults())
                    .filteredOn(fault -> fault.kind() == FaultKind.UPGRADE)
                    .extracting(Fault::target)
                    .containsExactly(0, 1, 2));
  }

  @Test
  void lengthIsAboutWhatWasAskedFor() {
    Schedule hour = Schedule.draw(1, 60, ALL);

    assertThat(Schedule.ROUND.multipliedBy(hour.rounds().size()))
        .isBetween(Duration.ofMinutes(58), Duration.ofMinutes(60));
    assertThat(Schedule.draw(1, 3, ALL).rounds()).hasSize(3);
    assertThat(Schedule.draw(1, 1, ALL).rounds()).hasSize(1);
  }
}
