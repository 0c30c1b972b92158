package dev.evenkeel.relay;

import dev.evenkeel.outbox.spi.Leadership;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Set;
import org.postgresql.replication.LogSequenceNumber;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One term of leadership: the session that holds the advisory lock, and the deadline.
 *
 * <p>Renewed only by whoever makes progress: the supervisor while it prepares, the relay's thread
 * while it streams. The deadline is monotonic and counts from before the renewal was sent, so this
 * process always believes in a shorter lease than the database does.
 */
final class Term implements Leadership, AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(Term.class);

  private final RelayOptions options;
  private final RelayConnections connections;
  private final RelayStateTable table;
  private final Connection session;
  private final RelayRow start;
  private final Served served;
  private final RelayChoice choice;
  private final RelayGapTable gaps;
  private String repair = "nothing had to be sent again";
  private long registryVersion;
  private volatile long deadline;
  private volatile boolean ended;

  Term(
      RelayOptions options,
      RelayConnections connections,
      RelayStateTable table,
      Connection session,
      RelayRow start,
      Served served,
      RelayChoice choice,
      long askedAt) {
    this.options = options;
    this.connections = connections;
    this.table = table;
    this.session = session;
    this.start = start;
    this.served = served;
    this.choice = choice;
    this.gaps = new RelayGapTable(options.schema());
    this.registryVersion = start.registryVersion();
    this.deadline = askedAt + options.lease().toNanos();
  }

  @Override
  public long epoch() {
    return start.epoch();
  }

  /** Who relays in this term. */
  RelayChoice choice() {
    return choice;
  }

  @Override
  public boolean mayDispatch() {
    return !ended && System.nanoTime() - deadline < 0;
  }

  /** Renews the lease and nothing else. */
  void renew() {
    renew(RelayStateTable.Renewal.LEASE);
  }

  /**
   * Renews the lease; commits a witness and moves H where the renewal has them.
   *
   * @throws LeadershipLostException if another term began, a consumer was registered that this
   *     process does not serve, or the session is lost
   */
  synchronized void renew(RelayStateTable.Renewal renewal) {
    if (ended) {
      throw new LeadershipLostException("The term " + epoch() + " has ended");
    }
    try {
      long asked = System.nanoTime();
      if (!write(renewal)) {
        readAgain();
        asked = System.nanoTime();
        if (!write(renewal)) {
          throw new LeadershipLostException("relay_state changed twice during one renewal");
        }
      }
      deadline = asked + options.lease().toNanos();
    } catch (SQLException e) {
      throw new LeadershipLostException("The lease's session failed: " + e.getMessage(), e);
    }
  }

  /** The end of a reconciliation and of the gaps that it repairs is one transaction. */
  private boolean write(RelayStateTable.Renewal renewal) throws SQLException {
    if (!renewal.reconciled()) {
      return table.renew(
          session, epoch(), options.node(), registryVersion, options.lease(), renewal);
    }
    session.setAutoCommit(false); // on a failure the term ends, and with it the session
    boolean written =
        table.renew(session, epoch(), options.node(), registryVersion, options.lease(), renewal);
    if (written) {
      gaps.close(session, repair);
    }
    session.commit();
    session.setAutoCommit(true);
    return written;
  }

  /**
   * Writes a gap down.
   *
   * @return its id: the same for one that was found before and is not repaired yet
   */
  synchronized long recordGap(String gap) throws SQLException {
    long id = gaps.record(session, epoch(), options.node(), gap);
    requireMine(id != 0);
    return id;
  }

  /** What the reconciliation under way has done: a sentence, kept with the gaps when it ends. */
  synchronized void repairedBy(String what) {
    repair = what;
  }

  /** The primary is another one, and the replication slot came along. */
  synchronized void settlePromotion(String what, String repaired) throws SQLException {
    gaps.note(session, epoch(), options.node(), what, repaired);
    requireMine(table.promoted(session, epoch(), options.node()));
  }

  private void readAgain() throws SQLException {
    RelayRow row = table.read(session);
    if (row.epoch() != epoch()) {
      throw new LeadershipLostException(
          "%s leads with epoch %d, beyond %d".formatted(row.leader(), row.epoch(), epoch()));
    }
    Set<String> missing = served.missing(table.consumers(session));
    if (!missing.isEmpty()) {
      throw new LeadershipLostException(
          "Consumers were registered that this process does not serve: " + missing);
    }
    registryVersion = row.registryVersion();
  }

  /** Commits that a reconciliation is under way. */
  synchronized void startReconciling() throws SQLException {
    requireMine(table.startReconciling(session, epoch(), options.node()));
  }

  /**
   * Forgets what belongs to another cluster, and commits that a reconciliation is under way. On a
   * session of its own, because it reads the ring.
   */
  void settleIn(LongWait longWait, String systemIdentifier)
      throws SQLException, InterruptedException {
    longWait.run(
        "taking over rows of another cluster",
        c -> requireMine(table.settleIn(c, epoch(), options.node(), systemIdentifier)));
  }

  synchronized void setPosition(LogSequenceNumber witness, boolean created) throws SQLException {
    requireMine(table.setPosition(session, epoch(), options.node(), witness, created));
  }

  private static void requireMine(boolean written) {
    if (!written) {
      throw new LeadershipLostException("Another term began during the preparation");
    }
  }

  synchronized RelayRow row() throws SQLException {
    return table.read(session);
  }

  /** The database's present snapshot. */
  synchronized PgSnapshot snapshot() throws SQLException {
    try (Statement statement = session.createStatement();
        ResultSet row = statement.executeQuery("SELECT pg_current_snapshot()::text")) {
      row.next();
      return PgSnapshot.parse(row.getString(1));
    }
  }

  /**
   * Waits until everything before that position of the WAL is on disk, if need be by a commit of
   * its own, which flushes all that stands before it.
   *
   * @param observer another session
   */
  void awaitDurable(Connection observer, String position) throws SQLException {
    try (PreparedStatement statement =
        observer.prepareStatement("SELECT pg_current_wal_flush_lsn() >= ?::pg_lsn")) {
      statement.setString(1, position);
      try (ResultSet row = statement.executeQuery()) {
        row.next();
        if (row.getBoolean(1)) {
          return;
        }
      }
    }
    synchronized (this) {
      emit(session, "");
    }
  }

  /** Draws an id: whatever committed before has a lower one. */
  synchronized long nextTransactionId() throws SQLException {
    try (Statement statement = session.createStatement();
        ResultSet row = statement.executeQuery("SELECT pg_current_xact_id()::text::bigint")) {
      row.next();
      return row.getLong(1);
    }
  }

  /** Whether another node has said that it should lead instead. */
  synchronized boolean wished() throws SQLException {
    return RelayLease.wish(options.schema()).heldByAnother(session);
  }

  /** How to reach the server that the lease's session is on. */
  ConnectionSettings settings() {
    return connections.settings();
  }

  Connection open(String purpose) throws SQLException {
    return connections.open(epoch(), purpose);
  }

  Connection openPatient(String purpose) throws SQLException {
    return connections.openPatient(epoch(), purpose);
  }

  /** A session that can stream from a replication slot. */
  Connection openReplication(String purpose) throws SQLException {
    return connections.openReplication(epoch(), purpose);
  }

  /** Remembers who was seen streaming. */
  synchronized void setSeen(SeenSlot seen) throws SQLException {
    requireMine(seen.store(session, options.schema(), epoch(), options.node()));
  }

  /** Writes a heartbeat on the given session. */
  void emitHeartbeat(Connection connection, String origin) throws SQLException {
    emit(connection, origin);
  }

  private void emit(Connection connection, String origin) throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement(
            """
            SELECT pg_logical_emit_message(true, ?,
                       pg_current_snapshot()::text || '|' || clock_timestamp()::text || '|' || ?)
            """)) {
      statement.setString(1, heartbeatPrefix(options.schema()));
      statement.setString(2, origin);
      statement.execute();
    }
  }

  /**
   * Logical messages are seen by every reader of the database, so the prefix carries the schema.
   */
  static String heartbeatPrefix(String schema) {
    return "evenkeel:" + schema;
  }

  /** No dispatch from here on. */
  void end() {
    ended = true;
  }

  /** Ends the term and closes its session; with that the next leader may begin. Idempotent. */
  @Override
  public synchronized void close() {
    ended = true;
    closeQuietly(session);
  }

  static void closeQuietly(Connection connection) {
    try {
      connection.close();
    } catch (SQLException e) {
      log.debug("Closing a session failed", e);
    }
  }
}
