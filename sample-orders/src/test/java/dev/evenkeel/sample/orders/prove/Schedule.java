package dev.evenkeel.sample.orders.prove;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Random;

/**
 * What a run does to whom, and when: a pure function of seed, length and modes. What it can't fix
 * is how the processes' own threads interleave with it.
 *
 * @param rounds one after the other, each with an installation of its own
 */
record Schedule(long seed, int minutes, List<Mode> modes, List<Round> rounds) {

  /** From a round's start to its judgement, as a rule. */
  static final Duration ROUND = Duration.ofSeconds(58);

  /** How long clients of a round order, and faults begin. */
  static final Duration LOAD = Duration.ofSeconds(24);

  /** Beyond this many minutes an order that waits for its approval would be given up. */
  private static final int MOST_MINUTES_OFF = 5;

  private static final int FAULTS = 7;
  private static final int TARGETS = 3;

  /**
   * One installation's.
   *
   * @param seed of its clients
   * @param hurried whether janitor, rescuer and pollers are as quick as can be, over a ring that
   *     turns within seconds
   */
  record Round(int number, Mode mode, long seed, boolean hurried, List<Fault> faults) {}

  /**
   * Draws one.
   *
   * @param minutes from 1: so long the run takes, about
   * @param modes that take turns
   */
  static Schedule draw(long seed, int minutes, List<Mode> modes) {
    Random random = new Random(seed);
    long count = Math.max(1, Duration.ofMinutes(minutes).dividedBy(ROUND));
    Deque<FaultKind> deck = new ArrayDeque<>();
    int upgraded = random.nextInt(TARGETS);
    List<Round> rounds = new ArrayList<>();
    for (int number = 0; number < count; number++) {
      Mode mode = modes.get(number % modes.size());
      boolean upgrade = number % TARGETS == upgraded % count;
      rounds.add(
          new Round(
              number + 1,
              mode,
              random.nextLong(),
              number % 2 == 0,
              faults(random, mode, number / modes.size(), upgrade, deck)));
    }
    return new Schedule(seed, minutes, List.copyOf(modes), List.copyOf(rounds));
  }

  private static List<Fault> faults(
      Random random, Mode mode, int turn, boolean upgrade, Deque<FaultKind> deck) {
    List<FaultKind> kinds = new ArrayList<>(List.of(FaultKind.KILL));
    int others = FAULTS - 1 - (upgrade ? mode.withSagas().size() : 0);
    for (int i = 0; i < others; i++) {
      if (deck.isEmpty()) {
        deck.addAll(shuffled(random));
      }
      kinds.add(deck.remove());
    }
    Collections.shuffle(kinds, random);
    if (upgrade) {
      // Spread, in the order of the processes: some have the new version while others do not.
      List<Integer> nodes = mode.withSagas();
      for (int i = 0; i < nodes.size(); i++) {
        kinds.add((i + 1) * kinds.size() / (nodes.size() + 1) + i, FaultKind.UPGRADE);
      }
    }
    int[] next = {random.nextInt(TARGETS), random.nextInt(TARGETS)};
    int upgrades = 0;
    List<Fault> faults = new ArrayList<>();
    long slot = LOAD.toMillis() / kinds.size();
    for (int i = 0; i < kinds.size(); i++) {
      FaultKind kind = kinds.get(i);
      Duration at = Duration.ofMillis(i * slot + random.nextInt((int) slot));
      int target =
          switch (kind) {
            case UPGRADE -> mode.withSagas().get(upgrades++);
            // The first one hits sagas for certain.
            case KILL -> (mode.withSagas().get(0) + turn) % TARGETS;
            default -> next[kind.hurtsProcess() ? 0 : 1]++ % TARGETS;
          };
      faults.add(new Fault(kind, at, target, lasts(kind, random), amount(kind, random)));
    }
    faults.sort(Comparator.comparing(Fault::at));
    return List.copyOf(faults);
  }

  private static List<FaultKind> shuffled(Random random) {
    List<FaultKind> kinds = new ArrayList<>(List.of(FaultKind.values()));
    kinds.removeAll(List.of(FaultKind.KILL, FaultKind.UPGRADE));
    Collections.shuffle(kinds, random);
    return kinds;
  }

  /** What has to outlast the leases does so by a second at least. */
  private static Duration lasts(FaultKind kind, Random random) {
    long beyond = Installation.LONGEST_LEASE.toMillis() + 1_000L + random.nextInt(2_000);
    return Duration.ofMillis(
        switch (kind) {
          case SUSPEND, BLACKHOLE -> beyond;
          case KILL -> 200L + random.nextInt(1_800);
          case CRASH -> 500L + random.nextInt(2_000);
          case LATENCY, CLOCK -> 4_000L + random.nextInt(4_000);
          case POOL -> 2_000L + random.nextInt(2_000);
          case UPGRADE, RESET, DROP_SLOT -> 0L;
        });
  }

  private static int amount(FaultKind kind, Random random) {
    return switch (kind) {
      case LATENCY -> 20 + random.nextInt(130);
      case CLOCK -> (1 + random.nextInt(MOST_MINUTES_OFF)) * (random.nextBoolean() ? 1 : -1);
      case RESET -> 1 + random.nextInt(3);
      case BLACKHOLE -> random.nextInt(2);
      default -> 0;
    };
  }

  /** As it is printed and kept. */
  String text() {
    StringBuilder text =
        new StringBuilder("Seed %d, %d minutes, modes %s\n".formatted(seed, minutes, modes));
    for (Round round : rounds) {
      text.append(
          "Round %d: %s%s\n"
              .formatted(
                  round.number(),
                  round.mode(),
                  round.hurried() ? ", janitor and rescuer at full speed" : ""));
      round.faults().forEach(fault -> text.append(fault.text(round.mode())).append('\n'));
    }
    return text.toString();
  }
}
