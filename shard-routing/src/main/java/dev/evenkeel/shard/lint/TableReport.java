package dev.evenkeel.shard.lint;

import java.util.List;

/**
 * What the linter found in a table.
 *
 * @param schema the table's schema
 * @param table the table
 * @param shards number of shards it was judged for
 * @param columns one report per column, in the order asked for or of the table
 * @param notLookedAt columns that could be a key and were left out, because a report covers at most
 *     {@value ShardKeyLinter#MAX_COLUMNS}
 */
public record TableReport(
    String schema, String table, int shards, List<ColumnReport> columns, List<String> notLookedAt) {

  public TableReport {
    columns = List.copyOf(columns);
    notLookedAt = List.copyOf(notLookedAt);
  }
}
