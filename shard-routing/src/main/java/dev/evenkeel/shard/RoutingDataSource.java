package dev.evenkeel.shard;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.datasource.lookup.AbstractRoutingDataSource;

/**
 * The application's one data source: hands out connections of the shard that the thread is bound
 * to, and none to a thread that is bound to none. It reads no SQL. Not final: the dual-write guard
 * subclasses it where the application has another data source too.
 */
public class RoutingDataSource extends AbstractRoutingDataSource {

  private static final String REPLICA = " (replica)";

  private final Shards shards;
  private final Map<Object, Object> targets = new HashMap<>();

  private volatile @Nullable Thread bootstrapping;

  /** Makes the data source of the shards. */
  public RoutingDataSource(Shards shards) {
    this.shards = shards;
    for (ShardDatabase database : shards.databases()) {
      targets.put(database.name(), database.primary());
      if (database.replica() != null) {
        targets.put(database.name() + REPLICA, database.replica());
      }
    }
    setTargetDataSources(targets);
    setLenientFallback(false);
    afterPropertiesSet();
  }

  @Override
  public Connection getConnection() throws SQLException {
    ShardBinding binding = bound();
    shards.requireUp(binding.shard());
    Connection connection = super.getConnection();
    ShardContext.current().connected(binding);
    return connection;
  }

  @Override
  protected String determineCurrentLookupKey() {
    ShardBinding binding = bound();
    if (binding.readFrom() == ReadFrom.PRIMARY) {
      return binding.shard();
    }
    if (!ShardContext.current().beginsReadOnly()) {
      throw new ReplicaReadOnlyException(
          "The scope of key \"%s\" reads from a replica, so its transaction must be read-only: add readOnly = true, or read from the primary"
              .formatted(binding.key()));
    }
    String replica = binding.shard() + REPLICA;
    return targets.containsKey(replica) ? replica : binding.shard();
  }

  /**
   * From now on the calling thread, while it is bound to no shard, gets connections of the first
   * shard that is up: an entity manager factory looks at a database while it is made.
   */
  public void beginBootstrap() {
    bootstrapping = Thread.currentThread();
  }

  /** Ends what {@link #beginBootstrap} began. */
  public void endBootstrap() {
    bootstrapping = null;
  }

  private ShardBinding bound() {
    ShardBinding binding = ShardContext.current().binding();
    if (binding == null && bootstrapping == Thread.currentThread()) {
      return ShardBinding.wholeShard(shards.firstUp());
    }
    if (binding == null) {
      throw new NoShardException(
          "No shard is chosen for this access: annotate the calling method with @Sharded(key = ...), beside or outside of @Transactional, or use ShardTransactions");
    }
    return binding;
  }
}
