package dev.evenkeel.sample.orders.audit;

import dev.evenkeel.sample.orders.service.OfAllInOne;
import dev.evenkeel.sample.orders.shard.Slots;
import dev.evenkeel.shard.ShardDatabase;
import dev.evenkeel.shard.Shards;
import java.sql.SQLException;
import java.util.Map;
import java.util.stream.Collectors;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.transaction.CannotCreateTransactionException;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** The audit over HTTP. */
@RestController
@OfAllInOne
class AuditController {

  private final SagaAudit audit;

  AuditController(
      ObjectProvider<Shards> shards,
      DataSource dataSource,
      @Value("${evenkeel.schema:evenkeel}") String schema) {
    this.audit = new SagaAudit(databases(shards.getIfAvailable(), dataSource), schema);
  }

  private static Map<String, DataSource> databases(@Nullable Shards shards, DataSource only) {
    return shards == null
        ? Map.of(Slots.HOME, only)
        : shards.databases().stream()
            .collect(Collectors.toMap(ShardDatabase::name, ShardDatabase::primary));
  }

  @GetMapping("/audit")
  AuditReport audit() {
    try {
      return audit.run();
    } catch (SQLException e) {
      throw new CannotCreateTransactionException("A shard can't be audited: " + e.getMessage(), e);
    }
  }
}
