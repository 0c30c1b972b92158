package dev.evenkeel.relay;

import dev.evenkeel.outbox.spi.MessageObserver;
import dev.evenkeel.outbox.spi.Transport;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a leader does in one term: check, secure the replication slot, reconcile, stream, drain. On
 * the supervisor's thread; single-use.
 */
final class Leading {

  private static final Logger log = LoggerFactory.getLogger(Leading.class);

  private static final AtomicLong SESSIONS = new AtomicLong();
  private static final Duration START_LIMIT = Duration.ofSeconds(60);
  private static final Duration CONFIRM_LIMIT = Duration.ofSeconds(2);
  private static final long LOOK_MILLIS = 100;

  private final Relay relay;
  private final RelayOptions options;
  private final ConnectionSettings settings;
  private final Transport transport;
  private final MessageObserver observer;
  private final Term term;
  private @Nullable String slotName;
  private volatile @Nullable Dispatcher dispatcher;

  Leading(
      Relay relay,
      RelayOptions options,
      ConnectionSettings settings,
      Transport transport,
      MessageObserver observer,
      Term term) {
    this.relay = relay;
    this.options = options;
    this.settings = settings;
    this.transport = transport;
    this.observer = observer;
    this.term = term;
  }

  int inFlight() {
    Dispatcher current = dispatcher;
    return current == null ? 0 : current.inFlight();
  }

  /**
   * Leads until the relay is stopped.
   *
   * @throws LeadershipLostException when another takes over or this process must let go
   */
  void run() throws SQLException, InterruptedException {
    preflight();
    relay.reportFit();
    SlotKeeper keeper =
        new SlotKeeper(options.schema(), term, relay::reportWaiting, relay::stopping);
    SlotKeeper.Verdict verdict = keeper.secure();
    relay.reportWaiting(null);
    if (verdict.gap() != null) {
      relay.alarm(verdict.gap());
    }
    String origin = term.epoch() + "." + SESSIONS.incrementAndGet();
    Dispatcher work =
        new Dispatcher(
            options, term, transport, observer, verdict.reconcile() ? origin : null, relay::stopping);
    dispatcher = work;
    try {
      if (verdict.reconcile()) {
        reconcile(work);
      }
      stream(work, keeper, origin);
    } finally {
      term.end();
      work.close();
    }
  }

  private void preflight() throws SQLException {
    try (Connection c = term.open("preflight")) {
      List<String> findings = new SlotDoctor(options.schema()).preflight(c);
      if (!findings.isEmpty()) {
        throw new UnfitException(findings);
      }
      slotName = ReplicationSlot.nameFor(c, options.schema());
    }
  }

  /** The server is not as the relay needs it. */
  static final class UnfitException extends RuntimeException {

    private static final long serialVersionUID = 1L;
    private final transient List<String> findings;

    UnfitException(List<String> findings) {
      super(String.join("; ", findings));
      this.findings = findings;
    }

    List<String> findings() {
      return findings;
    }
  }

  private void reconcile(Dispatcher work) throws SQLException, InterruptedException {
    relay.become(RelayState.RECONCILING);
    try (Connection c = term.openUnbounded("reconciliation")) {
      PgSnapshot published = term.row().published();
      long sent = new Reconciliation(options.schema()).send(c, published, work);
      log.info(
          "Sent {} messages of the ring that were not known as published (H: {})",
          sent,
          published == null ? "none" : published);
    }
  }

  private void stream(Dispatcher work, SlotKeeper keeper, String origin)
      throws SQLException, InterruptedException {
    relay.become(RelayState.STREAMING);
    DebeziumStream stream =
        new DebeziumStream(
            options,
            settings,
            String.valueOf(slotName),
            (batch, confirmer) -> {
              if (!work.streaming()) {
                refuseGap(keeper);
              }
              work.batch(batch, confirmer);
            });
    ScheduledExecutorService aside =
        Executors.newScheduledThreadPool(
            2, // a long sweep must not hold up the heartbeats: they are the relay's progress
            task -> {
              Thread thread = new Thread(task, "evenkeel-relay-aside-" + options.schema());
              thread.setDaemon(true);
              return thread;
            });
    try (Connection heartbeats = term.open("heartbeat")) {
      stream.start();
      aside.scheduleWithFixedDelay(
          () -> beat(heartbeats, origin), 0, options.heartbeat().toMillis(), TimeUnit.MILLISECONDS);
      long sweep = options.janitor().interval().toMillis();
      aside.scheduleWithFixedDelay(this::sweep, sweep, sweep, TimeUnit.MILLISECONDS);
      watch(work, stream);
      if (relay.stopping()) {
        drain(work, heartbeats, origin);
      }
    } finally {
      aside.shutdownNow();
      stream.stop();
    }
  }

  /** Debezium makes a missing replication slot by itself; this look is before the first dispatch. */
  private void refuseGap(SlotKeeper keeper) throws SQLException {
    try (Connection c = term.open("slot-check")) {
      String gap = keeper.gap(c);
      if (gap != null) {
        throw new LeadershipLostException("The stream can't be trusted: " + gap);
      }
    }
  }

  private void watch(Dispatcher work, DebeziumStream stream) throws InterruptedException {
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

  private void drain(Dispatcher work, Connection heartbeats, String origin)
      throws SQLException, InterruptedException {
    relay.become(RelayState.DRAINING);
    work.startDraining();
    term.emitHeartbeat(heartbeats, origin); // wakes the engine's thread
    if (!work.awaitDrained(options.drain().plus(options.heartbeat()))) {
      log.warn("{} messages were still under way after {}", work.inFlight(), options.drain());
      return;
    }
    // The engine tells the server on its next turn; a witness ahead of the replication slot is
    // fine, so this wait only spares the next leader some redelivery.
    long deadline = System.nanoTime() + CONFIRM_LIMIT.toNanos();
    while (System.nanoTime() - deadline < 0) {
      ReplicationSlot slot = ReplicationSlot.find(heartbeats, options.schema());
      if (slot == null || slot.confirmed() == null || slot.confirmed().equals(term.row().witness())) {
        return;
      }
      TimeUnit.MILLISECONDS.sleep(10);
    }
  }

  private void beat(Connection heartbeats, String origin) {
    try {
      term.emitHeartbeat(heartbeats, origin);
    } catch (SQLException e) {
      // Without heartbeats there is no progress, and without progress the lease runs out.
      log.warn("A heartbeat could not be written: {}", e.getMessage());
    }
  }

  private void sweep() {
    try (Connection c = term.openUnbounded("janitor")) {
      new RingJanitor(options.schema(), options.janitor()).sweep(c);
    } catch (SQLException e) {
      log.warn("The janitor could not sweep: {}", e.getMessage());
    }
  }
}
