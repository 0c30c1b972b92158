package dev.evenkeel.relay;

import dev.evenkeel.outbox.OutboxMessage;
import dev.evenkeel.outbox.spi.MessageObserver;
import dev.evenkeel.outbox.spi.Transport;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.postgresql.replication.LogSequenceNumber;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The relay's thread: sends in commit order, acknowledges in order, confirms about once a
 * heartbeat.
 *
 * <p>Invariants: a position is confirmed only after its witness was committed under this term's
 * epoch and the registry's version; everything before it is acknowledged; a message for receivers
 * that read the source database is sent only when its transaction is visible. Whatever this thread
 * waits for, it keeps renewing the lease, because it is making progress; when it hangs, the lease
 * runs out.
 *
 * <p>Confined to one thread at a time: the supervisor's while the ring is sent again, then the
 * engine's.
 */
final class Dispatcher {

  private static final Logger log = LoggerFactory.getLogger(Dispatcher.class);

  private static final long WAIT_NANOS = TimeUnit.MILLISECONDS.toNanos(20);
  private static final long VISIBILITY_NANOS = TimeUnit.MICROSECONDS.toNanos(200);
  private static final Duration INVISIBLE_WARNING = Duration.ofSeconds(10);

  /** After so long it is asked whether the transaction is of this cluster at all. */
  private static final Duration INVISIBLE_DOUBT = Duration.ofMillis(500);

  private final RelayOptions options;
  private final Term term;
  private final Transport transport;
  private final Transport.Session session;
  private final MessageObserver observer;
  private final InFlight inFlight;
  private final CountDownLatch drained = new CountDownLatch(1);
  private final BooleanSupplier stopping;
  private @Nullable PgSnapshot visible;
  private @Nullable Place reached;
  private @Nullable Heartbeat published;
  private @Nullable Confirmer confirmer;
  private long confirmAt = System.nanoTime();
  private final String origin;
  private boolean reconciling;
  private volatile boolean streaming;
  private volatile long drainDeadline;
  private volatile boolean draining;
  private boolean ended;

  /** Tells the replication slot. */
  interface Confirmer {
    void confirm(StreamPosition position) throws InterruptedException;
  }

  /**
   * Makes the dispatcher of one engine session.
   *
   * @param origin of this session's heartbeats: others move nothing, because whoever may connect to
   *     the database can write them
   * @param reconciling whether the first heartbeat that is acknowledged ends a reconciliation
   * @param stopping whether to give up sending from the ring
   */
  Dispatcher(
      RelayOptions options,
      Term term,
      Transport transport,
      MessageObserver observer,
      String origin,
      boolean reconciling,
      BooleanSupplier stopping) {
    this.options = options;
    this.term = term;
    this.transport = transport;
    this.session = transport.open(term);
    this.observer = observer;
    this.inFlight = new InFlight(options.maxInFlight(), options.maxInFlightBytes());
    this.origin = origin;
    this.reconciling = reconciling;
    this.stopping = stopping;
  }

  /**
   * Sends a message that was read from the ring: it is visible already.
   *
   * @return false: the relay is to stop, and the message was not sent
   */
  boolean sendFromRing(OutboxMessage message, RingPosition place) throws InterruptedException {
    boolean sent = send(message, place);
    settle();
    return sent;
  }

  /** Everything up to here was sent; once it is acknowledged, H moves. */
  void endWindow(Heartbeat heartbeat) throws InterruptedException {
    inFlight.add(heartbeat, null);
    settle();
  }

  /**
   * Waits until everything sent is acknowledged, at most as long as a stop may take, and has that
   * written. For a relay that polls.
   */
  void drainRing() throws InterruptedException {
    long deadline = System.nanoTime() + options.drain().toNanos();
    settle();
    while (!inFlight.isEmpty() && System.nanoTime() - deadline < 0) {
      inFlight.awaitChange(WAIT_NANOS);
      settle();
    }
    confirm();
  }

  /** Nothing to send from the ring right now; false: the relay is to stop. */
  boolean keepLease() throws InterruptedException {
    settle();
    return !stopping.getAsBoolean();
  }

  /** Waits until everything sent from the ring is acknowledged. */
  void awaitRing() throws InterruptedException {
    while (!inFlight.isEmpty()) {
      settle();
      inFlight.awaitChange(WAIT_NANOS);
      if (stopping.getAsBoolean()) {
        throw new InterruptedException("stopped while sending from the ring");
      }
    }
  }

  /** A turn of the engine's thread without records. */
  void idle() throws InterruptedException {
    streaming = true;
    settle();
    // Not before a heartbeat has ended the stream: without its position the last transaction would
    // come again.
    if (ended || (draining && System.nanoTime() - drainDeadline >= 0)) {
      drain();
    }
  }

  /** One batch of the stream, on the engine's thread. */
  void batch(Iterable<Captured> batch, Confirmer streamConfirmer)
      throws InterruptedException, SQLException {
    confirmer = streamConfirmer;
    streaming = true;
    for (Captured captured : batch) {
      if (ended) {
        break;
      }
      settle(); // sending is progress: a batch on a busy machine may take longer than the lease
      if (captured instanceof Captured.Message message) {
        take(message);
      } else if (captured instanceof Captured.Beat beat) {
        if (beat.heartbeat().origin().equals(origin)) {
          inFlight.add(beat.heartbeat(), beat.position());
        } else {
          inFlight.add(beat.position());
        }
        ended = draining;
      }
    }
    settle();
    if (ended) {
      drain();
    }
  }

  /**
   * Sends, or ends the stream here: this message is the next leader's. A heartbeat ends it as well.
   * Either has a position that covers every transaction before it; the position of a message sent
   * does not cover its own, which then would come again.
   */
  private void take(Captured.Message message) throws InterruptedException, SQLException {
    if (!draining) {
      awaitVisible(message);
      if (send(message.message(), message.position())) {
        return;
      }
    }
    inFlight.add(message.position());
    ended = true;
  }

  /** False: nothing new is sent any more, and the message was not. */
  private boolean send(OutboxMessage message, Place place) throws InterruptedException {
    boolean streamed = place instanceof StreamPosition;
    while (!inFlight.hasRoomFor(message) && !sendsNoMore(streamed)) {
      settle();
      if (!inFlight.hasRoomFor(message)) {
        inFlight.awaitChange(WAIT_NANOS);
      }
    }
    if (sendsNoMore(streamed)) {
      return false;
    }
    if (!term.mayDispatch()) {
      throw new LeadershipLostException("The lease ran out before a dispatch");
    }
    session.send(message, inFlight.add(message, place));
    observer.sent();
    return true;
  }

  /** A stream is drained up to a heartbeat; the ring can be left at any message. */
  private boolean sendsNoMore(boolean streamed) {
    return streamed ? draining : stopping.getAsBoolean();
  }

  /**
   * The WAL shows a commit before other sessions see it. A handler that read its own aggregate too
   * early would find nothing.
   */
  private void awaitVisible(Captured.Message message) throws SQLException, InterruptedException {
    if (!transport.receiversReadSource()) {
      return;
    }
    long doubtAt = System.nanoTime() + INVISIBLE_DOUBT.toNanos();
    long warnAt = System.nanoTime() + INVISIBLE_WARNING.toNanos();
    boolean doubted = false;
    while (visible == null || !visible.sees(message.xid())) {
      visible = term.snapshot();
      if (visible.sees(message.xid()) || draining) {
        return;
      }
      settle();
      LockSupport.parkNanos(VISIBILITY_NANOS);
      if (Thread.interrupted()) {
        throw new InterruptedException();
      }
      if (!doubted && System.nanoTime() - doubtAt > 0) {
        if (message.xid() >= term.nextTransactionId()) {
          return; // a row that was copied here; nobody of this cluster wrote it
        }
        doubted = true;
      }
      if (System.nanoTime() - warnAt > 0) {
        log.warn(
            "Transaction {} of {} is in the WAL but not visible yet; it probably waits for a"
                + " synchronous standby",
            message.xid(),
            message.message());
        warnAt = System.nanoTime() + INVISIBLE_WARNING.toNanos();
      }
    }
  }

  /** Takes what is acknowledged, in order; renews and confirms when it is time. */
  private void settle() throws InterruptedException {
    Throwable failure = inFlight.failure();
    if (failure != null) {
      throw new LeadershipLostException(
          "The transport could not make a message durable: " + failure.getMessage(), failure);
    }
    for (InFlight.Entry entry = inFlight.pollAcknowledged();
        entry != null;
        entry = inFlight.pollAcknowledged()) {
      if (entry.place() != null) {
        reached = entry.place();
      }
      if (entry.heartbeat() != null) {
        published = entry.heartbeat();
        if (reached instanceof RingPosition) {
          reached = null; // the window is over
        }
      }
    }
    if (System.nanoTime() - confirmAt >= 0) {
      confirm();
    }
  }

  private void confirm() throws InterruptedException {
    StreamPosition position = reached instanceof StreamPosition streamed ? streamed : null;
    RingPosition polled = reached instanceof RingPosition row ? row : null;
    LogSequenceNumber witness = position == null ? null : position.lastCommit();
    Heartbeat heartbeat = published;
    // This session's heartbeats come after what H lacks was sent again.
    boolean endsReconciliation = reconciling && heartbeat != null;
    term.renew(new RelayStateTable.Renewal(witness, heartbeat, endsReconciliation, polled));
    if (endsReconciliation) {
      reconciling = false;
      log.info("Reconciliation is complete");
    }
    if (position != null && witness != null && confirmer != null) {
      confirmer.confirm(position); // only now: the witness is committed
      reached = null;
    }
    if (polled != null) {
      reached = null;
    }
    published = null;
    confirmAt = System.nanoTime() + options.heartbeat().toNanos();
  }

  private void drain() throws InterruptedException {
    while (drained.getCount() > 0) {
      settle();
      if (inFlight.isEmpty() || System.nanoTime() - drainDeadline >= 0) {
        confirm();
        drained.countDown();
      } else {
        inFlight.awaitChange(WAIT_NANOS);
      }
    }
  }

  /** Has nothing new sent. From the supervisor's thread. */
  void startDraining() {
    drainDeadline = System.nanoTime() + options.drain().toNanos();
    draining = true;
  }

  /** Waits for the engine's thread to have confirmed what could be. */
  boolean awaitDrained(Duration atMost) throws InterruptedException {
    return drained.await(atMost.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** Waits for an acknowledgement, or to be unparked; may return early. */
  void awaitChange(long nanos) throws InterruptedException {
    inFlight.awaitChange(nanos);
  }

  /** Whether the engine's thread has begun to poll; from then on it renews. */
  boolean streaming() {
    return streaming;
  }

  int inFlight() {
    return inFlight.messages();
  }

  /** What was sent and not acknowledged will be sent again by whoever leads next. */
  void close() {
    session.close();
  }
}
