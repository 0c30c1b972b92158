package dev.evenkeel.bench.jmh;

import dev.evenkeel.migrations.SchemaMigration;
import dev.evenkeel.shard.id.SlotIds;
import dev.evenkeel.shard.id.SnowflakeIds;
import dev.evenkeel.shard.id.SnowflakeOptions;
import dev.evenkeel.shard.id.TimeOrderedIds;
import dev.evenkeel.testing.database.DatabaseInfo;
import dev.evenkeel.testing.database.TestDatabase;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** One id. {@code bin/bench shards} measures several threads, and the libraries alone. */
@State(Scope.Benchmark)
public class IdBenchmark {

  private static final String SCHEMA = "evenkeel";
  private static final int SLOT = 4_095;

  private final DatabaseInfo database = TestDatabase.shared().createDatabase();
  private @Nullable SnowflakeIds snowflakes;

  /** Takes the lease of the one generator that needs any. */
  @Setup
  public void open() {
    new SchemaMigration(SCHEMA).migrate(database.dataSource());
    snowflakes =
        new SnowflakeIds(database.dataSource(), SnowflakeOptions.defaults(SCHEMA, "bench"));
  }

  /** Gives the lease back. */
  @TearDown
  public void close() {
    Objects.requireNonNull(snowflakes).close();
    TestDatabase.shared().dropDatabase(database);
  }

  /** A UUID of version 7. */
  @Benchmark
  public UUID uuid() {
    return TimeOrderedIds.next();
  }

  /** The same with its slot. */
  @Benchmark
  public UUID slotCarrying() {
    return SlotIds.next(SLOT);
  }

  /** A number of 64 bits; no more than 4,096 in a millisecond, which is what this shows. */
  @Benchmark
  public long snowflake() {
    return Objects.requireNonNull(snowflakes).next();
  }
}
