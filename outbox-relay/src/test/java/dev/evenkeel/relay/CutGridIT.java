package dev.evenkeel.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A leader is cut off right before or right after each of its statements, while it polls, while it
 * reconciles, and while it takes over from another mode; another one goes on, and everything took
 * effect once and in order.
 */
class CutGridIT {

  private static final Duration SOON = Duration.ofSeconds(60);
  private static final int STATEMENTS = 45;
  private static final long EVENTS = 12;

  /** What the leader that is cut off is about to do. */
  enum Situation {
    /** Polls from the first row on. */
    POLLS(RelayMode.POLLING, RelayMode.POLLING, RelayMode.POLLING),
    /** Streams where another one polled. */
    FROM_POLLING(RelayMode.POLLING, RelayMode.CDC, RelayMode.CDC),
    /** Polls where another one streamed. */
    FROM_STREAMING(RelayMode.CDC, RelayMode.POLLING, RelayMode.POLLING),
    /** Polls after a stream; the next one streams again. */
    THERE_AND_BACK(RelayMode.CDC, RelayMode.POLLING, RelayMode.CDC),
    /** Finds its replication slot gone. */
    GAP(RelayMode.CDC, RelayMode.CDC, RelayMode.CDC);

    private final RelayMode before;
    private final RelayMode cut;
    private final RelayMode after;

    Situation(RelayMode before, RelayMode cut, RelayMode after) {
      this.before = before;
      this.cut = cut;
      this.after = after;
    }
  }

  private record Cell(int statement, boolean after) {}

  private static List<Cell> cells() {
    List<Cell> cells = new ArrayList<>();
    for (int statement = 1; statement <= STATEMENTS; statement++) {
      cells.add(new Cell(statement, false));
      cells.add(new Cell(statement, true));
    }
    return cells;
  }

  @ParameterizedTest
  @EnumSource
  void aSampleOfTheGrid(Situation situation) throws SQLException {
    List<Cell> cells = cells();
    long seed = Long.getLong("evenkeel.test.seed", situation.ordinal());
    Collections.shuffle(cells, new Random(seed));
    run(situation, cells.subList(0, 2));
  }

  @ParameterizedTest
  @EnumSource
  @Tag("grid")
  void theWholeGrid(Situation situation) throws SQLException {
    run(situation, cells());
  }

  @Test
  void statementsBeyondTheGridAreOnlyThoseOfPollsAndHeartbeats() throws SQLException {
    try (Installation installation = Installation.polled();
        CutDriver.Cut nowhere = new CutDriver.Cut(0, false)) {
      EffectHandler handler = slow(installation);
      publish(installation, 1);
      try (RelayNode node = node(installation, "a", RelayMode.POLLING, handler, nowhere)) {
        awaitEffects(installation, EVENTS);
        await().atMost(SOON).until(() -> nowhere.passed().size() > STATEMENTS);
      }
      assertThat(nowhere.passed().stream().limit(STATEMENTS))
          .anyMatch(sql -> sql.contains("polling_window = coalesce"))
          .anyMatch(sql -> sql.contains("ORDER BY position"));
    }
  }

  private void run(Situation situation, List<Cell> cells) throws SQLException {
    for (Cell cell : cells) {
      try (Installation installation = Installation.polled()) {
        run(situation, cell, installation);
      } catch (AssertionError | RuntimeException e) {
        throw new AssertionError("%s, %s".formatted(situation, cell), e);
      }
    }
  }

  private void run(Situation situation, Cell cell, Installation installation) throws SQLException {
    EffectHandler handler = slow(installation);
    publish(installation, 1);
    try (RelayNode before = node(installation, "before", situation.before, handler, null)) {
      awaitEffects(installation, EVENTS);
    }
    publish(installation, EVENTS + 1);
    if (situation == Situation.GAP) {
      installation.dropSlot();
    }
    try (CutDriver.Cut cut = new CutDriver.Cut(cell.statement(), cell.after());
        RelayNode doomed = node(installation, "doomed", situation.cut, handler, cut)) {
      await().atMost(SOON).until(cut::done);
      publish(installation, 2 * EVENTS + 1);
      try (RelayNode heir = node(installation, "heir", situation.after, handler, null)) {
        awaitEffects(installation, 3 * EVENTS);
        await()
            .atMost(SOON)
            .until(
                () ->
                    installation.count(
                            """
                            SELECT count(*) FROM evenkeel.relay_state s
                             WHERE NOT reconciling
                               AND NOT EXISTS (SELECT FROM evenkeel.outbox o
                                                WHERE NOT pg_visible_in_snapshot(o.xid::text::xid8, s.published))
                            """)
                        == 1);
        assertThat(heir.relay().status().findings()).isEmpty();
      }
    }
    for (String key : List.of("a", "b")) {
      assertThat(
              handler.attempts().stream()
                  .filter(event -> event.key().equals(key))
                  .map(Counted::version)
                  .distinct())
          .as("first attempts of " + key)
          .containsExactlyElementsOf(
              LongStream.rangeClosed(1, 3 * EVENTS)
                  .filter(n -> key(n).equals(key))
                  .boxed()
                  .toList());
    }
    assertThat(installation.count("SELECT count(DISTINCT message_id) FROM effect"))
        .isEqualTo(3 * EVENTS);
    assertThat(installation.count("SELECT count(*) FROM effect")).isEqualTo(3 * EVENTS);
  }

  private static String key(long n) {
    return n % 2 == 0 ? "a" : "b";
  }

  private static EffectHandler slow(Installation installation) {
    return new EffectHandler(installation.sql(), event -> LockSupport.parkNanos(5_000_000));
  }

  /** Each event in a transaction of its own, from this number on. */
  private static void publish(Installation installation, long from) {
    RelayNode writer = RelayNode.in(installation).build();
    for (long n = from; n < from + EVENTS; n++) {
      writer.publish(new Counted(key(n), n));
    }
  }

  private static void awaitEffects(Installation installation, long expected) {
    await().atMost(SOON).until(() -> installation.count("SELECT count(*) FROM effect") == expected);
  }

  private static RelayNode node(
      Installation installation,
      String name,
      RelayMode mode,
      EffectHandler handler,
      CutDriver.Cut cut) {
    RelayNode.Builder builder =
        RelayNode.in(installation)
            .named(name)
            .relay(options -> options.withMode(mode))
            .handlers(handler);
    if (cut != null) {
      builder.settings(cut.settings(installation));
    }
    return builder.start();
  }
}
