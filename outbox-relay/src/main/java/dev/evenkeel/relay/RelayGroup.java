package dev.evenkeel.relay;

import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The relays of one process, one per shard: started and stopped together, and spread over the
 * processes of the application.
 *
 * <p><b>Invariant:</b> once nothing changes any more, the numbers of shards that any two living
 * nodes lead differ by at most one, as far as nodes may lead what there is. And no shard is without
 * a leader for longer than a grace because of that. There is no coordinator: each node decides from
 * what its own relays see, which may be as old as a contend interval, so every rule below leads to
 * the same end when a view was stale.
 *
 * <ul>
 *   <li><b>A free lease</b> is taken at once by a node that leads no more than any living one. Who
 *       leads more waits two contend intervals (1 s by default), by when whoever leads less has
 *       looked, and then takes it: a node may be dead and still in the list, or serve too few
 *       consumers. Who led last does not count as leading less, so the successor of a killed
 *       process waits for nothing.
 *   <li><b>Wishes.</b> A node that could lead a shard, and leads at least two less than its leader,
 *       says so by a lock of its standby session in that shard's database. A node that serves too
 *       few consumers, does not reach the database, or is gone has no wish.
 *   <li><b>Giving back.</b> Where a wish waits, the node that leads most (of equals the first by
 *       name) ends one term as a stop does: sends nothing new, drains, lets go. It takes that shard
 *       again when another has led it, or after six contend intervals if nobody did. It gives one
 *       shard at a time, after the spread has been uneven for four contend intervals.
 *   <li><b>No ping-pong.</b> Giving brings two nodes closer, and never makes the receiver lead more
 *       than the giver. A node gives each shard once per set of living nodes: what comes back, for
 *       whatever reason, stays.
 *   <li><b>A shard whose database does not answer</b> is led by nobody and counts for nobody.
 * </ul>
 *
 * <p>Thread-safe. Single-use: once stopped it stays stopped.
 */
public final class RelayGroup {

  private static final Logger log = LoggerFactory.getLogger(RelayGroup.class);

  private final Map<String, Relay> relays;
  private final Supplier<Set<String>> livingNodes;
  private final Duration contend;
  private final RelaySpreader spreader;
  private @Nullable ScheduledExecutorService census;
  private boolean stopped;
  private boolean countFails;

  /**
   * Makes a group of relays that were not started; nothing happens before {@link #start()}.
   *
   * @param relays by the name of the shard, at least one, all with one {@link RelayOptions#node()};
   *     from here on the group starts and stops them
   * @param livingNodes names of the nodes that run relays. Asked about every contend interval, on a
   *     thread of its own; may be some seconds old. While it is empty, throws or does not return,
   *     the last set stays
   * @throws IllegalArgumentException if there is no relay or they have several nodes
   * @throws IllegalStateException if a relay was started before
   */
  public RelayGroup(Map<String, Relay> relays, Supplier<Set<String>> livingNodes) {
    this.relays = Collections.unmodifiableMap(new LinkedHashMap<>(relays));
    this.livingNodes = livingNodes;
    List<String> nodes = relays.values().stream().map(r -> r.options().node()).distinct().toList();
    if (nodes.size() != 1) {
      throw new IllegalArgumentException(
          "A relay group needs relays of exactly one node, these are of %s; give all relays of the process the same name"
              .formatted(nodes));
    }
    this.contend =
        relays.values().stream()
            .map(relay -> relay.options().contend())
            .max(Duration::compareTo)
            .orElseThrow();
    this.spreader = new RelaySpreader(nodes.get(0), contend, System::nanoTime);
    this.relays.forEach((shard, relay) -> relay.join(shard, spreader.place(shard)));
  }

  /** Starts every relay and returns. A database that is down holds nobody up. Idempotent. */
  public synchronized void start() {
    if (census != null || stopped) {
      return;
    }
    ScheduledExecutorService thread =
        Executors.newSingleThreadScheduledExecutor(
            task -> {
              Thread counting = new Thread(task, "evenkeel-relay-census");
              counting.setDaemon(true);
              return counting;
            });
    census = thread;
    thread.scheduleWithFixedDelay(this::count, 0, contend.toMillis(), TimeUnit.MILLISECONDS);
    relays.values().forEach(Relay::start);
  }

  private void count() {
    try {
      spreader.living(livingNodes.get());
      countFails = false;
    } catch (RuntimeException | Error e) { // a periodic task that throws never runs again
      if (!countFails) {
        log.warn("The living nodes can't be told; the last set stays: {}", e.getMessage());
      }
      countFails = true;
    }
  }

  /**
   * Stops all relays at the same time, each as {@link Relay#stop()} does, and waits for them.
   * Idempotent.
   */
  public void stop() {
    synchronized (this) {
      stopped = true;
      if (census != null) {
        census.shutdownNow();
      }
    }
    List<Thread> stopping = new ArrayList<>();
    relays.forEach(
        (shard, relay) -> {
          Thread thread = new Thread(relay::stop, "evenkeel-relay-stop-" + shard);
          thread.setDaemon(true);
          thread.start();
          stopping.add(thread);
        });
    try {
      for (Thread thread : stopping) {
        thread.join(); // Relay.stop is bounded
      }
    } catch (InterruptedException e) {
      stopping.forEach(Thread::interrupt);
      Thread.currentThread().interrupt();
    }
  }

  /** Says that there may be something new in an outbox, as {@link Relay#wake()} does. */
  public void wake() {
    relays.values().forEach(Relay::wake);
  }

  /** Where each relay stands, by shard. Asks nobody. */
  public Map<String, RelayStatus> statuses() {
    Map<String, RelayStatus> statuses = new LinkedHashMap<>();
    relays.forEach((shard, relay) -> statuses.put(shard, relay.status()));
    return Collections.unmodifiableMap(statuses);
  }

  /**
   * How far behind a shard's relay is, whoever leads.
   *
   * @throws SQLException if the database can't be asked
   * @throws IllegalArgumentException if the group has no relay of that shard
   */
  public RelayStatus.Lag lag(String shard) throws SQLException {
    Relay relay = relays.get(shard);
    if (relay == null) {
      throw new IllegalArgumentException(
          "There is no relay of \"%s\", only of %s".formatted(shard, relays.keySet()));
    }
    return relay.lag();
  }
}
