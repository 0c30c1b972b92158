package dev.evenkeel.sample.orders.shard;

import java.util.List;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** The shards over HTTP. */
@RestController
class ShardController {

  private final ShardOverview shards;

  ShardController(ShardOverview shards) {
    this.shards = shards;
  }

  /**
   * A shard as HTTP shows it.
   *
   * @param slots how many lie there
   */
  record ShardView(String name, String state, int slots) {}

  @GetMapping("/shards")
  List<ShardView> shards() {
    return shards.statuses().stream()
        .map(shard -> new ShardView(shard.name(), shard.state().name(), shard.slots()))
        .toList();
  }
}
