package dev.evenkeel.relay;

import dev.evenkeel.outbox.ConsumerRegistry;
import dev.evenkeel.outbox.Subscription;
import dev.evenkeel.outbox.spi.MessageObserver;
import dev.evenkeel.outbox.spi.Transport;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The relay of one installation in one process: stands by, leads when it can, and starts anew when
 * something fails. Every engine is used once; each failure ends the term, so that there is one way
 * to recover, the way a new leader starts.
 *
 * <p>Thread-safe. Single-use: once stopped it stays stopped.
 */
public final class Relay {

  private static final Logger log = LoggerFactory.getLogger(Relay.class);

  /** Wait after a term that failed, growing; another process may lead meanwhile. */
  private static final long MAX_BACKOFF_MILLIS = 5_000;

  private static final int SHOWN_GAPS = 5;

  private static final long STOP_GRACE_MILLIS = 30_000;

  private final RelayOptions options;
  private final ConnectionSettings settings;
  private final Transport transport;
  private final ConsumerRegistry registry;
  private final Served served;
  private final MessageObserver observer;
  private final RelayConnections connections;
  private final RelayStateTable table;
  private final CountDownLatch stop = new CountDownLatch(1);
  private final AtomicLong gaps = new AtomicLong();
  private Placement placement = Placement.ALONE;
  private String name = "The relay";
  private String threadName;
  private @Nullable Thread supervisor;
  private volatile RelayState state = RelayState.STOPPED;
  private volatile List<RelayFinding> findings = List.of();
  private volatile List<RelayFinding> watched = List.of();
  private long gapSeen;
  private String gapSaid = "";
  private volatile @Nullable String waiting;
  private volatile @Nullable String leader;
  private volatile @Nullable Term term;
  private volatile @Nullable Leading leading;
  private int failures;

  /** Makes a relay of a process without upcasters. */
  public Relay(
      RelayOptions options,
      ConnectionSettings connection,
      Transport transport,
      ConsumerRegistry registry,
      Set<Subscription> served,
      MessageObserver observer) {
    this(options, connection, transport, registry, served, Set.of(), observer);
  }

  /**
   * Makes a relay; nothing happens before {@link #start()}.
   *
   * @param connection how to reach the database, directly
   * @param transport takes the messages
   * @param registry where this process makes itself known before it may lead
   * @param served what the transport's handlers subscribe to; behind a broker it is not looked at
   * @param upcast older versions that they take besides, by upcasters, as {@link
   *     dev.evenkeel.outbox.InboxHandlers#upcastSubscriptions()} has them
   */
  public Relay(
      RelayOptions options,
      ConnectionSettings connection,
      Transport transport,
      ConsumerRegistry registry,
      Set<Subscription> served,
      Set<Subscription> upcast,
      MessageObserver observer) {
    this.options = options;
    this.settings = connection;
    this.transport = transport;
    this.registry = registry;
    boolean broker = !transport.inProcess();
    this.served = new Served(broker ? Set.of() : served, upcast, broker);
    this.observer = observer;
    this.connections = new RelayConnections(connection, options.schema(), options.lease());
    this.table = new RelayStateTable(options.schema());
    this.threadName = "evenkeel-relay-" + options.schema();
  }

  RelayOptions options() {
    return options;
  }

  /**
   * Makes it one of several relays of its process. Before {@link #start()}.
   *
   * @param shard for the log and the names of threads
   */
  synchronized void join(String shard, Placement newPlacement) {
    if (supervisor != null) {
      throw new IllegalStateException(
          "The relay of shard %s runs already; let the group start it".formatted(shard));
    }
    name = "The relay of shard " + shard;
    threadName = "evenkeel-relay-" + shard;
    placement = newPlacement;
  }

  /** Starts the supervisor's thread and returns. Idempotent. */
  public synchronized void start() {
    if (supervisor != null) {
      return;
    }
    become(RelayState.STANDBY);
    Thread thread = new Thread(this::supervise, threadName);
    thread.setDaemon(true);
    supervisor = thread;
    thread.start();
  }

  /**
   * Sends nothing new, waits for what is under way at most {@link RelayOptions#drain()}, gives the
   * lease back. Idempotent.
   */
  public void stop() {
    stop.countDown();
    Thread thread;
    synchronized (this) {
      thread = supervisor;
    }
    if (thread == null) {
      return;
    }
    try {
      thread.join(options.drain().toMillis() + STOP_GRACE_MILLIS);
      if (thread.isAlive()) {
        log.error("{} did not stop in time; it is interrupted", name);
        thread.interrupt();
      }
    } catch (InterruptedException e) {
      thread.interrupt();
      Thread.currentThread().interrupt();
    }
  }

  /** Where it stands. Asks nobody. */
  public RelayStatus status() {
    Term current = term;
    Leading work = leading;
    String held = waiting;
    return new RelayStatus(
        options.node(),
        state,
        current == null ? 0 : current.epoch(),
        current == null ? leader : options.node(),
        current == null ? "" : current.choice().reason(),
        work == null ? 0 : work.inFlight(),
        gaps.get(),
        held == null ? all(findings, watched) : List.of(heldUp(held)));
  }

  private static List<RelayFinding> all(List<RelayFinding> some, List<RelayFinding> more) {
    return Stream.concat(some.stream(), more.stream()).toList();
  }

  private static RelayFinding heldUp(String sentence) {
    return RelayFinding.broken(sentence, "end it, or wait until it has ended");
  }

  /**
   * Says that there may be something new in the outbox. A relay that polls looks soon; to any other
   * it says nothing. Cheap, from any thread.
   */
  public void wake() {
    Leading work = leading;
    if (work != null) {
      work.wake();
    }
  }

  /**
   * How far behind the installation's relay is, whoever leads.
   *
   * @throws SQLException if the database can't be asked
   */
  public RelayStatus.Lag lag() throws SQLException {
    try (Connection c = connections.openStandby()) {
      ReplicationSlot slot = ReplicationSlot.find(c, options.schema());
      return new RelayStatus.Lag(
          slot == null ? -1 : slot.retainedBytes(),
          table.publishedAge(c),
          new RelayGapTable(options.schema()).last(c, SHOWN_GAPS));
    }
  }

  private void supervise() {
    RelayLease lease = new RelayLease(options, connections, table, served, placement);
    boolean registered = false;
    long pause = 0;
    Thread warmUp =
        new Thread(() -> DebeziumStream.warmUp(options, settings), "evenkeel-relay-warm-up");
    warmUp.setDaemon(true);
    warmUp.start();
    try {
      while (!awaitStopping(pause)) {
        try {
          if (!registered) {
            registry.register(served.here());
            registered = true;
          }
          pause = Math.min(look(lease.look()), pauseMillis());
        } catch (SQLException | RuntimeException | Error e) {
          sees(null);
          fail(again("the database can't be asked: " + e.getMessage()), e);
          pause = pauseMillis();
        }
      }
    } catch (InterruptedException e) {
      log.debug("{} was interrupted", name, e);
    } finally {
      lease.close();
      sees(null);
      become(RelayState.STOPPED);
    }
  }

  /** The contend interval, doubling with each failure in a row. */
  private long pauseMillis() {
    long contend = options.contend().toMillis();
    long doubled = contend << Math.min(Math.max(0, failures - 1), 10);
    return Math.max(contend, Math.min(doubled, MAX_BACKOFF_MILLIS));
  }

  /** Acts on a look; returns the milliseconds until the next one, at most. */
  private long look(RelayLease.Look look) throws InterruptedException {
    if (look instanceof RelayLease.Look.Leads leads) {
      lead(leads.term());
    } else if (look instanceof RelayLease.Look.Follows follows) {
      sees(follows.leader());
      report(List.of());
      failures = 0;
    } else if (look instanceof RelayLease.Look.Leaves leaves) {
      leader = null; // the placement knows, and for how long
      report(List.of());
      return leaves.left().toMillis() + 1;
    } else if (look instanceof RelayLease.Look.Waits waits) {
      sees(null);
      report(List.of(waits.reason()));
    } else if (look instanceof RelayLease.Look.NotEligible not) {
      sees(not.leader());
      report(
          List.of(
              RelayFinding.broken(
                  "this process does not serve %s and so may not lead".formatted(not.missing()),
                  "add the handlers, or retire the consumers with evenkeel.inbox.retired")));
    }
    return Long.MAX_VALUE;
  }

  private void sees(@Nullable String newLeader) {
    leader = newLeader;
    placement.sees(newLeader);
  }

  /**
   * Whether the term is to end for a node that leads less and waits for this shard. Not while the
   * ring may have to be sent again: the successor would begin that anew.
   */
  boolean givesBack(Term current) throws SQLException {
    return placement.offers()
        && current.wished()
        && !current.row().reconciling()
        && placement.gives();
  }

  private void lead(Term newTerm) throws InterruptedException {
    Leading work = leading(newTerm);
    term = newTerm;
    leading = work;
    sees(options.node());
    become(RelayState.PREPARING);
    log.info(
        "{} is led by {}, epoch {}, {}: {}",
        name,
        options.node(),
        newTerm.epoch(),
        newTerm.choice().owner(),
        newTerm.choice().reason());
    long began = System.nanoTime();
    try (newTerm) {
      work.run();
      if (!stopping()) {
        log.info("{} was given back by {}, which leads more than others", name, options.node());
      }
    } catch (UnfitException e) {
      failedTerm(began);
      fail(e.findings(), null);
    } catch (LeadershipLostException e) {
      log.warn("{} is led by {} no more: {}", name, options.node(), e.getMessage());
      failedTerm(began);
    } catch (SQLException | RuntimeException e) {
      failedTerm(began);
      fail(again("the relay failed: " + e.getMessage()), e);
    } finally {
      term = null;
      leading = null;
      watched = List.of();
      sees(null);
      waiting = null;
      if (!stopping()) {
        become(RelayState.STANDBY);
      }
    }
  }

  private Leading leading(Term newTerm) {
    return switch (newTerm.choice().owner()) {
      case EMBEDDED -> new StreamLeading(this, options, transport, observer, newTerm);
      case POLLING -> new PollLeading(this, options, transport, observer, newTerm);
      case CONNECT -> new ConnectLeading(this, options, transport, observer, newTerm);
    };
  }

  /** A term that lasted starts the count of failures anew. */
  private void failedTerm(long began) {
    boolean lasted = System.nanoTime() - began > options.lease().toNanos();
    failures = lasted ? 1 : Math.min(failures + 1, 20);
  }

  private static List<RelayFinding> again(String what) {
    return List.of(RelayFinding.broken(what, "it tries again; this process's log has the cause"));
  }

  private void fail(List<RelayFinding> newFindings, @Nullable Throwable cause) {
    failures = Math.max(1, failures);
    if (!newFindings.equals(findings)) {
      log.error("{} can't work: {}", name, joined(newFindings), cause);
    }
    findings = newFindings;
  }

  /** Nothing stands in the way of streaming any more. */
  void reportFit() {
    report(List.of());
  }

  private static String joined(List<RelayFinding> some) {
    return some.stream().map(RelayFinding::toString).collect(Collectors.joining("; "));
  }

  /** What the slot doctor found while this process leads. */
  void reportWatched(List<RelayFinding> newFindings) {
    for (RelayFinding finding : newFindings) {
      // Sentences carry figures that change; the first of a kind is said.
      if (watched.stream().noneMatch(f -> f.remedy().equals(finding.remedy()))) {
        log.warn("{}: {}", name, finding);
      }
    }
    watched = newFindings;
  }

  private void report(List<RelayFinding> newFindings) {
    if (!newFindings.equals(findings) && !newFindings.isEmpty()) {
      log.warn("{} stands by: {}", name, joined(newFindings));
    }
    findings = newFindings;
  }

  /** What holds the start up; null when nothing does any more. */
  void reportWaiting(@Nullable String sentence) {
    waiting = sentence;
  }

  /**
   * A gap: written down, counted, logged, shown; the reconciliation that follows repairs it. Found
   * again by the next term, because its repair failed, it is the same gap.
   *
   * @throws LeadershipLostException if it can't be written down: then nothing is done about it yet
   */
  void alarm(String gap) {
    Term current = term;
    if (current == null) {
      throw new IllegalStateException("A gap can be found only while leading");
    }
    try {
      long id = current.recordGap(gap);
      boolean known = id == gapSeen;
      if (known && (gap.equals(gapSaid) || !gap.startsWith(gapSaid))) {
        return;
      }
      gapSeen = id;
      gapSaid = gap;
      gaps.addAndGet(known ? 0 : 1); // known: there is more to say of it
    } catch (SQLException e) {
      throw new LeadershipLostException("A gap could not be written down: " + gap, e);
    }
    log.error(
        "{} has a gap in its stream: {}. Messages not known as published are sent again from the ring",
        name,
        gap);
  }

  /** The only place where the state changes. */
  void become(RelayState next) {
    RelayState now = state;
    if (now == next) {
      return;
    }
    if (!now.mayBecome(next)) {
      throw new IllegalStateException("The relay can't go from %s to %s".formatted(now, next));
    }
    state = next;
  }

  boolean stopping() {
    return stop.getCount() == 0;
  }

  /** Waits; true once the relay is to stop. */
  boolean awaitStopping(long millis) throws InterruptedException {
    return stop.await(millis, TimeUnit.MILLISECONDS);
  }
}
