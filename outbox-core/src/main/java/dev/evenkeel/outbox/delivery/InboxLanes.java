package dev.evenkeel.outbox.delivery;

import dev.evenkeel.outbox.InboxHandlers;
import dev.evenkeel.outbox.InboxReceiver;
import dev.evenkeel.outbox.ParkedStore;
import dev.evenkeel.outbox.spi.Leadership;
import dev.evenkeel.outbox.spi.MessageObserver;
import dev.evenkeel.outbox.spi.Transport;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The threads that deliver to the handlers of this process, shared by all feeds: the relay's one,
 * or one for each partition that a consumer group has assigned to this process. Thread-safe;
 * single-use.
 */
public final class InboxLanes implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(InboxLanes.class);

  private static final Duration RELEASE_TICK = Duration.ofMillis(200);
  private static final int KEYS_PER_LOOK = 256;
  private static final int REAP_ROWS = 1_000;
  private static final int REAP_BATCHES = 100;

  private final LaneOptions options;
  private final InboxHandlers handlers;
  private final InboxReceiver receiver;
  private final ParkedStore parked;
  private final MessageObserver observer;
  private final UnknownTypes unknownTypes;
  private final Outages outages = new Outages();
  private final LanePool pool;
  private final ScheduledExecutorService clock; // never asks a database: retries must be on time
  private final ScheduledExecutorService watch;
  private final ScheduledExecutorService releases;
  private final LanePool endings = new LanePool(1);
  private final HandlerWatchdog watchdog;
  private final @Nullable DurableCommits commits;
  private final Map<String, Lanes> feeds = new ConcurrentHashMap<>();
  private volatile boolean closed;

  /** What becomes of messages whose type no class and no handler of this process knows. */
  public enum UnknownTypes {
    /** They wait as dead letters: every message of this feed is meant for this process. */
    PARK,
    /** They are acknowledged: the feed carries messages for others, too. */
    IGNORE
  }

  /** The messages of one source on their way to the handlers, for one term of its owner. */
  public interface Feed extends Transport.Session {

    /**
     * Waits until no delivery is under way. To be called when the feed's {@link
     * Leadership#mayDispatch()} has become false, so that nothing begins.
     *
     * @return whether that came about in time
     */
    boolean awaitRest(Duration atMost) throws InterruptedException;
  }

  /** Makes lanes; their threads start with them. */
  public InboxLanes(
      LaneOptions options,
      InboxHandlers handlers,
      InboxReceiver receiver,
      ParkedStore parked,
      MessageObserver observer,
      UnknownTypes unknownTypes) {
    this.options = options;
    this.handlers = handlers;
    this.receiver = receiver;
    this.parked = parked;
    this.observer = observer;
    this.unknownTypes = unknownTypes;
    this.pool = new LanePool(options.lanes());
    this.clock = LanePool.clock("retries");
    this.watch = LanePool.clock("watchdog");
    this.releases = LanePool.clock("releases");
    this.commits = receiver.grouped() ? new DurableCommits(receiver.home()) : null;
    this.watchdog = new HandlerWatchdog(options.handlerTimeout(), endings::execute);
    long look = Math.max(10, options.handlerTimeout().toMillis() / 10);
    watch.scheduleWithFixedDelay(watchdog::look, look, look, TimeUnit.MILLISECONDS);
    long tick = RELEASE_TICK.toMillis();
    releases.scheduleWithFixedDelay(this::lookForReleases, tick, tick, TimeUnit.MILLISECONDS);
    releases.scheduleWithFixedDelay(this::reap, 1, 1, TimeUnit.MINUTES);
  }

  /**
   * Opens the feed of a source.
   *
   * @throws IllegalStateException if the source's feed is open already, or the lanes are closed
   */
  public Feed open(Leadership leadership) {
    String source = leadership.fence().source();
    Lanes lanes =
        new Lanes(
            options,
            handlers,
            parked,
            observer,
            leadership,
            unknownTypes,
            pool,
            clock,
            new Deliverer(receiver, leadership, watchdog, outages),
            commits,
            outages,
            closing -> feeds.remove(source, closing));
    if (closed || feeds.putIfAbsent(source, lanes) != null) {
      throw new IllegalStateException(
          "The feed of %s is open already, or the lanes are closed".formatted(source));
    }
    return lanes;
  }

  private void lookForReleases() {
    try {
      Map<String, Lanes> working = new HashMap<>(feeds);
      working.values().removeIf(lanes -> !lanes.mayWork());
      if (working.isEmpty()) {
        return;
      }
      for (ParkedStore.Key due : parked.due(working.keySet(), KEYS_PER_LOOK)) {
        Lanes lanes = working.get(due.source());
        if (lanes != null) {
          lanes.release(due);
        }
      }
    } catch (RuntimeException e) { // a periodic task that throws never runs again
      log.warn("Parked keys can't be looked at now: {}", e.getMessage());
    }
  }

  /** Forgets ended messages past the dedup window. */
  private void reap() {
    try {
      for (int batch = 0; batch < REAP_BATCHES && !closed && !feeds.isEmpty(); batch++) {
        if (parked.reap(receiver.window(), REAP_ROWS) < REAP_ROWS) {
          return;
        }
      }
    } catch (RuntimeException e) {
      log.warn("Ended parked messages can't be reaped now: {}", e.getMessage());
    }
  }

  /** Drops what is queued in all feeds and starts nothing more. Idempotent. */
  @Override
  public void close() {
    closed = true;
    feeds.values().forEach(Lanes::close);
    clock.shutdownNow();
    watch.shutdownNow();
    releases.shutdownNow();
    endings.shutdown();
    if (commits != null) {
      commits.close();
    }
    pool.shutdown();
  }
}
