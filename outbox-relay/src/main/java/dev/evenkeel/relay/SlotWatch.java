package dev.evenkeel.relay;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks at the server again and again while a term lasts, so that what goes wrong is known within
 * seconds. On the supervisor's thread and a session of its own.
 */
final class SlotWatch implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(SlotWatch.class);

  private static final Duration INTERVAL = Duration.ofSeconds(2);

  private final Relay relay;
  private final RelayOptions options;
  private final Term term;
  private final SlotDoctor doctor;
  private @Nullable Connection session;
  private boolean failed;
  private long lookAt = System.nanoTime();

  SlotWatch(Relay relay, RelayOptions options, Term term) {
    this.relay = relay;
    this.options = options;
    this.term = term;
    this.doctor = new SlotDoctor(options.schema());
  }

  /**
   * Looks at a stream, when it is time.
   *
   * @throws LeadershipLostException when nobody streams any more, or something is missing: the next
   *     term repairs it
   */
  void lookAtStream(SlotKeeper keeper) throws SQLException {
    if (System.nanoTime() - lookAt < 0) {
      return;
    }
    look(
        c -> {
          String gap = keeper.gap(c);
          if (gap != null) {
            throw new LeadershipLostException("The stream can't be trusted: " + gap);
          }
          // A connection that is cut on the way looks idle from here for a long time, not there.
          ReplicationSlot slot = ReplicationSlot.find(c, options.schema());
          if (slot == null || slot.activePid() == 0) {
            throw new LeadershipLostException("The server no longer streams to this process");
          }
          relay.reportWatched(doctor.streamRisks(c, options.doctor()));
        });
  }

  /** Looks at what a relay that polls needs, when it is time; rids it of its replication slot. */
  void lookAtPolling() throws SQLException {
    if (System.nanoTime() - lookAt < 0) {
      return;
    }
    look(
        c -> {
          dropUnused(c);
          relay.reportWatched(doctor.pollingRisks(c, options.doctor()));
        });
  }

  private interface Look {
    void at(Connection c) throws SQLException;
  }

  /** A look that fails is repeated at once with a new session: only a second failure counts. */
  private void look(Look look) throws SQLException {
    try {
      look.at(session());
      failed = false;
      lookAt = System.nanoTime() + INTERVAL.toNanos();
    } catch (SQLException e) {
      close();
      if (failed) {
        throw e;
      }
      failed = true;
      log.debug("The server could not be looked at; it is tried once more", e);
    }
  }

  /** Nobody reads from it any more, and it would keep the WAL for ever. */
  private void dropUnused(Connection c) throws SQLException {
    ReplicationSlot slot = ReplicationSlot.find(c, options.schema());
    if (slot == null || slot.activePid() != 0) {
      return; // while somebody is on it, the findings name it
    }
    try {
      ReplicationSlot.drop(c, options.schema());
      log.info("Dropped the replication slot {}: the relay polls", slot.name());
    } catch (SQLException e) {
      log.debug("The replication slot {} can't be dropped now", slot.name(), e);
    }
  }

  private Connection session() throws SQLException {
    Connection open = session;
    if (open == null) {
      open = term.open("doctor");
      session = open;
    }
    return open;
  }

  @Override
  public void close() {
    Connection open = session;
    session = null;
    if (open != null) {
      Term.closeQuietly(open);
    }
  }
}
