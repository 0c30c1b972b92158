package dev.evenkeel.sample.orders.prove;

import dev.evenkeel.sample.orders.crash.Shards;
import java.util.List;
import java.util.Locale;

/** How the application is deployed. */
enum Mode {
  /** Three equal processes over three shards; events are handled where they are relayed. */
  SHARDS(Shards.NAMES, List.of("node-1", "node-2", "node-3")),
  /** The same, and events travel by Kafka. */
  KAFKA(Shards.NAMES, List.of("node-1", "node-2", "node-3")),
  /** Three services, each with a database of its own, that speak through Kafka. */
  SPLIT(List.of("customers", "orders", "warehouses"), List.of("customers", "orders", "warehouses"));

  private final List<String> databases;
  private final List<String> nodes;

  Mode(List<String> databases, List<String> nodes) {
    this.databases = databases;
    this.nodes = nodes;
  }

  /** Names of its databases, one on each server. */
  List<String> databases() {
    return databases;
  }

  /** Names of its processes. */
  List<String> nodes() {
    return nodes;
  }

  /** The processes that run sagas, by their numbers: those that an upgrade is about. */
  List<Integer> withSagas() {
    return this == SPLIT ? List.of(nodes.indexOf("orders")) : List.of(0, 1, 2);
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
