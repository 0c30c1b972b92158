package dev.evenkeel.saga;

import dev.evenkeel.outbox.FailureKind;
import dev.evenkeel.outbox.FailureText;
import dev.evenkeel.outbox.OutboxMessage;
import dev.evenkeel.outbox.ProtocolOutbox;
import dev.evenkeel.outbox.ProtocolTransaction;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes the instances of one home shard, many in one transaction, on one thread: while a commit is
 * under way the next batch gathers. What has to come first goes at once; what can be found out
 * again waits a little for company, and is lost with the process without harm.
 *
 * <p>A batch that fails is repeated until it is known what became of it; its size and the number of
 * writes that wait are bounded by the instances in memory.
 */
final class HomeWriter {

  private static final Logger log = LoggerFactory.getLogger(HomeWriter.class);

  private static final int MAX_BATCH = 256;

  // query_canceled, idle_in_transaction_session_timeout, transaction_timeout: the server was slow,
  // or this process stood still; what was to be written is as good as before
  private static final Set<String> TIMEOUT_STATES = Set.of("57014", "25P03", "25P04");

  private static final Duration LINGER = Duration.ofMillis(200);

  /** Under load a batch waits this little for company, which saves most of the commits. */
  private static final Duration GATHER = Duration.ofMillis(1);

  private static final Duration FIRST_PAUSE = Duration.ofMillis(50);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(2);

  private static final Duration LONGER = Duration.ofHours(1);
  private static final int MOST_LONGER = 12;

  private record Pending(SagaRun run, SagaRun.Content content) {}

  private final HomeShard home;
  private final InstanceTable instances;
  private final StepTable steps;
  private final EventTable events;
  private final CallTable calls;
  private final ProtocolOutbox outbox;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition arrived = lock.newCondition();
  private final Map<UUID, Pending> first = new LinkedHashMap<>();
  private final Map<UUID, SagaRun> later = new LinkedHashMap<>();
  private final Thread thread;
  private long laterSince;
  private boolean stopping;
  private int lastBatch;

  HomeWriter(HomeShard home, InstanceTable instances, StepTable steps, EventTable events) {
    this.home = home;
    this.instances = instances;
    this.steps = steps;
    this.events = events;
    this.calls = new CallTable(home.engine().options().schema());
    this.outbox = home.engine().outbox();
    this.thread = new Thread(this::work, "evenkeel-saga-writer-" + home.name());
    this.thread.setDaemon(true);
  }

  void start() {
    thread.start();
  }

  /** Writes what is there, within the time, and ends. */
  void stop(Duration within) {
    lock.lock();
    try {
      stopping = true;
      arrived.signalAll();
    } finally {
      lock.unlock();
    }
    try {
      thread.join(within.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    thread.interrupt();
  }

  /** Has something written at once; the run is told. */
  void first(SagaRun run, SagaRun.Content content) {
    lock.lock();
    try {
      later.remove(run.id());
      first.put(run.id(), new Pending(run, content));
      arrived.signal();
    } finally {
      lock.unlock();
    }
  }

  /** Has something written at some time. */
  void later(SagaRun run) {
    lock.lock();
    try {
      if (later.isEmpty()) {
        laterSince = System.nanoTime();
        arrived.signal();
      }
      later.put(run.id(), run);
    } finally {
      lock.unlock();
    }
  }

  private void work() {
    try {
      List<Pending> batch = next();
      while (batch != null) {
        write(batch);
        batch = next();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // the process ends; everything can be found out again
    }
  }

  /** Writes until it is known what became of the batch, then tells each run once. */
  private void write(List<Pending> batch) throws InterruptedException {
    Set<UUID> written;
    try {
      written = untilAnswered("Writing sagas of " + home, c -> write(c, batch));
    } catch (RuntimeException | Error e) {
      if (batch.size() > 1 && !home.isStopping()) {
        // One that can't be written must not keep the others.
        for (Pending pending : batch) {
          write(List.of(pending));
        }
      } else {
        for (Pending pending : batch) {
          unwritable(pending, e);
        }
      }
      return;
    }
    for (Pending pending : batch) {
      try {
        if (written.contains(pending.run().id())) {
          accepted(pending);
        } else {
          missing(pending);
        }
      } catch (RuntimeException | Error e) { // whoever looks next finds it in the database
        log.error("Saga {} is let go", pending.run().id(), FailureText.traceOf(e));
        home.letGo(pending.run());
      }
    }
  }

  private void unwritable(Pending pending, Throwable failure) {
    if (home.isStopping()) {
      home.letGo(pending.run());
      return;
    }
    log.error("Saga {} can't be written", pending.run().id(), FailureText.traceOf(failure));
    pending.run().release();
    home.shelve(
        pending.run().id(),
        pending.run().epoch(),
        "Its state can't be written: " + failure.getClass().getSimpleName());
  }

  /** Repeats a transaction for as long as its database is away. */
  private <T> T untilAnswered(String what, ProtocolTransaction.Work<T> work)
      throws InterruptedException {
    Duration pause = FIRST_PAUSE;
    while (true) {
      try {
        return ProtocolTransaction.byIndex(home.dataSource(), what, work);
      } catch (RuntimeException e) {
        if (!passes(e) || home.isStopping()) {
          throw e;
        }
        log.warn("{} does not work now, trying again: {}", what, FailureText.messageOf(e));
        home.awaitPause(pause);
        Duration next = pause.multipliedBy(2);
        pause = next.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : next;
      }
    }
  }

  private static boolean passes(RuntimeException failure) {
    FailureKind kind = FailureKind.of(failure);
    return kind == FailureKind.OUTAGE
        || kind == FailureKind.CONTENTION
        || (failure.getCause() instanceof SQLException cause
            && cause.getSQLState() != null
            && TIMEOUT_STATES.contains(cause.getSQLState()));
  }

  /** Waits for a batch; null at the end. */
  private @Nullable List<Pending> next() throws InterruptedException {
    List<SagaRun> gathered = new ArrayList<>();
    List<Pending> batch = new ArrayList<>();
    lock.lock();
    try {
      while (first.isEmpty() && !isLaterDue()) {
        if (stopping && later.isEmpty()) {
          return null;
        }
        if (later.isEmpty()) {
          arrived.await();
        } else {
          arrived.awaitNanos(LINGER.toNanos() - (System.nanoTime() - laterSince));
        }
      }
      gather();
      drain(first, batch);
      lastBatch = batch.size();
      if (isLaterDue()) {
        drain(later, gathered);
        laterSince = System.nanoTime();
      }
    } finally {
      lock.unlock();
    }
    for (SagaRun run : gathered) { // outside the lock, which runs take while they hold their own
      SagaRun.Content content = run.laterContent();
      if (content != null) {
        batch.add(new Pending(run, content));
      }
    }
    return batch;
  }

  /** Not where the last batch had no company: then nobody is to be expected, and this one goes. */
  private void gather() {
    if (lastBatch > 1 && first.size() < MAX_BATCH && !stopping) {
      lock.unlock();
      try {
        LockSupport.parkNanos(GATHER.toNanos());
      } finally {
        lock.lock();
      }
    }
  }

  private boolean isLaterDue() {
    return !later.isEmpty() && (stopping || System.nanoTime() - laterSince >= LINGER.toNanos());
  }

  private static <T> void drain(Map<UUID, T> from, List<T> to) {
    var entries = from.values().iterator();
    while (entries.hasNext() && to.size() < MAX_BATCH) {
      to.add(entries.next());
      entries.remove();
    }
  }

  private Set<UUID> write(Connection c, List<Pending> batch) throws SQLException {
    List<InstanceTable.Write> writes = new ArrayList<>(batch.size());
    for (Pending pending : batch) {
      writes.add(row(pending));
    }
    Set<UUID> written = instances.write(c, home.node(), writes, home.clock().ahead());
    for (Pending pending : batch) {
      if (written.contains(pending.run().id())) {
        writeBeside(c, pending);
      }
    }
    append(c, batch, written);
    return written;
  }

  private static InstanceTable.Write row(Pending pending) {
    SagaRun.Content content = pending.content();
    return new InstanceTable.Write(
        pending.run().id(),
        pending.run().epoch(),
        pending.run().version(),
        content.state().phase(),
        content.state().forwardOnly(),
        SagaCodec.text(content.state().failure()),
        content.progress(),
        content.trouble(),
        content.state().troubledStep(),
        content.seen(),
        content.unlessNews(),
        content.park(),
        content.parkUntil(),
        content.waitsFor());
  }

  /** What exists only at home commits with it: outcomes of awaits, and events that are used up. */
  private void writeBeside(Connection c, Pending pending) throws SQLException {
    SagaRun.Content content = pending.content();
    for (Decision.Awaited awaited : content.awaited()) {
      byte[] result = awaited.event() == null ? null : awaited.event().payload();
      if (awaited.outcome() == Outcome.SKIPPED
          && calls.skip(c, pending.run().id(), awaited.key(), result, home.clock().now())) {
        continue; // a participant elsewhere was asked: there is a row for it
      }
      steps.insert(
          c,
          new StepTable.NewRow(
              pending.run().id(),
              awaited.key(),
              StepTable.Direction.FORWARD,
              awaited.outcome(),
              result,
              pending.run().slot(),
              pending.run().epoch(),
              1,
              StepTable.WITHOUT_END),
          home.clock().ahead());
    }
    if (!content.taken().isEmpty()) {
      events.delete(c, pending.run().id(), content.taken());
    }
    if (!content.answers().isEmpty()) {
      calls.answer(c, pending.run().id(), content.answers());
    }
    if (!content.sendings().isEmpty()) {
      calls.send(c, pending.run().id(), content.sendings());
    }
  }

  /** Last of all, as in every transaction: positions are given while a lock is held. */
  private void append(Connection c, List<Pending> batch, Set<UUID> written) throws SQLException {
    List<OutboxMessage> messages = new ArrayList<>();
    Instant notAfter = home.clock().notAfter();
    for (Pending pending : batch) {
      if (written.contains(pending.run().id())) {
        childEnded(c, pending, messages);
        for (CallTable.Sending sending : pending.content().sendings()) {
          messages.add(message(pending.run(), sending, notAfter));
        }
      }
    }
    if (!messages.isEmpty()) {
      outbox.append(c, messages);
    }
  }

  /** A child's end is that of its parent's step, in this very transaction. */
  private void childEnded(Connection c, Pending pending, List<OutboxMessage> messages)
      throws SQLException {
    InstanceTable.Parent parent = pending.run().parent();
    InstanceState state = pending.content().state();
    if (parent == null || !state.phase().isEnded()) {
      return;
    }
    SagaFailure failure = state.failure();
    Duration ahead = home.clock().ahead();
    SagaReply.Outcome outcome;
    byte[] result = null;
    if (state.phase() == SagaState.COMPLETED) {
      steps.end(c, parent.sagaId(), parent.key(), Outcome.DONE, null, ahead);
      result = home.engine().codec().encode(new ChildSaga(state.id()), "A child's id");
      outcome = SagaReply.Outcome.DONE;
    } else if (failure != null
        && steps.end(
            c,
            parent.sagaId(),
            parent.key(),
            Outcome.REFUSED,
            home.engine().codec().encodeFailure(failure),
            ahead)) {
      outcome = SagaReply.Outcome.REFUSED;
    } else { // it had completed, and its parent had it turn back
      steps.insertCompensation(
          c,
          new StepTable.NewRow(
              parent.sagaId(),
              parent.key(),
              StepTable.Direction.COMPENSATION,
              Outcome.DONE,
              null,
              pending.run().slot(),
              pending.run().epoch(),
              1,
              StepTable.WITHOUT_END),
          ahead);
      outcome = SagaReply.Outcome.UNDONE;
    }
    SagaReply reply =
        new SagaReply(
            parent.sagaId().toString(),
            parent.key().step(),
            parent.key().item(),
            outcome == SagaReply.Outcome.UNDONE ? SagaVerb.UNDO : SagaVerb.EXECUTE,
            0,
            outcome,
            result,
            outcome == SagaReply.Outcome.REFUSED ? failure : null,
            false);
    messages.add(
        SagaMessages.reply(
            reply,
            home.engine().options().service(),
            pending.run().slot(),
            pending.run().headers()));
  }

  private OutboxMessage message(SagaRun run, CallTable.Sending sending, Instant notAfter) {
    return SagaMessages.command(
        sending.order(),
        new SagaMessages.Asked(
            run.id(),
            sending.key(),
            sending.verb(),
            sending.sending(),
            // Longer each time: what comes late behind a backlog must not come late for ever.
            notAfter.plus(LONGER.multipliedBy(Math.min(sending.sending(), MOST_LONGER) - 1L)),
            sending.order().type(),
            run.isIrrefusable(sending.key()),
            home.engine().options().service()),
        run.slot(),
        run.headers());
  }

  private void accepted(Pending pending) {
    pending.run().wrote(pending.run().version() + 1);
    if (pending.run().written(pending.content())) {
      home.ended(pending.run(), pending.content());
    }
  }

  /**
   * Nothing was written: a new owner, news for what was to be parked, or this very write committed
   * before and only its answer was lost. So it is read again before it is let go.
   */
  private void missing(Pending pending) throws InterruptedException {
    Optional<InstanceTable.Row> row =
        untilAnswered(
            "Reading saga " + pending.run().id(), c -> instances.find(c, pending.run().id()));
    long version = pending.run().version();
    if (row.isEmpty() || row.get().epoch() != pending.run().epoch()) {
      home.letGo(pending.run());
    } else if (row.get().version() == version + 1) {
      accepted(pending);
    } else if (row.get().version() == version && pending.content().unlessNews()) {
      pending.run().refused(pending.content());
    } else {
      home.letGo(pending.run());
    }
  }
}
