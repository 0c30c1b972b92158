package dev.evenkeel.outbox.delivery;

import dev.evenkeel.outbox.FailureKind;
import dev.evenkeel.outbox.FailureText;
import dev.evenkeel.outbox.InboxHandlerMethod;
import dev.evenkeel.outbox.InboxHandlers;
import dev.evenkeel.outbox.OutboxMessage;
import dev.evenkeel.outbox.ParkReason;
import dev.evenkeel.outbox.ParkedStore;
import dev.evenkeel.outbox.ParkedStore.ParkOutcome;
import dev.evenkeel.outbox.ReceiveOutcome;
import dev.evenkeel.outbox.spi.Acknowledgement;
import dev.evenkeel.outbox.spi.Leadership;
import dev.evenkeel.outbox.spi.MessageObserver;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The deliveries of one feed: of one source, for one term of its owner.
 *
 * <p>Order is kept per (consumer, key): each such key has a queue of its own, and a lane works on
 * the head of one queue at a time. A key that fails, waits or is slow holds nobody else. What can't
 * be handled within a short budget is parked with its key, and with that it is done here.
 */
final class Lanes implements InboxLanes.Feed {

  private static final Logger log = LoggerFactory.getLogger(Lanes.class);

  private static final Duration HOME_AWAY = Duration.ofMillis(200);
  private static final Duration NO_LEASE = Duration.ofMillis(50);
  private static final int CONTENTIONS_PER_ATTEMPT = 10;

  private final LaneOptions options;
  private final InboxHandlers handlers;
  private final ParkedStore parked;
  private final MessageObserver observer;
  private final Leadership leadership;
  private final InboxLanes.UnknownTypes unknownTypes;
  private final LanePool pool;
  private final ScheduledExecutorService clock;
  private final Deliverer deliverer;
  private final @Nullable DurableCommits commits;
  private final Outages outages;
  private final Consumer<Lanes> onClose;
  private final ParkedReleaser releaser;
  private final ConcurrentMap<KeyQueue.Id, KeyQueue> queues = new ConcurrentHashMap<>();
  private final Object rest = new Object();
  private int underWay; // guarded by rest
  private volatile boolean closed;

  Lanes(
      LaneOptions options,
      InboxHandlers handlers,
      ParkedStore parked,
      MessageObserver observer,
      Leadership leadership,
      InboxLanes.UnknownTypes unknownTypes,
      LanePool pool,
      ScheduledExecutorService clock,
      Deliverer deliverer,
      @Nullable DurableCommits commits,
      Outages outages,
      Consumer<Lanes> onClose) {
    this.options = options;
    this.handlers = handlers;
    this.parked = parked;
    this.observer = observer;
    this.leadership = leadership;
    this.unknownTypes = unknownTypes;
    this.pool = pool;
    this.clock = clock;
    this.deliverer = deliverer;
    this.commits = commits;
    this.outages = outages;
    this.onClose = onClose;
    this.releaser =
        new ParkedReleaser(options, handlers, parked, deliverer, pool, this::mayWork, leadership);
  }

  boolean mayWork() {
    return !closed && leadership.mayDispatch();
  }

  /** Releases a key that is due, unless that is under way. */
  void release(ParkedStore.Key due) {
    KeyQueue live = queues.get(new KeyQueue.Id(due.consumer(), due.key()));
    releaser.begin(due, live == null ? CompletableFuture.completedFuture(null) : live.attempt());
  }

  @Override
  public void send(OutboxMessage message, Acknowledgement acknowledgement) {
    InboxHandlers.Route route = handlers.route(message.type(), message.version());
    if (route instanceof InboxHandlers.Route.To to) {
      int consumers = to.handlers().size() + to.consumersOfOtherVersions().size();
      if (consumers == 0) {
        acknowledgement.acknowledge(); // a known type that nobody here wants
        return;
      }
      Delivery.Fate fate = new Delivery.Fate(consumers, acknowledgement);
      for (InboxHandlerMethod handler : to.handlers()) {
        enqueue(
            new Delivery(handler.consumer(), handler, ParkReason.HANDLER_FAILED, message, fate));
      }
      for (String consumer : to.consumersOfOtherVersions()) {
        enqueue(new Delivery(consumer, null, ParkReason.UNKNOWN_VERSION, message, fate));
      }
    } else if (unknownTypes == InboxLanes.UnknownTypes.IGNORE) {
      acknowledgement.acknowledge();
    } else {
      enqueue(
          new Delivery(
              InboxHandlers.UNKNOWN_CONSUMER,
              null,
              ParkReason.UNKNOWN_TYPE,
              message,
              new Delivery.Fate(1, acknowledgement)));
    }
  }

  private void enqueue(Delivery delivery) {
    KeyQueue.Id id = new KeyQueue.Id(delivery.consumer(), delivery.message().orderKey());
    queues.compute(
        id,
        (key, present) -> {
          KeyQueue queue = present == null ? new KeyQueue(key) : present;
          if (queue.add(delivery)) {
            pool.execute(() -> work(queue));
          }
          return queue;
        });
  }

  /** Works on the head of a queue, then hands the queue on. */
  private void work(KeyQueue queue) {
    Delivery delivery = queue.head();
    if (delivery == null || closed) {
      return; // not acknowledged: the next leader gets it
    }
    enter();
    try {
      if (!leadership.mayDispatch()) { // asked after entering: whoever waits for rest sees it
        proceed(queue, delivery, NO_LEASE); // a late renewal may still save the term
        return;
      }
      turn(queue, delivery, () -> deliver(queue, delivery));
    } finally {
      leave();
    }
  }

  private void enter() {
    synchronized (rest) {
      underWay++;
    }
  }

  private void leave() {
    synchronized (rest) {
      if (--underWay == 0) {
        rest.notifyAll();
      }
    }
  }

  @Override
  public boolean awaitRest(Duration atMost) throws InterruptedException {
    long deadline = System.nanoTime() + atMost.toNanos();
    synchronized (rest) {
      while (underWay > 0) {
        long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
        if (left <= 0) {
          return false;
        }
        rest.wait(left);
      }
      return true;
    }
  }

  /**
   * Null when the message's fate is durable, or will be by the {@link DurableCommits}, {@link
   * #LEFT}, or the time until the next turn.
   */
  private interface Step {
    @Nullable Duration take();
  }

  private void turn(KeyQueue queue, Delivery delivery, Step step) {
    Duration again;
    try {
      again = step.take();
    } catch (RuntimeException | Error e) {
      // Parking needs the installation's own database. Without it the lease is lost soon.
      log.warn("{} can't be parked now: {}", delivery.message(), FailureText.messageOf(e));
      again = HOME_AWAY;
    }
    proceed(queue, delivery, again);
  }

  private void proceed(KeyQueue queue, Delivery delivery, @Nullable Duration again) {
    if (LEFT.equals(again) || closed) {
      return; // a closed session acknowledges nothing more, even what it has just handled
    }
    if (again != null) {
      later(queue, again);
      return;
    }
    DurableCommits.Run during = delivery.handledDuring();
    if (commits == null || during == null) {
      done(queue, delivery);
      return;
    }
    // The next of its key waits, too: after a crash it would take effect before this one does
    // again.
    commits.whenDurable(
        during,
        () -> {
          if (!closed) {
            done(queue, delivery);
          }
        },
        delivery::fail);
  }

  private void done(KeyQueue queue, Delivery delivery) {
    delivery.done();
    if (queue.next()) {
      pool.execute(() -> work(queue));
    } else {
      queues.computeIfPresent(queue.id(), (id, q) -> q.isEmpty() ? null : q);
    }
  }

  private void later(KeyQueue queue, Duration delay) {
    try {
      clock.schedule(
          () -> pool.execute(() -> work(queue)), delay.toMillis(), TimeUnit.MILLISECONDS);
    } catch (RejectedExecutionException e) {
      log.trace("The lanes are closed; the next leader gets what was queued", e);
    }
  }

  /** Stands for: somebody else goes on with this queue, or nobody in this term. */
  private static final Duration LEFT = Duration.ofDays(-1);

  private @Nullable Duration deliver(KeyQueue queue, Delivery delivery) {
    InboxHandlerMethod handler = delivery.handler();
    if (handler == null) {
      String error = handlers.refusal(delivery.consumer(), delivery.message());
      return park(delivery, delivery.refusal(), error, null);
    }
    DurableCommits.Run during = commits == null ? null : commits.run();
    CompletableFuture<@Nullable Void> attempt = queue.attemptBegins();
    Deliverer.Result result;
    try {
      result =
          deliverer.attempt(
              handler,
              delivery.message(),
              during != null,
              verdict -> {
                attempt.complete(null); // its session was ended; the thread may never return
                abandoned(queue, delivery, verdict);
              });
    } finally {
      attempt.complete(null);
    }
    if (result instanceof Deliverer.Result.Received received) {
      if (received.outcome() == ReceiveOutcome.HANDLED && during != null) {
        delivery.handledDuring(during);
      }
      return switch (received.outcome()) {
        case HANDLED, DUPLICATE, ALREADY_PARKED -> null;
        case KEY_PARKED -> queueBehind(delivery);
        case EXPIRED ->
            park(delivery, ParkReason.EXPIRED, "older than evenkeel.inbox.window", null);
      };
    }
    if (result instanceof Deliverer.Result.Away away) {
      return away(delivery, away.target());
    }
    if (result instanceof Deliverer.Result.Failed failed) {
      return failed(delivery, failed.kind(), failed.error());
    }
    pool.abandonedThreadReturned();
    return LEFT;
  }

  /**
   * The delivery's thread is stuck, and its connection with it. In a handler it is so for good:
   * another attempt would only cost another of each, so the message is a dead letter at once.
   */
  private void abandoned(KeyQueue queue, Delivery delivery, Supplier<Deliverer.Verdict> verdict) {
    if (!pool.threadAbandoned()) {
      delivery.fail(
          new IllegalStateException("As many handlers as there are lanes ignore their interrupt"));
      return;
    }
    pool.execute(
        () ->
            turn(
                queue,
                delivery,
                () -> {
                  Deliverer.Verdict why = verdict.get();
                  return why.cause() == Deliverer.Verdict.Cause.HANDLER
                      ? park(delivery, ParkReason.HANDLER_FAILED, why.text(), null)
                      : park(delivery, ParkReason.OUTAGE, why.text(), options.firstBackoff());
                }));
  }

  private @Nullable Duration queueBehind(Delivery delivery) {
    ParkOutcome outcome =
        parked.queueBehind(leadership.fence(), delivery.consumer(), delivery.message());
    return outcome == ParkOutcome.KEY_FREE ? Duration.ZERO : afterParking(delivery, outcome);
  }

  private @Nullable Duration away(Delivery delivery, String target) {
    long budget = options.outageBudget().toNanos();
    boolean spent =
        outages.lasting(target).toNanos() >= budget
            || System.nanoTime() - delivery.awaySince() >= budget;
    if (spent) {
      return park(
          delivery,
          ParkReason.OUTAGE,
          "the database \"" + target + "\" does not answer",
          options.firstBackoff());
    }
    return Outages.PROBE.dividedBy(2);
  }

  private @Nullable Duration failed(Delivery delivery, FailureKind kind, String error) {
    if (kind == FailureKind.UNREADABLE) {
      return park(delivery, ParkReason.UNREADABLE, error, null);
    }
    if (kind == FailureKind.CONTENTION && delivery.contended() % CONTENTIONS_PER_ATTEMPT != 0) {
      observer.retried(delivery.consumer());
      return Duration.ofMillis(ThreadLocalRandom.current().nextLong(5, 50));
    }
    long now = System.nanoTime();
    int attempts = delivery.failed(now);
    boolean spent =
        attempts >= options.attemptsInMemory()
            || now - delivery.firstFailureAt() >= options.budgetInMemory().toNanos();
    if (spent && kind == FailureKind.CLAIM_MISSING) { // till now it may not have been visible yet
      return park(delivery, ParkReason.CLAIM_MISSING, error, null);
    }
    if (spent) {
      return park(delivery, ParkReason.HANDLER_FAILED, error, options.backoff(1));
    }
    observer.retried(delivery.consumer());
    log.debug(
        "Attempt {} of {} for {} failed: {}",
        attempts,
        delivery.message(),
        delivery.consumer(),
        error);
    return options.budgetInMemory().dividedBy(options.attemptsInMemory());
  }

  private @Nullable Duration park(
      Delivery delivery, ParkReason reason, String error, @Nullable Duration dueIn) {
    log.warn(
        "{} is parked for {} ({}): {}", delivery.message(), delivery.consumer(), reason, error);
    return afterParking(
        delivery,
        dueIn == null && handlers.skipsDeadLetters(delivery.consumer())
            ? parked.parkAside(
                leadership.fence(), delivery.consumer(), delivery.message(), reason, error)
            : parked.park(
                leadership.fence(), delivery.consumer(), delivery.message(), reason, error, dueIn));
  }

  private @Nullable Duration afterParking(Delivery delivery, ParkOutcome outcome) {
    if (outcome == ParkOutcome.FENCED) {
      delivery.fail(
          new IllegalStateException("Another owner has begun; nothing can be parked any more"));
      return LEFT;
    }
    return null;
  }

  @Override
  public void close() {
    closed = true;
    queues.clear();
    onClose.accept(this);
  }
}
