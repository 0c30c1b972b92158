package dev.evenkeel.relay;

import dev.evenkeel.outbox.spi.MessageObserver;
import dev.evenkeel.outbox.spi.Transport;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A term whose leader reads the outbox, window by window, as {@link RingReader} has them. When a
 * window's rows are acknowledged, H is its snapshot. So the first window of a switch or of a start
 * with rows present is the reconciliation, and there is no second rule for it.
 *
 * <p>About once a heartbeat H and the place in the window after it are written down. A crash in the
 * middle of a window goes on there, because the window is known by its snapshot.
 */
final class PollLeading implements Leading {

  private static final Logger log = LoggerFactory.getLogger(PollLeading.class);

  /** No heartbeat of a relay that polls comes from the WAL. */
  private static final String ORIGIN = "polling";

  /** How long it waits for acknowledgements before it looks at anything else. */
  private static final long SLICE_NANOS = 20_000_000;

  private final Relay relay;
  private final RelayOptions options;
  private final Transport transport;
  private final MessageObserver observer;
  private final Term term;
  private volatile @Nullable Dispatcher dispatcher;
  private volatile @Nullable Thread thread;
  private volatile boolean woken;
  private long found;

  PollLeading(
      Relay relay, RelayOptions options, Transport transport, MessageObserver observer, Term term) {
    this.relay = relay;
    this.options = options;
    this.transport = transport;
    this.observer = observer;
    this.term = term;
  }

  @Override
  public int inFlight() {
    Dispatcher current = dispatcher;
    return current == null ? 0 : current.inFlight();
  }

  @Override
  public void wake() {
    if (!woken) { // this is asked at each append
      woken = true;
      LockSupport.unpark(thread);
    }
  }

  @Override
  public void run() throws SQLException, InterruptedException {
    thread = Thread.currentThread();
    prepare();
    RelayRow row = term.row();
    Dispatcher work =
        new Dispatcher(
            options, term, transport, observer, ORIGIN, row.reconciling(), relay::stopping);
    dispatcher = work;
    try (Sweeps sweeps = new Sweeps(options, term);
        SlotWatch doctor = new SlotWatch(relay, options, term)) {
      doctor.lookAtPolling(); // a replication slot of ours keeps WAL that nobody reads from now on
      PgSnapshot published = begin(work, row);
      relay.become(RelayState.POLLING);
      if (published != null) {
        poll(work, published, doctor);
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
    LongWait longWait = new LongWait(term, relay::reportWaiting, relay::stopping);
    String system;
    try (Connection c = term.open("preflight")) {
      requireFit(c);
      if (ReplicationSlot.find(c, options.schema()) != null) {
        // It is going to be dropped. A transaction that began when a stream still led may be the
        // first to write messages that only the stream would bring.
        new SlotKeeper(options.schema(), term, longWait).awaitOlderTransactions(c);
        requireFit(c);
      }
      system = ReplicationSlot.systemIdentifier(c);
    }
    relay.reportFit();
    relay.reportWaiting(null);
    String before = term.row().systemIdentifier();
    if (!system.equals(before)) {
      if (before != null) {
        relay.alarm(SlotKeeper.otherCluster(system, before));
      }
      term.settleIn(longWait, system);
      relay.reportWaiting(null);
    }
  }

  private void requireFit(Connection c) throws SQLException {
    List<RelayFinding> findings = new SlotDoctor(options.schema()).pollingPreflight(c);
    if (!findings.isEmpty()) {
      throw new UnfitException(findings);
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
        RingReader ring = new RingReader(options.schema(), term, c)) {
      PgSnapshot published =
          window(
              ring, work, new RingReader.Window(row.published(), row.polled(), row.reconciling()));
      if (published != null && row.reconciling()) {
        log.info(
            "Sent {} messages of the ring that were not known as published (H: {})",
            found,
            row.published() == null ? "none" : row.published());
      }
      return published;
    }
  }

  private void poll(Dispatcher work, PgSnapshot begun, SlotWatch doctor)
      throws SQLException, InterruptedException {
    long shortest = options.polling().minInterval().toNanos();
    long longest = options.polling().maxInterval().toNanos();
    long pause = shortest;
    try (Connection c = term.open("polling");
        RingReader ring = new RingReader(options.schema(), term, c)) {
      RelayConnections.execute(c, "SET enable_seqscan = off"); // a window is found by its index
      PgSnapshot published = begun;
      while (published != null && !relay.stopping() && !relay.givesBack(term)) {
        doctor.lookAtPolling();
        boolean hinted = woken; // by an append that may commit only after this look
        woken = false;
        long looked = System.nanoTime();
        published = window(ring, work, new RingReader.Window(published, null, /* again= */ false));
        pause = found > 0 || hinted ? shortest : Math.min(pause * 2, longest);
        rest(work, looked + shortest, looked + pause);
      }
    }
  }

  /** Sends a window; the H that it leads to, or null when the relay is to stop before. */
  private @Nullable PgSnapshot window(RingReader ring, Dispatcher work, RingReader.Window window)
      throws SQLException, InterruptedException {
    RingReader.Sent sent = ring.send(window, work);
    if (sent == null) {
      return null;
    }
    found = sent.messages();
    if (window.again()) {
      term.repairedBy("sent %d messages again that were not known as published".formatted(found));
    }
    work.endWindow(new Heartbeat(sent.upTo(), sent.drawnAt(), ORIGIN));
    return sent.upTo();
  }

  /** Waits, keeping the lease: not beyond the latest, and not until the earliest when woken. */
  private void rest(Dispatcher work, long earliest, long latest) throws InterruptedException {
    long left = latest - System.nanoTime();
    while (left > 0 && work.keepLease()) {
      work.awaitChange(Math.min(left, SLICE_NANOS));
      left = (woken ? earliest : latest) - System.nanoTime();
    }
  }
}
