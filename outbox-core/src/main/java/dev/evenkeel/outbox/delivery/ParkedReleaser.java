package dev.evenkeel.outbox.delivery;

import dev.evenkeel.outbox.FailureKind;
import dev.evenkeel.outbox.FailureText;
import dev.evenkeel.outbox.InboxHandlerMethod;
import dev.evenkeel.outbox.InboxHandlers;
import dev.evenkeel.outbox.ParkedMessage;
import dev.evenkeel.outbox.ParkedStore;
import dev.evenkeel.outbox.spi.Leadership;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Releases parked keys of one feed that are due, each in order, head first. Only the owner of the
 * source does; operators merely make a key due. The handler's effects commit first, each message's
 * in a transaction of its own, then the parked rows end, many in one: a crash in between finds the
 * inbox rows and ends the parked rows then. Live messages of the key queue behind until the
 * transaction that ends the last parked one also frees the key.
 *
 * <p>Whoever parks a key does so when its delivery has failed, so none is on its way. An operator
 * who retries a letter that was set aside parks a key that is live: a delivery that began before
 * may be in its handler. Begun later, it sees the parked key. So a release waits for the attempt
 * that is under way when it begins.
 */
final class ParkedReleaser {

  private static final Logger log = LoggerFactory.getLogger(ParkedReleaser.class);

  private static final int BATCHES_PER_TURN = 100;
  private static final int MESSAGES_PER_BATCH = 64;
  private static final long BYTES_PER_BATCH = 2 << 20;

  /** What was handled is ended, and so counted and forgotten, at least so often. */
  private static final long BATCH_NANOS = TimeUnit.SECONDS.toNanos(1);

  private static final int CONTENTIONS_PER_ATTEMPT = 10;
  private static final long MAX_CONTENTION_NANOS = TimeUnit.MILLISECONDS.toNanos(50);
  private static final Duration OUTAGE_RECHECK = Duration.ofSeconds(1);

  private final LaneOptions options;
  private final InboxHandlers handlers;
  private final ParkedStore parked;
  private final Deliverer deliverer;
  private final LanePool pool;
  private final BooleanSupplier mayWork;
  private final Leadership leadership;

  /**
   * Keys being released, each with its turn: an abandoned turn that returns must not end the next.
   */
  private final ConcurrentMap<ParkedStore.Key, Object> underWay = new ConcurrentHashMap<>();

  ParkedReleaser(
      LaneOptions options,
      InboxHandlers handlers,
      ParkedStore parked,
      Deliverer deliverer,
      LanePool pool,
      BooleanSupplier mayWork,
      Leadership leadership) {
    this.options = options;
    this.handlers = handlers;
    this.parked = parked;
    this.deliverer = deliverer;
    this.pool = pool;
    this.mayWork = mayWork;
    this.leadership = leadership;
  }

  /**
   * Hands a key that is due to the lanes, unless it is being released already.
   *
   * @param live completes when the live attempt that is under way is over
   */
  void begin(ParkedStore.Key due, CompletableFuture<@Nullable Void> live) {
    Object turn = new Object();
    if (underWay.putIfAbsent(due, turn) == null) {
      live.thenRun(() -> pool.execute(() -> release(due, turn)));
    }
  }

  private void release(ParkedStore.Key due, Object turn) {
    try {
      boolean more = true;
      for (int n = 0; more && n < BATCHES_PER_TURN && mayWork.getAsBoolean(); n++) {
        List<ParkedMessage> next = parked.heads(due, MESSAGES_PER_BATCH, BYTES_PER_BATCH);
        more = !next.isEmpty() && releaseInOrder(due, turn, next);
      }
    } catch (RuntimeException | Error e) {
      log.warn(
          "{} of {} can't be released now: {}",
          due.key(),
          due.consumer(),
          FailureText.messageOf(e));
    } finally {
      underWay.remove(due, turn);
    }
  }

  /** True when the key may go on with what follows. */
  private boolean releaseInOrder(ParkedStore.Key due, Object turn, List<ParkedMessage> messages) {
    if (due.consumer().equals(InboxHandlers.UNKNOWN_CONSUMER)) {
      return routeAgain(messages.get(0));
    }
    long begun = System.nanoTime();
    List<ParkedMessage> handled = new ArrayList<>();
    for (ParkedMessage next : messages) {
      if (!handled.isEmpty()
          && (System.nanoTime() - begun > BATCH_NANOS || !mayWork.getAsBoolean())) {
        break;
      }
      Step step = releaseOne(due, turn, List.copyOf(handled), next);
      if (step != Step.HANDLED) {
        return step == Step.NEXT;
      }
      handled.add(next);
    }
    return ended(handled);
  }

  private boolean ended(List<ParkedMessage> handled) {
    if (handled.isEmpty() || parked.handled(leadership.fence(), handled)) {
      return true;
    }
    if (!parked.holds(leadership.fence())) {
      leadership.fencedOut(); // or the key would stay due, and be released again and again
    }
    return false;
  }

  /** How a key goes on after an attempt at one message. */
  private enum Step {
    /** It was handled and has to be ended; its successor may be tried. */
    HANDLED,
    /** It and those before it are decided on; the key has another head that is due. */
    NEXT,
    /** Nothing more now. */
    STOP
  }

  /**
   * Tries one message.
   *
   * @param before those of the key that were handled and are not ended yet; all of them must be
   *     before anything is written about this one, for only a head fails or dies
   */
  private Step releaseOne(
      ParkedStore.Key due, Object turn, List<ParkedMessage> before, ParkedMessage next) {
    InboxHandlerMethod handler = handlers.find(next.consumer(), next.message());
    if (handler == null) {
      return ended(before)
          ? dead(next.asHead(), handlers.refusal(next.consumer(), next.message()))
          : Step.STOP;
    }
    for (int contention = 1; ; contention++) {
      Deliverer.Result result =
          deliverer.release(handler, next, verdict -> abandoned(due, turn, before, next, verdict));
      if (result instanceof Deliverer.Result.Received received) {
        return switch (received.outcome()) {
          case HANDLED, DUPLICATE -> Step.HANDLED;
          case KEY_PARKED, ALREADY_PARKED, EXPIRED -> { // decided on by another owner meanwhile
            ended(before);
            yield Step.STOP;
          }
        };
      }
      if (result instanceof Deliverer.Result.Abandoned) {
        pool.abandonedThreadReturned(); // abandoned() has written what there was to write
        return Step.STOP;
      }
      if (result instanceof Deliverer.Result.Away away) {
        if (ended(before)) {
          postpone(next.asHead(), "the database \"" + away.target() + "\" does not answer");
        }
        return Step.STOP;
      }
      Deliverer.Result.Failed failed = (Deliverer.Result.Failed) result;
      if (failed.kind() != FailureKind.CONTENTION
          || contention >= CONTENTIONS_PER_ATTEMPT
          || !mayWork.getAsBoolean()) {
        return ended(before) ? failed(next.asHead(), failed) : Step.STOP;
      }
      LockSupport.parkNanos(ThreadLocalRandom.current().nextLong(MAX_CONTENTION_NANOS));
    }
  }

  private void abandoned(
      ParkedStore.Key due,
      Object turn,
      List<ParkedMessage> before,
      ParkedMessage next,
      Supplier<Deliverer.Verdict> verdict) {
    pool.threadAbandoned();
    pool.execute(
        () -> {
          try {
            Deliverer.Verdict why = verdict.get();
            if (!ended(before)) {
              return;
            }
            switch (why.cause()) {
              case HANDLER -> dead(next.asHead(), why.text());
              case SILENCE -> postpone(next.asHead(), why.text());
              // It counts: each costs a thread, and so there must be a last one.
              case UNCLEAR ->
                  failed(
                      next.asHead(), new Deliverer.Result.Failed(FailureKind.HANDLER, why.text()));
            }
          } catch (RuntimeException e) {
            log.warn("{} can't be parked anew now: {}", next.message(), FailureText.messageOf(e));
          } finally {
            underWay.remove(due, turn); // the stuck thread will not do it
          }
        });
  }

  private Step failed(ParkedMessage head, Deliverer.Result.Failed failure) {
    int attempts = head.attempts() + 1;
    boolean hopeless =
        failure.kind() == FailureKind.UNREADABLE || failure.kind() == FailureKind.CLAIM_MISSING;
    if (hopeless || attempts >= options.attemptsParked()) {
      return dead(head, failure.error());
    }
    parked.failed(
        leadership.fence(), head, attempts, failure.error(), options.backoff(attempts + 1));
    return Step.STOP;
  }

  private Step dead(ParkedMessage head, String error) {
    log.error("{} is a dead letter of {}: {}", head.message(), head.consumer(), error);
    if (handlers.skipsDeadLetters(head.consumer())) {
      return parked.failedAside(leadership.fence(), head, head.attempts() + 1, error)
          ? Step.NEXT
          : Step.STOP;
    }
    parked.failed(leadership.fence(), head, head.attempts() + 1, error, null);
    return Step.STOP;
  }

  /** No attempt was made, so none counts. The spread keeps many keys from coming back at once. */
  private void postpone(ParkedMessage head, String error) {
    long millis = OUTAGE_RECHECK.toMillis();
    Duration nextIn = Duration.ofMillis(millis + ThreadLocalRandom.current().nextLong(millis));
    parked.failed(leadership.fence(), head, head.attempts(), error, nextIn);
  }

  private boolean routeAgain(ParkedMessage head) {
    InboxHandlers.Route route = handlers.route(head.message().type(), head.message().version());
    if (!(route instanceof InboxHandlers.Route.To to)) {
      dead(head, handlers.refusal(head.consumer(), head.message()));
      return false;
    }
    List<String> consumers = new ArrayList<>(to.consumersOfOtherVersions());
    to.handlers().forEach(handler -> consumers.add(handler.consumer()));
    return parked.redirect(leadership.fence(), head, consumers);
  }
}
