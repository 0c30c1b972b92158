package dev.evenkeel.relay;

import dev.evenkeel.outbox.spi.MessageObserver;
import dev.evenkeel.outbox.spi.Transport;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A term whose leader reads the WAL: check, secure the replication slot, reconcile, stream, drain.
 */
final class StreamLeading implements Leading {

  private static final Logger log = LoggerFactory.getLogger(StreamLeading.class);

  private static final Duration START_LIMIT = Duration.ofSeconds(60);
  private static final Duration CONFIRM_LIMIT = Duration.ofSeconds(2);
  private static final long LOOK_MILLIS = 100;

  private final Relay relay;
  private final RelayOptions options;
  private final Transport transport;
  private final MessageObserver observer;
  private final Term term;
  private @Nullable String slotName;
  private volatile @Nullable Dispatcher dispatcher;

  StreamLeading(
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
  public void run() throws SQLException, InterruptedException {
    preflight();
    relay.reportFit();
    LongWait longWait = new LongWait(term, relay::reportWaiting, relay::stopping);
    SlotKeeper keeper = new SlotKeeper(options.schema(), term, longWait);
    boolean reconcile = keeper.secure(relay::alarm);
    relay.reportWaiting(null);
    requireSender();
    String origin = UUID.randomUUID().toString(); // nobody else's heartbeat passes for one of ours
    Dispatcher work =
        new Dispatcher(options, term, transport, observer, origin, reconcile, relay::stopping);
    dispatcher = work;
    try {
      if (reconcile) {
        reconcile(work, keeper);
      }
      stream(work, keeper, origin);
    } finally {
      term.end();
      work.close();
    }
  }

  private void preflight() throws SQLException {
    try (Connection c = term.open("preflight")) {
      List<RelayFinding> findings = new SlotDoctor(options.schema()).preflight(c);
      if (!findings.isEmpty()) {
        throw new UnfitException(findings);
      }
      slotName = ReplicationSlot.nameFor(c, options.schema());
    }
  }

  /** Later than the rest, so that a gap is written down all the same. */
  private void requireSender() throws SQLException {
    try (Connection c = term.open("preflight")) {
      RelayFinding exhausted = SlotDoctor.noFreeSender(c);
      if (exhausted != null) {
        throw new UnfitException(List.of(exhausted));
      }
    }
  }

  private void reconcile(Dispatcher work, SlotKeeper keeper)
      throws SQLException, InterruptedException {
    relay.become(RelayState.RECONCILING);
    try (Connection c = term.openPatient("reconciliation");
        RingReader ring = new RingReader(options.schema(), term, c)) {
      PgSnapshot published = term.row().published();
      RingReader.Sent sent = ring.send(new RingReader.Window(published, null, true), work);
      if (sent == null) {
        throw new InterruptedException("stopped while sending from the ring");
      }
      work.awaitRing();
      term.repairedBy(
          "%s, and sent %d messages again that were not known as published"
              .formatted(keeper.done(), sent.messages()));
      log.info(
          "Sent {} messages of the ring that were not known as published (H: {})",
          sent.messages(),
          published == null ? "none" : published);
    }
  }

  private void stream(Dispatcher work, SlotKeeper keeper, String origin)
      throws SQLException, InterruptedException {
    relay.become(RelayState.STREAMING);
    Checked checked = new Checked(work, keeper);
    DebeziumStream stream =
        new DebeziumStream(options, term.settings(), String.valueOf(slotName), checked);
    // The janitor's thread is another: a long sweep must not hold up the heartbeats.
    try (Sweeps sweeps = new Sweeps(options, term);
        Heartbeats heartbeats = new Heartbeats(term, origin);
        SlotWatch doctor = new SlotWatch(relay, options, term)) {
      stream.start();
      heartbeats.start(options.heartbeat());
      watch(work, stream, heartbeats, checked, doctor);
      drain(work, heartbeats);
    } finally {
      stream.stop();
    }
  }

  /** Debezium makes a missing replication slot by itself: so a look before the first dispatch. */
  private final class Checked implements DebeziumStream.Batches {

    private final Dispatcher work;
    private final SlotKeeper keeper;
    private volatile boolean checked;

    Checked(Dispatcher work, SlotKeeper keeper) {
      this.work = work;
      this.keeper = keeper;
    }

    @Override
    public void take(List<Captured> batch, Dispatcher.Confirmer confirmer)
        throws SQLException, InterruptedException {
      if (!checked) {
        refuseGap();
        checked = true;
      }
      work.batch(batch, confirmer);
    }

    @Override
    public void idle() throws InterruptedException {
      work.idle();
    }

    private void refuseGap() throws SQLException {
      try (Connection c = term.open("slot-check")) {
        String gap = keeper.gap(c);
        if (gap != null) {
          throw new LeadershipLostException("The stream can't be trusted: " + gap);
        }
        ReplicationSlot slot = ReplicationSlot.find(c, options.schema());
        if (slot == null || slot.activePid() == 0) {
          throw new LeadershipLostException("The stream comes from another server than the lease");
        }
      }
    }
  }

  /** Returns when the term is to end in an orderly way. */
  private void watch(
      Dispatcher work,
      DebeziumStream stream,
      Heartbeats heartbeats,
      Checked checked,
      SlotWatch doctor)
      throws SQLException, InterruptedException {
    long startLimit = System.nanoTime() + START_LIMIT.toNanos();
    long renewAt = System.nanoTime();
    while (!relay.awaitStopping(LOOK_MILLIS)) {
      if (stream.ended()) {
        Throwable failure = stream.failure();
        throw failure == null
            ? new LeadershipLostException("The stream ended without a reason")
            : new LeadershipLostException("The stream ended: " + rootMessage(failure), failure);
      }
      if (work.streaming()) {
        if (!term.mayDispatch()) {
          throw new LeadershipLostException("The stream made no progress for the whole lease");
        }
        if (heartbeats.silence().compareTo(options.lease()) > 0) {
          throw new LeadershipLostException("No heartbeat could be written for the whole lease");
        }
        // The engine polls before it has connected.
        if (checked.checked || System.nanoTime() - startLimit > 0) {
          doctor.lookAtStream(checked.keeper);
        }
        if (relay.givesBack(term)) {
          return;
        }
      } else if (System.nanoTime() - startLimit > 0) {
        throw new LeadershipLostException("The stream did not start within " + START_LIMIT);
      } else if (System.nanoTime() - renewAt >= 0) {
        term.renew();
        renewAt = System.nanoTime() + options.heartbeat().toNanos();
      }
    }
  }

  private static String rootMessage(Throwable failure) {
    Throwable root = failure;
    for (int depth = 0; root.getCause() != null && depth < 20; depth++) {
      root = root.getCause();
    }
    return String.valueOf(root.getMessage());
  }

  private void drain(Dispatcher work, Heartbeats heartbeats)
      throws SQLException, InterruptedException {
    relay.become(RelayState.DRAINING);
    work.startDraining();
    heartbeats.beat(); // ends the stream, with a position that covers what was sent last
    if (!work.awaitDrained(options.drain().plus(options.heartbeat()))) {
      log.warn("{} messages were still under way after {}", work.inFlight(), options.drain());
      return;
    }
    // The engine tells the server on its next turn; a witness ahead of the replication slot is
    // fine, so this wait only spares the next leader some redelivery.
    long deadline = System.nanoTime() + CONFIRM_LIMIT.toNanos();
    try (Connection c = term.open("drain")) {
      while (System.nanoTime() - deadline < 0) {
        ReplicationSlot slot = ReplicationSlot.find(c, options.schema());
        if (slot == null
            || slot.confirmed() == null
            || slot.confirmed().equals(term.row().witness())) {
          return;
        }
        TimeUnit.MILLISECONDS.sleep(10);
      }
    }
  }
}
