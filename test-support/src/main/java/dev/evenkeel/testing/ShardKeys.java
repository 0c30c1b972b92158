package dev.evenkeel.testing;

import dev.evenkeel.shard.lint.LinterOptions;
import dev.evenkeel.shard.lint.ShardKeyLinter;
import java.util.List;
import javax.sql.DataSource;

/**
 * Assertions on shard keys, on a database that a test has filled like production's.
 *
 * <pre>{@code
 * ShardKeys.assertThat(dataSource).onShards(8).table("orders").column("customer_id").isSuitable();
 * ShardKeys.assertThat(dataSource).table("orders").column("kind")
 *     .isUnsuitableBecause(Reason.Kind.LOW_CARDINALITY);
 * }</pre>
 *
 * <p>What is written elsewhere comes from the server's statistics, which a session reports up to a
 * second late, or when it ends. Immutable, for any thread.
 */
public final class ShardKeys {

  /** Number of shards that is judged for when nothing else is said. */
  public static final int DEFAULT_SHARDS = 3;

  private final DataSource dataSource;
  private final LinterOptions options;

  private ShardKeys(DataSource dataSource, LinterOptions options) {
    this.dataSource = dataSource;
    this.options = options;
  }

  /**
   * Begins an assertion for {@value #DEFAULT_SHARDS} shards and the linter's default thresholds.
   *
   * @param dataSource one database with representative data
   */
  public static ShardKeys assertThat(DataSource dataSource) {
    return new ShardKeys(dataSource, LinterOptions.forShards(DEFAULT_SHARDS));
  }

  /**
   * Judges for a number of shards, with the linter's default thresholds.
   *
   * @param shards 1 to 1,024
   * @throws IllegalArgumentException if the number is out of range
   */
  public ShardKeys onShards(int shards) {
    return withOptions(LinterOptions.forShards(shards));
  }

  /** Judges with thresholds and limits of the test's choice. */
  public ShardKeys withOptions(LinterOptions options) {
    return new ShardKeys(dataSource, options);
  }

  /**
   * Names the table.
   *
   * @param table as the catalogue has it, optionally with its schema and a dot before it
   */
  public Table table(String table) {
    return new Table(table);
  }

  /** A table whose columns can be asserted on. */
  public final class Table {

    private final String name;

    private Table(String name) {
      this.name = name;
    }

    /**
     * Measures a column, now.
     *
     * @param column name as the catalogue has it
     * @throws IllegalArgumentException if there is no such table or column, or its type can't be a
     *     shard key
     */
    public ShardKeyAssert column(String column) {
      return new ShardKeyAssert(
          new ShardKeyLinter(dataSource, options).lint(name, List.of(column)).columns().get(0));
    }
  }
}
