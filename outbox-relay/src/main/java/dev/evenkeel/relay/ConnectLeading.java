package dev.evenkeel.relay;

import dev.evenkeel.outbox.spi.MessageObserver;
import dev.evenkeel.outbox.spi.Transport;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.postgresql.replication.LogSequenceNumber;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A term in which Kafka Connect relays: the leader secures the replication slot, sends from the
 * ring what H does not see, and from then on watches.
 *
 * <p>What is published is learnt from how far Connect has confirmed. About once a heartbeat a
 * snapshot is taken and, after it, the position where the next record of the WAL will be put: what
 * the snapshot sees stands before. Once Connect's replication slot has confirmed that position,
 * everything in the snapshot is in Kafka, and the snapshot is H.
 *
 * <p>The witness can't be committed before each confirmation here, because Connect asks nobody. So
 * each look judges, by the look before, whether the replication slot is still the same one ({@link
 * SeenSlot#gap}). After a gap Connect is kept away until the ring was sent again, because what it
 * would send is newer.
 */
final class ConnectLeading implements Leading {

  private static final Logger log = LoggerFactory.getLogger(ConnectLeading.class);

  private static final long LOOK_MILLIS = 100;
  private static final long DECODED_LIMIT_NANOS = TimeUnit.SECONDS.toNanos(2);

  private static final long RISKS_NANOS = TimeUnit.SECONDS.toNanos(2);

  /** Over an hour without thinning; see {@link SnapshotTrail}. */
  private static final int TRAIL = 4_096;

  private final Relay relay;
  private final RelayOptions options;
  private final Transport transport;
  private final MessageObserver observer;
  private final Term term;
  private final String origin = UUID.randomUUID().toString();
  private volatile @Nullable Dispatcher dispatcher;

  ConnectLeading(
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
    if (transport.inProcess()) {
      throw new UnfitException(
          List.of(
              RelayFinding.broken(
                  "evenkeel.relay.mode is connect, which needs a broker, but evenkeel.transport is in-process",
                  "set evenkeel.transport=kafka, or the mode to cdc")));
    }
    try (Connection c = term.open("watch")) {
      List<RelayFinding> findings = new SlotDoctor(options.schema()).connectPreflight(c);
      if (!findings.isEmpty()) {
        throw new UnfitException(findings);
      }
      relay.reportFit();
      // Open for the whole term: what was parked on its way to the broker is still sent by us.
      Dispatcher work =
          new Dispatcher(
              options, term, transport, observer, origin, /* reconciling= */ true, relay::stopping);
      dispatcher = work;
      try {
        SeenSlot seen = secure(c, work);
        relay.become(RelayState.WATCHING);
        try (Sweeps sweeps = new Sweeps(options, term)) {
          new Watch(c, seen).run();
        }
      } finally {
        term.end();
        work.close();
      }
    }
  }

  /**
   * Has the replication slot in place, and in Kafka whatever no stream will bring.
   *
   * @return the replication slot as Connect gets it
   */
  private SeenSlot secure(Connection c, Dispatcher work) throws SQLException, InterruptedException {
    RelayRow row = term.row();
    SeenSlot now = SeenSlot.look(c, options.schema());
    boolean sameCluster = ReplicationSlot.systemIdentifier(c).equals(row.systemIdentifier());
    String gap = SeenSlot.gap(now, SeenSlot.noted(c, options.schema()), row.witness());
    if (now != null && sameCluster && gap == null && !row.reconciling()) {
      term.setSeen(now);
      return now;
    }
    SlotKeeper keeper = keeper();
    if (row.witness() == null) {
      SlotHold.endWalsender(c, options.schema()); // after a switch it is made anew
    } else if (gap != null && !row.reconciling() && keeper.gap(c) == null) {
      relay.alarm(gap); // one that the keeper does not see
      term.startReconciling();
    }
    keeper.secure(relay::alarm);
    relay.reportWaiting(null);
    return reconcile(c, keeper, work);
  }

  private SlotKeeper keeper() {
    return new SlotKeeper(
        options.schema(), term, new LongWait(term, relay::reportWaiting, relay::stopping));
  }

  private SeenSlot reconcile(Connection c, SlotKeeper keeper, Dispatcher work)
      throws SQLException, InterruptedException {
    relay.become(RelayState.RECONCILING);
    try (SlotHold hold = SlotHold.take(c, term, options.schema());
        Connection patient = term.openPatient("reconciliation");
        RingReader ring = new RingReader(options.schema(), term, patient)) {
      String gap = keeper.gap(c);
      if (gap != null) { // between making it and holding it
        throw new LeadershipLostException("The replication slot can't be trusted: " + gap);
      }
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
      SeenSlot seen = awaitDecoded(c);
      term.setSeen(seen);
      hold.requireHeld(c, options.schema());
      work.endWindow(new Heartbeat(sent.upTo(), sent.drawnAt(), origin));
      work.drainRing();
      hold.release(c);
      return seen;
    }
  }

  /**
   * Waits until something was decoded from the replication slot, so that a later look can tell it
   * from another one by the count. Not for long: without a count positions alone are judged.
   */
  private SeenSlot awaitDecoded(Connection c) throws SQLException, InterruptedException {
    term.emitHeartbeat(c, origin);
    long deadline = System.nanoTime() + DECODED_LIMIT_NANOS;
    SeenSlot seen = SeenSlot.look(c, options.schema());
    while (seen != null && seen.decoded() == 0 && System.nanoTime() - deadline < 0) {
      relay.awaitStopping(LOOK_MILLIS);
      term.renew();
      seen = SeenSlot.look(c, options.schema());
    }
    if (seen == null) {
      throw new LeadershipLostException("The replication slot is gone");
    }
    // The holder lets go after this; what Connect finds is a replication slot that nobody reads.
    return new SeenSlot("", seen.confirmed(), seen.decoded(), seen.lost());
  }

  /** What the leader does all the time; on the supervisor's thread. */
  private final class Watch {

    private final Connection c;
    private final SnapshotTrail trail = new SnapshotTrail(TRAIL);
    private SeenSlot seen;
    private @Nullable LogSequenceNumber witness;
    private long noteAt = System.nanoTime();
    private @Nullable Instant streamedAt;
    private final Instant began = Instant.now();
    private @Nullable RelayFinding beyond;
    private List<RelayFinding> risks = List.of();
    private long risksAt = System.nanoTime();

    Watch(Connection c, SeenSlot seen) {
      this.c = c;
      this.seen = seen;
    }

    /** Returns when the term is to end in an orderly way. */
    void run() throws SQLException, InterruptedException {
      witness = term.row().witness();
      do {
        look();
        if (!relay.stopping() && relay.givesBack(term)) {
          return;
        }
      } while (!relay.awaitStopping(LOOK_MILLIS));
    }

    private void look() throws SQLException {
      boolean notes = System.nanoTime() - noteAt >= 0;
      Mark mark = notes ? mark() : null; // before the replication slot, which may move meanwhile
      SeenSlot now = SeenSlot.look(c, options.schema());
      String gap = SeenSlot.gap(now, seen, witness);
      if (gap != null || now == null) {
        leave(String.valueOf(gap));
        return;
      }
      if (!now.walsender().equals(seen.walsender())) {
        term.setSeen(now); // before the witness moves on
        log.info(
            now.streamed()
                ? "Kafka Connect streams from the replication slot, by process {}"
                : "Kafka Connect has stopped streaming from the replication slot{}",
            now.walsender());
      }
      seen = now;
      relay.reportWatched(findings());
      if (mark != null) {
        note(mark, now);
        noteAt = System.nanoTime() + options.heartbeat().toNanos();
      }
    }

    /** The next term repairs. It might not find by itself what there is to repair. */
    private void leave(String gap) throws SQLException {
      relay.alarm(gap);
      term.startReconciling();
      throw new LeadershipLostException("The stream of Kafka Connect can't be trusted: " + gap);
    }

    /** A snapshot and a position behind everything that it sees. */
    private record Mark(Heartbeat snapshot, LogSequenceNumber position) {}

    private Mark mark() throws SQLException {
      Heartbeat snapshot;
      try (PreparedStatement statement =
              c.prepareStatement("SELECT pg_current_snapshot()::text, clock_timestamp()::text");
          ResultSet row = statement.executeQuery()) {
        row.next();
        snapshot = new Heartbeat(PgSnapshot.parse(row.getString(1)), row.getString(2), origin);
      }
      return new Mark(snapshot, endOfWal());
    }

    /**
     * Where the next record will be put: not where the WAL has been written up to, because a
     * transaction that does not wait for that is visible earlier.
     */
    private LogSequenceNumber endOfWal() throws SQLException {
      try (PreparedStatement statement =
              c.prepareStatement("SELECT pg_current_wal_insert_lsn()::text");
          ResultSet row = statement.executeQuery()) {
        row.next();
        return LogSequenceNumber.valueOf(row.getString(1));
      }
    }

    private void note(Mark mark, SeenSlot now) throws SQLException {
      LogSequenceNumber confirmed = now.confirmed();
      beyond = confirmed == null ? null : beyondEnd(confirmed, mark.position());
      Heartbeat published = null;
      if (beyond == null) {
        trail.add(mark.snapshot(), mark.position());
        published = confirmed == null ? null : trail.confirmed(confirmed);
      }
      term.renew(new RelayStateTable.Renewal(mark.position(), published, false, null));
      witness = mark.position();
    }

    private @Nullable RelayFinding beyondEnd(LogSequenceNumber confirmed, LogSequenceNumber marked)
        throws SQLException {
      if (confirmed.compareTo(marked) <= 0) {
        return null;
      }
      LogSequenceNumber end = endOfWal(); // it has grown since
      return confirmed.compareTo(end) <= 0
          ? null
          : RelayFinding.broken(
              "Kafka Connect has confirmed %s, beyond the end of the WAL at %s: it went on from an offset of another cluster, and skips messages"
                  .formatted(confirmed.asString(), end.asString()),
              "stop the connector, delete its offsets, drop the replication slot and start the connector again");
    }

    /** What operators are to know. */
    private List<RelayFinding> findings() throws SQLException {
      if (System.nanoTime() - risksAt >= 0) {
        risks = new SlotDoctor(options.schema()).streamRisks(c, options.doctor());
        risksAt = System.nanoTime() + RISKS_NANOS;
      }
      List<RelayFinding> findings = new ArrayList<>(risks);
      if (beyond != null) {
        findings.add(beyond);
      }
      RelayFinding silence = silence();
      if (silence != null) {
        findings.add(silence);
      }
      return findings;
    }

    private @Nullable RelayFinding silence() throws SQLException {
      if (seen.streamed()) {
        streamedAt = Instant.now();
        return null;
      }
      Instant since = streamedAt;
      if (since != null && Duration.between(since, Instant.now()).compareTo(options.lease()) < 0) {
        return null; // a connector that restarts
      }
      return RelayFinding.broken(
          "Kafka Connect does not stream from the replication slot %s since %s"
              .formatted(
                  ReplicationSlot.nameFor(c, options.schema()),
                  (since == null ? began : since).truncatedTo(ChronoUnit.SECONDS)),
          "start the connector that bin/connect-config prints");
    }
  }
}
