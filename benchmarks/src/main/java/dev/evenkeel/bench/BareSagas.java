package dev.evenkeel.bench;

import com.zaxxer.hikari.HikariDataSource;
import dev.evenkeel.outbox.SlotHash;
import dev.evenkeel.shard.id.SlotIds;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;

/**
 * The reference for sagas: the framework's protocol on the framework's tables in bare JDBC, and
 * nothing that can be left out when nothing fails. The caller's transaction stores key, instance
 * and wake row; each step is one transaction with its row, whose statement looks at {@code
 * not_after} and makes the commit durable; the end is written in batches by {@link BareProgress}.
 * The caller's own thread runs the steps, which saves every hand-over between threads. Fixed: it is
 * what the framework is measured by.
 */
final class BareSagas implements SagaRunner {

  private static final String START =
      """
      WITH started AS (
          INSERT INTO %1$s.saga_key (slot, saga, key, saga_id, started_by, request_hash)
          VALUES (?, 'bench', ?, ?, ?, ?)
              ON CONFLICT (slot, saga, key) DO NOTHING
          RETURNING saga_id, slot, key
      ), instance AS (
          INSERT INTO %1$s.saga_instance (id, saga, saga_version, key, slot, command)
          SELECT saga_id, 'bench', 1, key, slot, ? FROM started
      )
      INSERT INTO %1$s.saga_wake (saga_id, owner) SELECT saga_id, 'bare' FROM started
      """
          .formatted(SagaDatabases.SCHEMA);

  private static final String STEP_DONE =
      """
      INSERT INTO %s.saga_step (saga_id, step, item, direction, outcome, result, slot, epoch, attempt)
      SELECT ?, ?, 0, 'FORWARD', 'DONE', ?, ?, 1, 1
       WHERE clock_timestamp() < ? AND set_config('synchronous_commit', 'on', true) = 'on'
          ON CONFLICT (saga_id, step, item, direction) DO NOTHING
      """
          .formatted(SagaDatabases.SCHEMA);

  private final List<String> steps;

  /** After each step. */
  private final List<String> doneSteps = new ArrayList<>();

  private final List<HikariDataSource> pools;
  private final List<BareProgress> progress = new ArrayList<>();
  private final AtomicLong numbers = new AtomicLong();

  /**
   * Begins to write progress.
   *
   * @param connections on each database
   */
  BareSagas(SagaDatabases databases, int connections) throws SQLException {
    this(databases, databases.openPools(connections), StepNames.USUAL);
  }

  /**
   * The same with pools that are there, and another number of steps.
   *
   * @param steps 1 to 10
   */
  BareSagas(SagaDatabases databases, List<HikariDataSource> pools, int steps) throws SQLException {
    this.steps = StepNames.of(steps);
    this.pools = pools;
    for (int done = 1; done <= steps; done++) {
      doneSteps.add(
          this.steps.subList(0, done).stream()
              .map(name -> '"' + name + '"')
              .collect(Collectors.joining(", ", "[", "]")));
    }
    for (int n = 0; n < pools.size(); n++) {
      progress.add(new BareProgress(databases.database(n).info().connect()));
    }
  }

  @Override
  public SagaLoad run(int callers, Duration duration) throws Exception {
    return SagaLoad.run(callers, duration, numbers::incrementAndGet, this::saga);
  }

  private void saga(long number) {
    int home = (int) (number % pools.size());
    int slot = (int) (number % SlotHash.SLOTS);
    UUID id = SlotIds.next(slot);
    BareProgress writer = progress.get(home);
    try {
      start(home, slot, id, number);
      BareProgress.Saga saga = new BareProgress.Saga(id);
      for (int step = 0; step < steps.size(); step++) {
        step((home + step) % pools.size(), slot, id, steps.get(step), number, writer.notAfter());
        if (step < steps.size() - 1) {
          writer.defer(saga, doneSteps.get(step));
        }
      }
      writer.end(saga, doneSteps.get(steps.size() - 1));
    } catch (SQLException e) {
      throw new IllegalStateException("Saga %d failed".formatted(number), e);
    }
  }

  private void start(int database, int slot, UUID id, long number) throws SQLException {
    byte[] command = json(number);
    try (Connection connection = pools.get(database).getConnection()) {
      connection.setAutoCommit(false);
      try (PreparedStatement start = connection.prepareStatement(START)) {
        start.setInt(1, slot);
        start.setString(2, String.valueOf(number));
        start.setObject(3, id);
        start.setObject(4, id);
        start.setBytes(5, sha256(command));
        start.setBytes(6, command);
        require(start.executeUpdate(), "start", id);
      }
      connection.commit();
    }
  }

  private void step(
      int database, int slot, UUID id, String step, long number, OffsetDateTime notAfter)
      throws SQLException {
    try (Connection connection = pools.get(database).getConnection()) {
      connection.setAutoCommit(false);
      SagaDatabases.insertEffect(connection, number, step);
      try (PreparedStatement done = connection.prepareStatement(STEP_DONE)) {
        done.setObject(1, id);
        done.setString(2, step);
        done.setBytes(3, json(number));
        done.setInt(4, slot);
        done.setObject(5, notAfter);
        require(done.executeUpdate(), step, id);
      }
      connection.commit();
    }
  }

  private static void require(int rows, String what, UUID id) {
    if (rows != 1) {
      throw new IllegalStateException("%s of %s wrote %d rows".formatted(what, id, rows));
    }
  }

  private static byte[] json(long number) {
    return "{\"number\":%d}".formatted(number).getBytes(StandardCharsets.UTF_8);
  }

  private static byte[] sha256(byte[] bytes) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(bytes);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every JVM has SHA-256", e);
    }
  }

  @Override
  public void close() {
    progress.forEach(BareProgress::close);
  }
}
