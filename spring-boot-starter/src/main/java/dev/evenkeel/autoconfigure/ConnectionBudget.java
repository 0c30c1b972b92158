package dev.evenkeel.autoconfigure;

import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Adds up the connections that all declared processes can open to each database server, and warns
 * before a server has none left. Two shards on one server share its limit. Thread-safe.
 */
final class ConnectionBudget {

  private static final Logger log = LoggerFactory.getLogger(ConnectionBudget.class);

  /**
   * Per process and shard, beside the pool: the relay's lease, heartbeat, walsender, reconciliation
   * and stand-by session, the probe, and the catalogue's control connections.
   */
  static final int BESIDE_THE_POOL = 9;

  /** From here on it is tight: an operator and a deployment need connections, too. */
  private static final double WARN_FROM = 0.9;

  private record Server(int most, int needed, Set<String> shards) {

    double share() {
      return (double) needed / most;
    }
  }

  private final int instances;
  private final Map<String, String> serverOf = new TreeMap<>();
  private final Map<String, Integer> mostOf = new TreeMap<>();
  private final Map<String, Integer> poolOf;
  private final Map<String, Integer> warnedAt = new TreeMap<>();

  /**
   * Makes a budget.
   *
   * @param instances processes that share the shards, as declared
   * @param pools largest size of each shard's pool
   */
  ConnectionBudget(int instances, Map<String, Integer> pools) {
    this.instances = instances;
    this.poolOf = new TreeMap<>(pools);
  }

  /** Takes in what a server said, and warns when it has changed for the worse. */
  synchronized void observed(String shard, ShardProbe.Connections connections) {
    serverOf.put(shard, connections.server());
    mostOf.put(shard, connections.most());
    Server server = server(shard);
    Integer warned = warnedAt.get(connections.server());
    if (server.share() < WARN_FROM) {
      warnedAt.remove(connections.server());
    } else if (warned == null || server.needed() > warned) {
      warnedAt.put(connections.server(), server.needed());
      log.warn(
          "The server of shards {} allows {} connections, and {} instances can open {}: {} for each pool and {} beside it; lower spring.datasource.hikari.maximum-pool-size or raise max_connections",
          server.shards(),
          server.most(),
          instances,
          server.needed(),
          server.shards().stream().map(poolOf::get).toList(),
          BESIDE_THE_POOL);
    }
  }

  /**
   * Share of the connections of the shard's server that all instances together can open; NaN while
   * the server has not been asked.
   */
  synchronized double share(String shard) {
    return mostOf.containsKey(shard) ? server(shard).share() : Double.NaN;
  }

  private Server server(String shard) {
    String name = serverOf.getOrDefault(shard, "");
    Set<String> together = new TreeSet<>();
    int needed = 0;
    for (Map.Entry<String, String> other : serverOf.entrySet()) {
      if (other.getValue().equals(name)) {
        together.add(other.getKey());
        needed += instances * (poolOf.getOrDefault(other.getKey(), 0) + BESIDE_THE_POOL);
      }
    }
    return new Server(mostOf.getOrDefault(shard, 1), needed, together);
  }
}
