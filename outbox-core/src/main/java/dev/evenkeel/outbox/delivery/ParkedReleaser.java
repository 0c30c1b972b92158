package dev.evenkeel.outbox.delivery;

import dev.evenkeel.outbox.FailureKind;
import dev.evenkeel.outbox.InboxHandlerMethod;
import dev.evenkeel.outbox.InboxHandlers;
import dev.evenkeel.outbox.ParkedMessage;
import dev.evenkeel.outbox.ParkedStore;
import dev.evenkeel.outbox.ReceiveOutcome;
import dev.evenkeel.outbox.spi.Leadership;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Releases parked keys of one feed that are due, each in order, head first. Only the owner of the
 * source does; operators merely make a key due. The handler's effects commit first, then the parked
 * row ends: a crash in between finds the inbox row and ends the parked row then. Live messages of
 * the key queue behind until the row that ends the last parked one also frees the key.
 */
final class ParkedReleaser {

  private static final Logger log = LoggerFactory.getLogger(ParkedReleaser.class);

  private static final int MESSAGES_PER_TURN = 1_000;
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

  /** Hands a key that is due to the lanes, unless it is being released already. */
  void begin(ParkedStore.Key due) {
    Object turn = new Object();
    if (underWay.putIfAbsent(due, turn) == null) {
      pool.execute(() -> release(due, turn));
    }
  }

  private void release(ParkedStore.Key due, Object turn) {
    try {
      for (int n = 0; n < MESSAGES_PER_TURN && mayWork.getAsBoolean(); n++) {
        ParkedMessage head = parked.head(due).orElse(null);
        if (head == null || !releaseOne(due, turn, head)) {
          return;
        }
      }
    } catch (RuntimeException | Error e) {
      log.warn("{} of {} can't be released now: {}", due.key(), due.consumer(), e.getMessage());
    } finally {
      underWay.remove(due, turn);
    }
  }

  /** True when the key may go on with its next message. */
  private boolean releaseOne(ParkedStore.Key due, Object turn, ParkedMessage head) {
    if (head.consumer().equals(InboxHandlers.UNKNOWN_CONSUMER)) {
      return routeAgain(head);
    }
    InboxHandlerMethod handler = handlers.find(head.consumer(), head.message());
    if (handler == null) {
      return dead(head, handlers.refusal(head.consumer(), head.message()));
    }
    for (int contention = 1; ; contention++) {
      Deliverer.Result result =
          deliverer.attempt(handler, head.message(), true, () -> abandoned(due, turn, head));
      if (result instanceof Deliverer.Result.Received received) {
        boolean done =
            received.outcome() == ReceiveOutcome.HANDLED
                || received.outcome() == ReceiveOutcome.DUPLICATE;
        return done && parked.handled(leadership.fence(), head);
      }
      if (result instanceof Deliverer.Result.Away away) {
        postpone(head, "the database \"" + away.target() + "\" does not answer");
        return false;
      }
      if (!(result instanceof Deliverer.Result.Failed failed)) {
        pool.abandonedThreadReturned();
        return false;
      }
      if (failed.kind() != FailureKind.CONTENTION
          || contention >= CONTENTIONS_PER_ATTEMPT
          || !mayWork.getAsBoolean()) {
        return failed(head, failed);
      }
      LockSupport.parkNanos(ThreadLocalRandom.current().nextLong(MAX_CONTENTION_NANOS));
    }
  }

  private void abandoned(ParkedStore.Key due, Object turn, ParkedMessage head) {
    pool.threadAbandoned();
    pool.execute(
        () -> {
          try {
            dead(head, "ignored its interrupt"); // see Lanes: another attempt costs another thread
          } catch (RuntimeException e) {
            log.warn("{} can't be parked anew now: {}", head.message(), e.getMessage());
          } finally {
            underWay.remove(due, turn); // the stuck thread will not do it
          }
        });
  }

  private boolean failed(ParkedMessage head, Deliverer.Result.Failed failure) {
    int attempts = head.attempts() + 1;
    boolean hopeless =
        failure.kind() == FailureKind.UNREADABLE || failure.kind() == FailureKind.CLAIM_MISSING;
    if (hopeless || attempts >= options.attemptsParked()) {
      return dead(head, failure.error());
    }
    parked.failed(
        leadership.fence(), head, attempts, failure.error(), options.backoff(attempts + 1));
    return false;
  }

  private boolean dead(ParkedMessage head, String error) {
    log.error("{} is a dead letter of {}: {}", head.message(), head.consumer(), error);
    parked.failed(leadership.fence(), head, head.attempts() + 1, error, null);
    return false;
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
      return dead(head, handlers.refusal(head.consumer(), head.message()));
    }
    List<String> consumers = new ArrayList<>(to.consumersOfOtherVersions());
    to.handlers().forEach(handler -> consumers.add(handler.consumer()));
    return parked.redirect(leadership.fence(), head, consumers);
  }
}
