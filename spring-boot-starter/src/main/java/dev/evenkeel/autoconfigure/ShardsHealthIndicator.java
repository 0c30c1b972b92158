package dev.evenkeel.autoconfigure;

import dev.evenkeel.shard.ShardStatus;
import dev.evenkeel.shard.Shards;
import java.util.List;
import org.springframework.boot.health.contributor.AbstractHealthIndicator;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.Status;

/**
 * Health of the databases: UP when all shards take transactions, DOWN when none does, and DEGRADED
 * in between, which takes nobody out of service: the others go on. Asks no database.
 */
final class ShardsHealthIndicator extends AbstractHealthIndicator {

  private final Shards shards;

  ShardsHealthIndicator(Shards shards) {
    super("The shards' health could not be read");
    this.shards = shards;
  }

  @Override
  protected void doHealthCheck(Health.Builder builder) {
    List<ShardStatus> statuses = shards.statuses();
    List<String> notUp =
        statuses.stream()
            .filter(status -> status.state() != ShardStatus.State.UP)
            .map(ShardStatus::name)
            .toList();
    builder.status(Degradation.of(statuses.size(), notUp, Status.DOWN));
    for (ShardStatus status : statuses) {
      builder.withDetail(
          status.name(),
          status.detail().isEmpty()
              ? status.state().name()
              : status.state() + ": " + status.detail());
    }
  }
}
