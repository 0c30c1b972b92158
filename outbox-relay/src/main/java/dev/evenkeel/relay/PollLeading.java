package dev.evenkeel.relay;

import dev.evenkeel.outbox.spi.MessageObserver;
import dev.evenkeel.outbox.spi.Transport;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A term whose leader reads the outbox, window by window.
 *
 * <p>A window has the rows that H does not see, of transactions before U, the oldest that was
 * running when the window began. All of those have ended, so the window is fixed and nothing can
 * still come into it: a transaction that commits late stands beyond U, however low its positions
 * are. When its rows are acknowledged, H is "everything before U". So the first window of a switch
 * or of a start with rows present is the reconciliation, and there is no second rule for it.
 *
 * <p>Rows go by position. Two transactions that write one key are put in order by the row lock that
 * the first holds until it has committed, so of the two the second has the higher positions, and if
 * a window has the second it has the first, or an earlier one had it.
 *
 * <p>About once a heartbeat H and the place in the window after it are written down. A crash in the
 * middle of a window goes on there, because the window is known by its U.
 */
final class PollLeading implements Leading {

  private static final Logger log = LoggerFactory.getLogger(PollLeading.class);

  private static final AtomicLong TERMS = new AtomicLong();

  /** How long it waits for acknowledgements before it looks at anything else. */
  private static final long SLICE_NANOS = 20_000_000;

  private final Relay relay;
  private final RelayOptions options;
  private final Transport transport;
  private final MessageObserver observer;
  private final Term term;
  private final String origin;
  private volatile @Nullable Dispatcher dispatcher;
  private volatile @Nullable Thread thread;
  private volatile boolean woken;

  PollLeading(
      Relay relay, RelayOptions options, Transport transport, MessageObserver observer, Term term) {
    this.relay = relay;
    this.options = options;
    this.transport = transport;
    this.observer = observer;
    this.term = term;
    this.origin = term.epoch() + ".polling." + TERMS.incrementAndGet();
  }

  @Override
  public int inFlight() {
    Dispatcher current = dispatcher;
    return current == null ? 0 : current.inFlight();
  }

  @Override
  public void wake() {
    woken = true;
    LockSupport.unpark(thread);
  }

  @Override
  public void run() throws SQLException, InterruptedException {
    thread = Thread.currentThread();
    prepare();
    RelayRow row = term.row();
    Dispatcher work =
        new Dispatcher(
            options, term, transport, observer, row.reconciling() ? origin : null, relay::stopping);
    dispatcher = work;
    try (Sweeps sweeps = new Sweeps(options, term)) {
      PgSnapshot published = begin(work, row);
      relay.become(RelayState.POLLING);
      if (published != null) {
        poll(work, published);
      }
      relay.become(RelayState.DRAINING);
      work.drainRing();
    } finally {
      thread = null;
      term.end();
      work.close();
    }
  }

  private void prepare() throws SQLException, InterruptedException {
    String system;
    try (Connection c = term.open("preflight")) {
      List<String> findings = new SlotDoctor(options.schema()).pollingPreflight(c);
      if (!findings.isEmpty()) {
        throw new UnfitException(findings);
      }
      system = ReplicationSlot.systemIdentifier(c);
      dropReplicationSlot(c);
    }
    relay.reportFit();
    String before = term.row().systemIdentifier();
    if (!system.equals(before)) {
      if (before != null) {
        relay.alarm(SlotKeeper.otherCluster(system, before));
      }
      term.settleIn(new LongWait(term, relay::reportWaiting, relay::stopping), system);
      relay.reportWaiting(null);
    }
  }

  /** Nobody reads from it any more, and it would keep the WAL for ever. */
  private void dropReplicationSlot(Connection c) throws SQLException {
    ReplicationSlot slot = ReplicationSlot.find(c, options.schema());
    if (slot == null) {
      return;
    }
    try {
      ReplicationSlot.drop(c, options.schema());
      log.info("Dropped the replication slot {}: the relay polls", slot.name());
    } catch (SQLException e) {
      log.warn(
          "The replication slot {} keeps WAL that nobody reads, because the relay polls, and can't be dropped: {}. Drop it with SELECT pg_drop_replication_slot('{}')",
          slot.name(),
          e.getMessage(),
          slot.name());
    }
  }

  /**
   * The first window: what the stored place leaves of the one that was under way, or everything
   * that H does not see. It may be large.
   *
   * @return the H that it leads to; null when the relay is to stop before
   */
  private @Nullable PgSnapshot begin(Dispatcher work, RelayRow row)
      throws SQLException, InterruptedException {
    if (row.reconciling()) {
      relay.become(RelayState.RECONCILING);
    }
    try (Connection c = term.openPatient("first-window");
        RingReader ring = new RingReader(options.schema(), c)) {
      RingPosition polled = row.polled();
      Horizon horizon = horizon(c);
      if (polled != null) {
        horizon = new Horizon(polled.until(), null);
      }
      RingReader.Window window =
          new RingReader.Window(
              row.published(),
              horizon.until(),
              polled == null ? 0 : polled.position(),
              row.reconciling());
      RingReader.Sent sent = ring.send(window, work);
      if (!sent.complete()) {
        return null;
      }
      work.endWindow(horizon.heartbeat(origin));
      if (row.reconciling()) {
        log.info(
            "Sent {} messages of the ring that were not known as published (H: {})",
            sent.sent(),
            row.published() == null ? "none" : row.published());
      }
      return horizon.snapshot();
    }
  }

  private void poll(Dispatcher work, PgSnapshot begun) throws SQLException, InterruptedException {
    PgSnapshot published = begun;
    long shortest = options.polling().minInterval().toNanos();
    long longest = options.polling().maxInterval().toNanos();
    long pause = shortest;
    try (Connection c = term.open("polling");
        RingReader ring = new RingReader(options.schema(), c)) {
      RelayConnections.execute(c, "SET enable_seqscan = off"); // a window is found by its index
      while (!relay.stopping() && !relay.givesBack(term)) {
        woken = false; // before the look: what commits from here on may be missed by it
        long looked = System.nanoTime();
        Horizon horizon = horizon(c);
        RingReader.Window window =
            new RingReader.Window(published, horizon.until(), 0, /* again= */ false);
        RingReader.Sent sent =
            window.isEmpty() ? new RingReader.Sent(0, true) : ring.send(window, work);
        if (!sent.complete()) {
          return;
        }
        published = horizon.snapshot();
        work.endWindow(horizon.heartbeat(origin));
        pause = sent.sent() > 0 ? shortest : Math.min(pause * 2, longest);
        rest(work, looked + shortest, looked + pause);
      }
    }
  }

  /** Waits, keeping the lease: not beyond the latest, and not until the earliest when woken. */
  private void rest(Dispatcher work, long earliest, long latest) throws InterruptedException {
    long left = latest - System.nanoTime();
    while (left > 0 && work.keepLease()) {
      work.awaitChange(Math.min(left, SLICE_NANOS));
      left = (woken ? earliest : latest) - System.nanoTime();
    }
  }

  /**
   * Up to where all transactions have ended.
   *
   * @param until U
   * @param since everything appended before this time is in windows up to U; null: not known
   */
  private record Horizon(long until, @Nullable String since) {

    PgSnapshot snapshot() {
      return PgSnapshot.before(until);
    }

    Heartbeat heartbeat(String origin) {
      return new Heartbeat(snapshot(), since, origin);
    }
  }

  /**
   * A row that was appended before the oldest writer began has an older transaction than that
   * writer, so it is before U.
   */
  private static Horizon horizon(Connection c) throws SQLException {
    String sql =
        """
        SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint,
               least(clock_timestamp(), (SELECT min(xact_start) FROM pg_stat_activity WHERE backend_xid IS NOT NULL),
                     (SELECT min(prepared) FROM pg_prepared_xacts))::text
        """;
    try (PreparedStatement statement = c.prepareStatement(sql);
        ResultSet row = statement.executeQuery()) {
      row.next();
      return new Horizon(row.getLong(1), row.getString(2));
    }
  }
}
