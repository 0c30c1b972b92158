package dev.evenkeel.relay;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;
import org.postgresql.replication.PGReplicationStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Streams from the replication slot and takes nothing, so that nobody else can: Kafka Connect must
 * not send what is newer while the ring is sent again. It finds the replication slot in use and
 * tries again. Nothing is ever confirmed here.
 */
final class SlotHold implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(SlotHold.class);

  private static final int TERMINATION_MILLIS = 5_000;
  private static final int ATTEMPTS = 5;
  private static final String IN_USE = "55006";

  private final Connection connection;
  private final PGReplicationStream stream;
  private final int pid;
  private final ScheduledExecutorService thread;
  private volatile @Nullable SQLException failure;

  private SlotHold(Connection connection, PGReplicationStream stream, int pid) {
    this.connection = connection;
    this.stream = stream;
    this.pid = pid;
    this.thread =
        Executors.newSingleThreadScheduledExecutor(
            task -> {
              Thread alive = new Thread(task, "evenkeel-relay-hold");
              alive.setDaemon(true);
              return alive;
            });
    thread.scheduleWithFixedDelay(this::keepAlive, 1, 1, TimeUnit.SECONDS);
  }

  /**
   * Ends whoever streams from it and takes his place.
   *
   * @param c another session
   * @throws UnfitException if he may not be ended
   */
  static SlotHold take(Connection c, Term term, String schema) throws SQLException {
    SQLException inUse = new SQLException("the replication slot stays in use");
    for (int attempt = 1; attempt <= ATTEMPTS; attempt++) {
      endWalsender(c, schema);
      try {
        return start(c, term, schema);
      } catch (SQLException e) {
        if (!IN_USE.equals(e.getSQLState())) {
          throw e;
        }
        inUse = e; // quicker than we were
      }
    }
    throw inUse;
  }

  /** Ends the walsender on the replication slot, if there is one. */
  static void endWalsender(Connection c, String schema) throws SQLException {
    ReplicationSlot slot = ReplicationSlot.find(c, schema);
    if (slot == null || slot.activePid() == 0) {
      return;
    }
    try (PreparedStatement statement = c.prepareStatement("SELECT pg_terminate_backend(?, ?)")) {
      statement.setInt(1, slot.activePid());
      statement.setInt(2, TERMINATION_MILLIS);
      statement.execute();
    } catch (SQLException e) {
      throw new UnfitException(
          List.of(
              RelayFinding.broken(
                  "messages must be sent again before Kafka Connect goes on, but its pid %d on the replication slot %s can't be ended (%s)"
                      .formatted(slot.activePid(), slot.name(), e.getMessage()),
                  "stop the connector until the relay's state is WATCHING, or make the relay's role a member of the connector's")));
    }
    log.info(
        "Ended pid {} on the replication slot {}: the ring is sent again before Kafka Connect goes on",
        slot.activePid(),
        slot.name());
  }

  private static SlotHold start(Connection c, Term term, String schema) throws SQLException {
    Connection replication = term.openReplication("hold");
    try {
      PGConnection pg = replication.unwrap(PGConnection.class);
      int pid = pg.getBackendPID();
      PGReplicationStream stream =
          pg.getReplicationAPI()
              .replicationStream()
              .logical()
              .withSlotName(ReplicationSlot.nameFor(c, schema))
              .withSlotOption("proto_version", 1)
              .withSlotOption("publication_names", schema + "_outbox")
              .withAutomaticFlush(false)
              .start();
      return new SlotHold(replication, stream, pid);
    } catch (SQLException e) {
      replication.close();
      throw e;
    }
  }

  /** Without reading: what comes meanwhile stays in the socket's buffers and with the server. */
  private void keepAlive() {
    try {
      stream.forceUpdateStatus();
    } catch (SQLException e) {
      failure = e;
      thread.shutdown();
    }
  }

  /**
   * Makes sure that nobody else has streamed since it was taken.
   *
   * @throws LeadershipLostException if it is held no more
   */
  void requireHeld(Connection c, String schema) throws SQLException {
    SQLException broken = failure;
    String sql = "SELECT active_pid = ? FROM pg_replication_slots WHERE slot_name = ?";
    try (PreparedStatement statement = c.prepareStatement(sql)) {
      statement.setInt(1, pid);
      statement.setString(2, ReplicationSlot.nameFor(c, schema));
      try (ResultSet row = statement.executeQuery()) {
        if (broken != null || !row.next() || !row.getBoolean(1)) {
          throw new LeadershipLostException(
              "The replication slot could not be held while the ring was sent again"
                  + (broken == null ? "" : ": " + broken.getMessage()));
        }
      }
    }
  }

  /** Lets go, and has the server see it. */
  void release(Connection c) throws SQLException {
    thread.shutdownNow();
    try (PreparedStatement statement = c.prepareStatement("SELECT pg_terminate_backend(?, ?)")) {
      statement.setInt(1, pid);
      statement.setInt(2, TERMINATION_MILLIS);
      statement.execute();
    }
  }

  @Override
  public void close() {
    thread.shutdownNow();
    // Not the stream's own close, which waits for the server's answer behind what nobody reads.
    try {
      connection.abort(Runnable::run);
    } catch (SQLException e) {
      log.debug("Closing a session failed", e);
    }
  }
}
