package dev.evenkeel.relay;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.LongSummaryStatistics;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Relays of several nodes in simulated time: each looks at its shard once per contend interval, and
 * knows no more than that. Leases, wishes and the list of the living behave as in the databases.
 */
final class Spreading {

  static final Duration CONTEND = Duration.ofMillis(500);

  /** How long a dead node stays in the list, and how long a new one is missing from it. */
  private static final long LIST_LAG = TimeUnit.SECONDS.toNanos(5);

  private static final long STEP = TimeUnit.MILLISECONDS.toNanos(10);
  private static final long WATCH = TimeUnit.MILLISECONDS.toNanos(100);

  private final Random random;
  private final Map<String, Shard> shards = new LinkedHashMap<>();
  private final Map<String, Node> nodes = new TreeMap<>();
  private long now = -TimeUnit.DAYS.toNanos(3); // a monotonic clock may be negative
  private int terms;
  private long longestFree;

  /** The database of one shard. */
  private static final class Shard {
    private @Nullable String holder;
    private @Nullable String last;
    private final Set<String> wishes = new TreeSet<>();
    private boolean down;
    private @Nullable Long freeSince;
  }

  /** A process. */
  final class Node {
    private final String name;
    private final Set<String> serves;
    private final boolean fails;
    private final RelaySpreader spreader;
    private final Map<String, Seat> seats = new LinkedHashMap<>();
    private final long joined = now;
    private @Nullable Long died;

    private Node(String name, Set<String> serves, boolean fails) {
      this.name = name;
      this.serves = serves;
      this.fails = fails;
      this.spreader = new RelaySpreader(name, CONTEND, () -> now);
      shards.keySet().forEach(shard -> seats.put(shard, new Seat(spreader.place(shard))));
    }
  }

  /** A relay. */
  private final class Seat {
    private final Placement placement;
    private long nextLook = now + random.nextLong(CONTEND.toNanos());

    /** Ends a term that was given back, once drained, or that fails. */
    private @Nullable Long endsAt;

    private Seat(Placement placement) {
      this.placement = placement;
    }
  }

  Spreading(Random random, int shardCount) {
    this.random = random;
    for (int n = 0; n < shardCount; n++) {
      shards.put("shard-" + n, new Shard());
    }
  }

  Set<String> shardNames() {
    return shards.keySet();
  }

  /** A new node that may lead those shards. */
  void join(String name, Set<String> serves) {
    nodes.put(name, new Node(name, serves, false));
  }

  /** A new node whose terms fail soon after they began. */
  void joinFailing(String name) {
    nodes.put(name, new Node(name, shards.keySet(), true));
  }

  void kill(String name) {
    nodes.get(name).died = now;
    for (Shard shard : shards.values()) {
      shard.wishes.remove(name);
      if (name.equals(shard.holder)) {
        free(shard);
      }
    }
  }

  void down(String name, boolean down) {
    Shard shard = shards.get(name);
    shard.down = down;
    shard.wishes.clear();
    if (shard.holder != null) {
      Seat seat = nodes.get(shard.holder).seats.get(name);
      seat.endsAt = null;
      seat.placement.sees(null);
      free(shard);
    }
    shard.freeSince = down ? null : now;
  }

  private void free(Shard shard) {
    shard.last = shard.holder;
    shard.holder = null;
    shard.freeSince = now;
  }

  void run(Duration time) {
    for (long end = now + time.toNanos(); now < end; now += STEP) {
      Set<String> listed = listed();
      for (Node node : nodes.values()) {
        if (node.died == null) {
          node.spreader.living(listed);
          node.seats.forEach((shard, seat) -> turn(node, shard, seat));
        }
      }
      for (Shard shard : shards.values()) {
        if (shard.freeSince != null && !shard.down) {
          longestFree = Math.max(longestFree, now - shard.freeSince);
        }
      }
    }
  }

  private Set<String> listed() {
    return nodes.values().stream()
        .filter(n -> now - n.joined >= LIST_LAG && (n.died == null || now - n.died < LIST_LAG))
        .map(n -> n.name)
        .collect(Collectors.toSet());
  }

  private void turn(Node node, String name, Seat seat) {
    Shard shard = shards.get(name);
    if (node.name.equals(shard.holder)) {
      watch(node, shard, seat);
    } else if (now >= seat.nextLook) {
      long wait = look(node, name, shard, seat.placement);
      seat.nextLook = now + Math.min(wait, CONTEND.toNanos());
      if (node.name.equals(shard.holder) && node.fails) {
        seat.endsAt = now + CONTEND.toNanos();
      }
    }
  }

  private void watch(Node node, Shard shard, Seat seat) {
    if (seat.endsAt != null) {
      if (now >= seat.endsAt) {
        seat.endsAt = null;
        seat.nextLook = now + CONTEND.toNanos();
        seat.placement.sees(null);
        free(shard);
      }
    } else if (now % WATCH == 0
        && seat.placement.offers()
        && shard.wishes.stream().anyMatch(wish -> !wish.equals(node.name))
        && seat.placement.gives()) {
      seat.endsAt = now + random.nextLong(TimeUnit.MILLISECONDS.toNanos(800));
    }
  }

  /** As RelayLease looks; returns how long the next look may wait. */
  private long look(Node node, String name, Shard shard, Placement placement) {
    shard.wishes.remove(node.name);
    if (shard.down) {
      placement.sees(null);
    } else if (!node.serves.contains(name)) {
      placement.sees(shard.holder);
    } else if (shard.holder != null) {
      if (placement.wishes()) {
        shard.wishes.add(node.name);
      }
      placement.sees(shard.holder);
    } else {
      long left = placement.leaves(shard.last).toNanos();
      if (left > 0) {
        return left;
      }
      shard.holder = node.name;
      shard.freeSince = null;
      terms++;
      placement.sees(node.name);
    }
    return Long.MAX_VALUE;
  }

  /** Terms that began so far. */
  int terms() {
    return terms;
  }

  /** The longest time that a shard whose database was up had no leader. */
  Duration longestFree() {
    return Duration.ofNanos(longestFree);
  }

  Map<String, String> leaders() {
    Map<String, String> leaders = new TreeMap<>();
    shards.forEach((name, shard) -> leaders.put(name, String.valueOf(shard.holder)));
    return leaders;
  }

  /** How far apart the loads of living nodes are that may lead everything. */
  long difference() {
    List<Long> loads = new ArrayList<>();
    for (Node node : nodes.values()) {
      if (node.died == null && node.serves.containsAll(shards.keySet()) && !node.fails) {
        loads.add(leaders().values().stream().filter(node.name::equals).count());
      }
    }
    return difference(loads);
  }

  static long difference(Collection<Long> loads) {
    LongSummaryStatistics statistics =
        loads.stream().mapToLong(Long::longValue).summaryStatistics();
    return loads.isEmpty() ? 0 : statistics.getMax() - statistics.getMin();
  }
}
