package dev.evenkeel.shard;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The configured shards, and which of them take transactions. Thread-safe. */
public final class Shards {

  private static final Logger log = LoggerFactory.getLogger(Shards.class);

  private record Condition(ShardStatus.State state, String detail) {}

  private final Map<String, ShardDatabase> databases = new TreeMap<>();
  private final Map<String, Condition> conditions = new ConcurrentHashMap<>();
  private final Function<String, Integer> slots;

  /**
   * Makes the shards, all of them {@link ShardStatus.State#STARTING}.
   *
   * @param slots how many slots lie on a shard
   */
  public Shards(List<ShardDatabase> databases, Function<String, Integer> slots) {
    this.slots = slots;
    for (ShardDatabase database : databases) {
      this.databases.put(database.name(), database);
      conditions.put(
          database.name(),
          new Condition(ShardStatus.State.STARTING, "it has not been reached yet"));
    }
  }

  /** Names, sorted. */
  public List<String> names() {
    return List.copyOf(databases.keySet());
  }

  /** All of them, sorted by name. */
  public List<ShardDatabase> databases() {
    return List.copyOf(databases.values());
  }

  /** Each shard's condition, sorted by name. */
  public List<ShardStatus> statuses() {
    return databases.keySet().stream().map(this::status).toList();
  }

  private ShardStatus status(String name) {
    Condition condition = condition(name);
    return new ShardStatus(name, condition.state(), slots.apply(name), condition.detail());
  }

  private Condition condition(String name) {
    Condition condition = conditions.get(name);
    if (condition == null) {
      throw new ShardUnavailableException(
          "Shard \"%s\" is in the slot map, and not in evenkeel.shards; add its URL"
              .formatted(name),
          null);
    }
    return condition;
  }

  /** Whether a shard takes transactions. */
  public boolean isUp(String name) {
    return condition(name).state() == ShardStatus.State.UP;
  }

  /** Why a shard is not up, in one sentence; empty when it is. */
  public String detail(String name) {
    return condition(name).detail();
  }

  /** Lets transactions go to a shard. */
  public void up(String name) {
    become(name, new Condition(ShardStatus.State.UP, ""));
  }

  /** Refuses transactions, because the shard is not ready. */
  public void starting(String name, String detail) {
    become(name, new Condition(ShardStatus.State.STARTING, detail));
  }

  /** Refuses transactions, because the shard does not answer. */
  public void down(String name, String detail) {
    become(name, new Condition(ShardStatus.State.DOWN, detail));
  }

  private void become(String name, Condition next) {
    Condition before = conditions.put(name, next);
    if (before == null || before.state() != next.state()) {
      log.info(
          "Shard \"{}\" is {}{}",
          name,
          next.state(),
          next.detail().isEmpty() ? "" : ": " + next.detail());
    }
  }

  /**
   * Any shard that is up.
   *
   * @throws ShardUnavailableException if none is
   */
  String firstUp() {
    return databases.keySet().stream()
        .filter(this::isUp)
        .findFirst()
        .orElseThrow(() -> new ShardUnavailableException("No shard is up: " + statuses(), null));
  }

  /**
   * Refuses a shard that takes no transactions.
   *
   * @throws ShardUnavailableException naming the shard and the reason
   */
  void requireUp(String name) {
    Condition condition = condition(name);
    if (condition.state() != ShardStatus.State.UP) {
      throw new ShardUnavailableException(
          "Shard \"%s\" is %s: %s; the other shards go on"
              .formatted(name, condition.state(), condition.detail()),
          null);
    }
  }
}
