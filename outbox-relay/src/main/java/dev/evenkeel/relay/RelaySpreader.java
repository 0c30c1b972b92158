package dev.evenkeel.relay;

import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Remembers, for the relays of one node, what a {@link Spread} can't show: since when a lease is
 * free, since when the spread is uneven, and what was given back. {@link RelayGroup} has the rules.
 * Thread-safe; never waits.
 */
final class RelaySpreader {

  private final String me;
  private final LongSupplier nanos;
  private final long contend;
  private final long grace;
  private final long abstention;
  private final long settling;
  private final Map<String, Place> places = new LinkedHashMap<>();
  private Set<String> living = Set.of();
  private @Nullable Long unevenSince;

  /**
   * Makes the memory of one node.
   *
   * @param contend how often relays look; the other times are multiples of it
   * @param nanos a monotonic clock
   */
  RelaySpreader(String me, Duration contend, LongSupplier nanos) {
    this.me = me;
    this.nanos = nanos;
    this.contend = contend.toNanos();
    this.grace = 2 * this.contend; // whoever leads less has looked by then
    this.abstention = 6 * this.contend;
    this.settling = 4 * this.contend; // a restart of a database, or of a node, is over by then
  }

  /** The place of a shard's relay; each is asked for once. */
  synchronized Placement place(String shard) {
    Place place = new Place();
    places.put(shard, place);
    return place;
  }

  /** The nodes that run relays. An empty set tells nothing, so the last one stays. */
  synchronized void living(Set<String> nodes) {
    if (!nodes.isEmpty() && !nodes.equals(living)) {
      living = Set.copyOf(nodes);
      places.values().forEach(place -> place.given = false);
    }
  }

  private Spread spread() {
    Map<String, String> leaders = new HashMap<>();
    places.forEach(
        (shard, place) -> {
          if (place.leader != null) {
            leaders.put(shard, place.leader);
          }
        });
    return new Spread(me, living, leaders);
  }

  /** Whether something given back has not found its leader yet. */
  private boolean handingOver() {
    return places.values().stream().anyMatch(place -> place.giving || place.abstains() > 0);
  }

  private long since(long moment) {
    return nanos.getAsLong() - moment;
  }

  private final class Place implements Placement {

    private @Nullable String leader;
    private @Nullable Long freeSince;

    /** This node has decided to give back and still leads. */
    private boolean giving;

    /** When it had given back; null once somebody leads. */
    private @Nullable Long gaveAt;

    /** Once per set of living nodes: what comes back stays, whyever it came back. */
    private boolean given;

    private long askedAt = nanos.getAsLong() - contend;

    @Override
    public void sees(@Nullable String nowLeader) {
      synchronized (RelaySpreader.this) {
        if (giving) {
          giving = false;
          gaveAt = nanos.getAsLong();
        }
        if (nowLeader != null) {
          gaveAt = null;
        }
        freeSince = null;
        leader = nowLeader;
      }
    }

    @Override
    public Duration leaves(@Nullable String lastLeader) {
      synchronized (RelaySpreader.this) {
        leader = null;
        if (freeSince == null) {
          freeSince = nanos.getAsLong();
        }
        long left = abstains();
        if (left == 0 && !spread().takes(lastLeader)) {
          left = Math.max(0, grace - since(freeSince));
        }
        if (left == 0) {
          leader = me; // at once, so that this node's other relays count it
        }
        return Duration.ofNanos(left);
      }
    }

    private long abstains() {
      return gaveAt == null ? 0 : Math.max(0, abstention - since(gaveAt));
    }

    @Override
    public boolean wishes() {
      synchronized (RelaySpreader.this) {
        return leader != null && spread().wishes(leader);
      }
    }

    @Override
    public boolean offers() {
      synchronized (RelaySpreader.this) {
        if (!spread().gives()) {
          unevenSince = null;
          return false;
        }
        if (unevenSince == null) {
          unevenSince = nanos.getAsLong();
        }
        if (given || handingOver() || since(unevenSince) < settling || since(askedAt) < contend) {
          return false;
        }
        askedAt = nanos.getAsLong();
        return true;
      }
    }

    @Override
    public boolean gives() {
      synchronized (RelaySpreader.this) {
        if (given || handingOver() || !spread().gives()) {
          return false;
        }
        giving = true;
        given = true;
        unevenSince = null;
        return true;
      }
    }
  }
}
