package dev.evenkeel.autoconfigure;

import com.zaxxer.hikari.HikariDataSource;
import dev.evenkeel.relay.ConnectionSettings;
import dev.evenkeel.shard.ShardDatabase;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;

/** One connection pool per shard and replica. None of them connects before it is asked. */
final class ShardPools implements AutoCloseable {

  private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9-]{0,39}");

  /** Nobody should wait for a shard that is down as long as a pool waits by default, 30 s. */
  private static final Duration CONNECTION_TIMEOUT = Duration.ofSeconds(3);

  /** The slot map's thread, the node id's, and whoever changes the map. */
  private static final int CONTROL_CONNECTIONS = 3;

  /** The saga engine's lease, news, progress, and the looking at and fencing of steps. */
  static final int SAGA_CONNECTIONS = 4;

  private final Map<String, EvenkeelProperties.Shard> properties;
  private final Binder binder;
  private final String sessionName;
  private final Map<String, ShardDatabase> databases = new TreeMap<>();
  private final List<HikariDataSource> pools = new ArrayList<>();

  /**
   * Makes the pools.
   *
   * @param sessionName what their sessions are called in the database
   * @throws EvenkeelConfigurationException with the sentence of the first bad value
   */
  ShardPools(Map<String, EvenkeelProperties.Shard> shards, Binder binder, String sessionName) {
    this.properties = new TreeMap<>(shards);
    this.binder = binder;
    this.sessionName = sessionName;
    this.properties.forEach(
        (name, shard) -> {
          requireUsable(name, shard);
          HikariDataSource primary = pool(name, shard, shard.url(), "shard-" + name);
          HikariDataSource replica = null;
          if (shard.replicaUrl() != null) {
            // Not read-only by default: a transaction manager asks the first connection it gets and
            // would then take those of the primaries for read-only, too.
            replica = pool(name, shard, shard.replicaUrl(), "shard-" + name + "-replica");
          }
          databases.put(name, new ShardDatabase(name, primary, replica));
        });
  }

  private static void requireUsable(String name, EvenkeelProperties.Shard shard) {
    if (!NAME.matcher(name).matches()) {
      throw new EvenkeelConfigurationException(
          "evenkeel.shards names must be 1 to 40 lower-case letters, digits or hyphens, a letter first, was \"%s\""
              .formatted(name));
    }
    for (String url : new String[] {shard.url(), shard.replicaUrl()}) {
      if (url != null && !url.startsWith("jdbc:postgresql:")) {
        throw new EvenkeelConfigurationException(
            "evenkeel.shards.%s: a URL must start with jdbc:postgresql:, was %s"
                .formatted(name, url));
      }
    }
  }

  private HikariDataSource pool(
      String name, EvenkeelProperties.Shard shard, String url, String poolName) {
    HikariDataSource pool = new HikariDataSource();
    pool.setConnectionTimeout(CONNECTION_TIMEOUT.toMillis());
    Bindable<HikariDataSource> target = Bindable.ofInstance(pool);
    binder.bind("spring.datasource.hikari", target);
    binder.bind("evenkeel.shards." + name + ".hikari", target);
    pool.setJdbcUrl(url);
    pool.setUsername(shard.username());
    pool.setPassword(shard.password());
    pool.setPoolName(poolName);
    pool.setInitializationFailTimeout(-1); // a shard that is down must not keep the others waiting
    pool.setTransactionIsolation("TRANSACTION_READ_COMMITTED");
    pool.addDataSourceProperty("ApplicationName", sessionName);
    pools.add(pool);
    return pool;
  }

  /**
   * A small pool beside the application's, for the slot map, leases and ids: they must not wait
   * behind the application's transactions.
   *
   * @param catalogue name of the shard
   */
  HikariDataSource control(String catalogue) {
    return beside(catalogue, "control", CONTROL_CONNECTIONS);
  }

  /** A small pool beside the application's, for the saga engine's own transactions on a shard. */
  HikariDataSource sagas(String shard) {
    return beside(shard, "sagas", SAGA_CONNECTIONS);
  }

  private HikariDataSource beside(String name, String purpose, int connections) {
    EvenkeelProperties.Shard shard = shard(name);
    HikariDataSource pool = pool(name, shard, shard.url(), "shard-" + name + "-" + purpose);
    pool.setMaximumPoolSize(connections);
    pool.setMinimumIdle(1);
    return pool;
  }

  private EvenkeelProperties.Shard shard(String name) {
    EvenkeelProperties.Shard shard = properties.get(name);
    if (shard == null) {
      throw new IllegalArgumentException("No shard is called " + name);
    }
    return shard;
  }

  /** The shards, sorted by name. */
  List<ShardDatabase> databases() {
    return List.copyOf(databases.values());
  }

  /** All pools, replicas' too. */
  List<HikariDataSource> pools() {
    return List.copyOf(pools);
  }

  /** Most connections that this process's pools can hold to a shard's primary. */
  int maximumPoolSize(String shard) {
    return pools.stream()
        .filter(pool -> ("shard-" + shard).equals(pool.getPoolName()))
        .mapToInt(HikariDataSource::getMaximumPoolSize)
        .sum();
  }

  /**
   * How to connect to a shard's primary without the pool.
   *
   * @param username null or blank: the application's role
   */
  ConnectionSettings direct(String name, @Nullable String username, @Nullable String password) {
    EvenkeelProperties.Shard shard = shard(name);
    return username == null || username.isBlank()
        ? new ConnectionSettings(shard.url(), shard.username(), shard.password())
        : new ConnectionSettings(shard.url(), username, password == null ? "" : password);
  }

  @Override
  public void close() {
    pools.forEach(HikariDataSource::close);
  }
}
