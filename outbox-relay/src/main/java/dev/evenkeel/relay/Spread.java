package dev.evenkeel.relay;

import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Who leads what, as one node sees it at one moment, and what follows from that alone.
 *
 * @param me this node; living, whatever the set says
 * @param living nodes that run relays
 * @param leaders leader by shard; a shard that nobody leads, or whose database is down, is absent
 */
record Spread(String me, Set<String> living, Map<String, String> leaders) {

  /** How many shards a node leads. */
  int load(String node) {
    int load = 0;
    for (String leader : leaders.values()) {
      load += leader.equals(node) ? 1 : 0;
    }
    return load;
  }

  /**
   * Whether to take a free lease at once: no living node leads less. The node that has just let go
   * of it does not count: it is dead, or has a reason.
   */
  boolean takes(@Nullable String lastLeader) {
    int mine = load(me);
    return living.stream().noneMatch(n -> !n.equals(lastLeader) && load(n) < mine);
  }

  /** Whether one shard more here and one less there brings the two closer. */
  boolean wishes(String leader) {
    return load(me) + 2 <= load(leader);
  }

  /**
   * Whether this node is the one to give: some living node leads at least two less, and nobody
   * leads more, nor as many with a name before this one's. So two do not give at once.
   */
  boolean gives() {
    int mine = load(me);
    if (living.stream().noneMatch(n -> load(n) + 2 <= mine)) {
      return false;
    }
    for (String other : new TreeSet<>(leaders.values())) {
      int theirs = load(other);
      if (theirs > mine || (theirs == mine && other.compareTo(me) < 0)) {
        return false;
      }
    }
    return true;
  }
}
