package dev.evenkeel.relay;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import net.jqwik.api.AfterFailureMode;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/**
 * The janitor's rule, whatever writers, relay and janitor do in whatever order: a row is emptied
 * only after a snapshot was published that sees it.
 */
class JanitorPropertyIT {

  private static final JanitorOptions AT_ONCE =
      new JanitorOptions(Duration.ofMillis(200), Duration.ZERO, Duration.ofDays(10));
  private static final int WRITERS = 2;

  private static Installation installation;

  /** What may happen. */
  enum Act {
    BEGIN,
    WRITE,
    COMMIT,
    ROLL_BACK,
    PUBLISH,
    SWEEP
  }

  /**
   * One step.
   *
   * @param writer who begins, writes or ends
   */
  record Step(Act act, int writer) {}

  @BeforeContainer
  static void create() {
    installation = Installation.create();
  }

  @AfterContainer
  static void drop() {
    installation.close();
  }

  /** One bucket and few writers, so that they meet. */
  @Provide
  Arbitrary<List<Step>> steps() {
    return Combinators.combine(
            Arbitraries.frequency(
                Tuple.of(1, Act.BEGIN),
                Tuple.of(4, Act.WRITE),
                Tuple.of(3, Act.COMMIT),
                Tuple.of(1, Act.ROLL_BACK),
                Tuple.of(4, Act.PUBLISH),
                Tuple.of(4, Act.SWEEP)),
            Arbitraries.integers().between(0, WRITERS - 1))
        .as(Step::new)
        .list()
        .ofMinSize(30)
        .ofMaxSize(60);
  }

  /** Sessions of a run, and what they know. */
  private static final class Run implements AutoCloseable {

    private final List<Connection> writers = new ArrayList<>();
    private final List<Set<UUID>> uncommitted = new ArrayList<>();
    private final Set<UUID> committed = new HashSet<>();
    private final Set<UUID> published = new HashSet<>();
    private final Connection observer = installation.database().connect();
    private final Connection janitor = installation.database().connect();
    private final int present;

    Run() throws SQLException {
      for (int n = 0; n < WRITERS; n++) {
        Connection writer = installation.database().connect();
        writer.setAutoCommit(false);
        writers.add(writer);
        uncommitted.add(new HashSet<>());
      }
      execute("TRUNCATE evenkeel.outbox");
      execute("UPDATE evenkeel.outbox_bucket SET sealed = NULL, truncated_at = NULL");
      execute("UPDATE evenkeel.relay_state SET published = NULL, reconciling = false");
      try (Statement statement = observer.createStatement();
          ResultSet row =
              statement.executeQuery(
                  "SELECT (floor(extract(epoch FROM clock_timestamp()) / 3600)::bigint % 16)::int")) {
        row.next();
        present = row.getInt(1);
      }
    }

    private void execute(String sql) throws SQLException {
      RelayConnections.execute(observer, sql);
    }

    void take(Step step) throws SQLException {
      Connection writer = writers.get(step.writer());
      Set<UUID> mine = uncommitted.get(step.writer());
      switch (step.act()) {
        case BEGIN -> RelayConnections.execute(writer, "SELECT pg_current_xact_id()");
        case WRITE -> mine.add(write(writer, Math.floorMod(present - 4, 16)));
        case COMMIT -> {
          writer.commit();
          committed.addAll(mine);
          mine.clear();
        }
        case ROLL_BACK -> {
          writer.rollback();
          mine.clear();
        }
        case PUBLISH -> {
          execute("UPDATE evenkeel.relay_state SET published = pg_current_snapshot()");
          published.addAll(committed); // just those that this snapshot sees
        }
        case SWEEP -> new RingJanitor(Installation.SCHEMA, AT_ONCE).sweep(janitor);
      }
    }

    private UUID write(Connection writer, int bucket) throws SQLException {
      UUID id = UUID.randomUUID();
      String sql =
          """
          INSERT INTO evenkeel.outbox (bucket, id, aggregatetype, aggregateid, type, version, slot, payload)
          VALUES (?, ?, 'counter', 'k', 'counted', 1, 0, 'x')
          """;
      try (PreparedStatement statement = writer.prepareStatement(sql)) {
        statement.setInt(1, bucket);
        statement.setObject(2, id);
        statement.executeUpdate();
      }
      return id;
    }

    Set<UUID> emptied() throws SQLException {
      Set<UUID> gone = new HashSet<>(committed);
      try (Statement statement = observer.createStatement();
          ResultSet rows = statement.executeQuery("SELECT id FROM evenkeel.outbox")) {
        while (rows.next()) {
          gone.remove(rows.getObject(1, UUID.class));
        }
      }
      return gone;
    }

    @Override
    public void close() throws SQLException {
      for (Connection writer : writers) {
        writer.rollback();
        writer.close();
      }
      observer.close();
      janitor.close();
    }
  }

  @Property(tries = 25, afterFailure = AfterFailureMode.SAMPLE_ONLY)
  void nothingIsEmptiedThatWasNotPublishedAndInTheEndEverythingIs(@ForAll("steps") List<Step> steps)
      throws SQLException {
    try (Run run = new Run()) {
      for (Step step : steps) {
        run.take(step);
        assertThat(run.published).containsAll(run.emptied());
      }
      for (int writer = 0; writer < WRITERS; writer++) {
        run.take(new Step(Act.COMMIT, writer));
      }
      for (int turn = 0; turn < 3; turn++) { // unseal, seal, empty
        run.take(new Step(Act.SWEEP, 0));
        run.take(new Step(Act.PUBLISH, 0));
      }
      run.take(new Step(Act.SWEEP, 0));
      assertThat(run.emptied()).isEqualTo(run.committed);
    }
  }
}
