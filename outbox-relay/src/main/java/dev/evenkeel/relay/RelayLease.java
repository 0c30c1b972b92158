package dev.evenkeel.relay;

import dev.evenkeel.outbox.SessionNames;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How a process comes to lead.
 *
 * <p>Two guards. An advisory lock on a session: it is free the moment a killed leader's session
 * ends, so takeover is quick. And a lease by the database's clock: a leader that is merely silent
 * (stopped, cut off) keeps its session, so past the lease a contender ends that session, and with
 * it every session of the old term, walsender included. Then the next term begins: epoch + 1.
 * Whatever the old leader still tries carries the old epoch and is refused where it matters:
 * witness, park, release.
 */
final class RelayLease {

  private static final Logger log = LoggerFactory.getLogger(RelayLease.class);

  /** Longest wait for a terminated session to be gone. */
  private static final int TERMINATION_MILLIS = 2_000;

  private final RelayOptions options;
  private final RelayConnections connections;
  private final RelayStateTable table;
  private final Served served;
  private final Placement placement;
  private final AdvisoryLock lock;
  private final AdvisoryLock wish;
  private @Nullable Connection standby;
  private boolean wishing;

  RelayLease(
      RelayOptions options,
      RelayConnections connections,
      RelayStateTable table,
      Served served,
      Placement placement) {
    this.options = options;
    this.connections = connections;
    this.table = table;
    this.served = served;
    this.placement = placement;
    this.lock = new AdvisoryLock("evenkeel-relay:" + options.schema());
    this.wish = wish(options.schema());
  }

  /** Shared by the sessions of nodes that should lead instead of the one that does. */
  static AdvisoryLock wish(String schema) {
    return new AdvisoryLock("evenkeel-relay-wish:" + schema);
  }

  /** What one look brought. */
  sealed interface Look {
    /** This process leads now. */
    record Leads(Term term) implements Look {}

    /** Another one does; null: its name is not there yet. */
    record Follows(@Nullable String leader) implements Look {}

    /** Nobody does, and for that long the lease is left to a node that leads less. */
    record Leaves(Duration left) implements Look {}

    /** Nobody does, and this process must not yet. */
    record Waits(RelayFinding reason) implements Look {}

    /** Nobody may: this process does not serve every registered consumer. */
    record NotEligible(@Nullable String leader, Set<String> missing) implements Look {}
  }

  /**
   * Looks once. Keeps one session open between looks.
   *
   * @throws SQLException if the database can't be asked
   */
  Look look() throws SQLException {
    Connection session = standby;
    if (session == null) {
      session = connections.openStandby();
      standby = session;
    }
    try {
      return look(session);
    } catch (SQLException e) {
      close();
      throw e;
    }
  }

  private Look look(Connection session) throws SQLException {
    RelayRow row = table.read(session);
    boolean led = !row.expired() && lock.heldByAnother(session);
    Set<String> missing = served.missing(table.consumers(session));
    if (!missing.isEmpty()) {
      wish(session, false);
      return new Look.NotEligible(led ? row.leader() : null, missing);
    }
    if (led) {
      wish(session, placement.wishes());
      return new Look.Follows(row.leader());
    }
    Duration left = placement.leaves(row.leader());
    if (!left.isZero()) {
      return new Look.Leaves(left);
    }
    wish(session, false);
    return take(session, row);
  }

  private Look take(Connection session, RelayRow row) throws SQLException {
    if (!lock.tryTake(session)) {
      if (!row.expired()) {
        return new Look.Follows(null); // another one was quicker; its row tells who, soon
      }
      // Silent past its lease: end its sessions. The lock is free once its session is gone.
      int ended = terminate(session, row);
      log.warn(
          "{} has been silent past its lease of {}; ended {} of its sessions",
          row.leader(),
          options.lease(),
          ended);
      if (!lock.tryTake(session)) {
        return new Look.Follows(null);
      }
    }
    return begin(session, row);
  }

  private Look begin(Connection session, RelayRow before) throws SQLException {
    terminate(session, before);
    RelayChoice choice = RelayChoice.of(options.mode(), options.schema(), session);
    if (before.owner() == RelayOwner.CONNECT && choice.owner() != RelayOwner.CONNECT) {
      // Asked before the row says another owner, because an embedded one's walsender is ended.
      ReplicationSlot slot = ReplicationSlot.find(session, options.schema());
      if (slot != null && slot.activePid() != 0) {
        close();
        return new Look.Waits(
            RelayFinding.broken(
                "Kafka Connect still streams from the replication slot %s (pid %d)"
                    .formatted(slot.name(), slot.activePid()),
                "stop its connector first"));
      }
    }
    long asked = System.nanoTime();
    RelayRow row = table.lead(session, before, choice.owner(), options.node(), options.lease());
    if (row == null) {
      close();
      return new Look.Follows(null);
    }
    RelayConnections.rename(session, SessionNames.of(options.schema(), row.epoch(), "lease"));
    standby = null; // the term's from here on
    return new Look.Leads(
        new Term(
            options,
            connections.sameServerAs(session),
            table,
            session,
            row,
            served,
            choice,
            asked));
  }

  private void wish(Connection session, boolean wishes) throws SQLException {
    if (wishes == wishing) {
      return;
    }
    if (wishes) {
      wishing = wish.tryShare(session);
    } else {
      wish.unshare(session);
      wishing = false;
    }
  }

  /**
   * Ends the sessions of that term and of older ones: lease, heartbeat, handlers, walsender; and a
   * session that holds the lock but has been silent for a lease, of a process that stopped between
   * taking it and saying so. A stranger on the replication slot who may not be ended stays, and the
   * preflight names him; so does Kafka Connect, which would come back at once.
   */
  private int terminate(Connection session, RelayRow row) throws SQLException {
    String sql =
        """
        SELECT count(*) FROM (
            SELECT pg_terminate_backend(pid, %d)
              FROM pg_stat_activity
             WHERE pid <> pg_backend_pid() AND datname = current_database()
               AND (SELECT pg_has_role(oid, 'MEMBER')
                           AND (NOT rolsuper OR current_setting('is_superuser')::boolean)
                      FROM pg_roles WHERE oid = usesysid)
               AND (substring(application_name FROM '^' || ? || '([0-9]+):')::bigint <= ?
                 OR pid = (SELECT active_pid FROM pg_replication_slots WHERE slot_name = ? AND ?)
                 OR (state_change < clock_timestamp() - ?::interval
                     AND pid IN (%s)))) AS ended
        """
            .formatted(TERMINATION_MILLIS, AdvisoryLock.HOLDERS);
    try (PreparedStatement statement = session.prepareStatement(sql)) {
      statement.setString(1, SessionNames.prefix(options.schema()));
      statement.setLong(2, row.epoch());
      statement.setString(3, ReplicationSlot.nameFor(session, options.schema()));
      statement.setBoolean(4, row.owner() == RelayOwner.EMBEDDED);
      statement.setString(5, options.lease().toMillis() + " milliseconds");
      statement.setString(6, lock.name());
      try (ResultSet ended = statement.executeQuery()) {
        ended.next();
        return ended.getInt(1);
      }
    }
  }

  /** Closes the session that looks. */
  void close() {
    Connection session = standby;
    standby = null;
    wishing = false;
    if (session != null) {
      Term.closeQuietly(session);
    }
  }
}
