package dev.evenkeel.shard.lint;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLTimeoutException;
import java.time.Duration;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Reads a column's values. The sample's seed is fixed, so that the same data gives the same
 * figures.
 */
final class ColumnScan {

  private static final int FETCH_ROWS = 10_000;

  // Rows, not blocks: rows of one key that were written together lie together, and a sample of
  // blocks would take them for
  // a hot key. The price is that the whole table is read.
  private static final String VALUES =
      "SELECT t.%1$s::text, count(*) FROM %2$s AS t %3$s GROUP BY t.%1$s";

  // Blocks do here, because order is a matter of distance. Partitions each have an order of their
  // own.
  private static final String ORDER =
      """
      SELECT CASE WHEN sum(n) >= %4$d THEN sum(correlation * n) / sum(n) END
        FROM (SELECT corr(place, rank) AS correlation, count(*) AS n
                FROM (SELECT part,
                             row_number() OVER (PARTITION BY part ORDER BY place) AS place,
                             rank() OVER (PARTITION BY part ORDER BY value) AS rank
                        FROM (SELECT t.tableoid AS part, t.ctid AS place, t.%1$s AS value
                                FROM %2$s AS t %3$s WHERE t.%1$s IS NOT NULL) sample) ranked
               GROUP BY part) parts
       WHERE correlation IS NOT NULL
      """;

  /** Enough for the second decimal of a correlation. */
  private static final int ORDER_SAMPLE_ROWS = 20_000;

  /** Fewer rows are in order by chance. */
  private static final int ORDER_MIN_ROWS = 100;

  private final Connection connection;
  private final KeyTable table;
  private final KeyColumn column;
  private final Duration timeout;

  ColumnScan(Connection connection, KeyTable table, KeyColumn column, Duration timeout) {
    this.connection = connection;
    this.table = table;
    this.column = column;
    this.timeout = timeout;
  }

  /**
   * Counts all values.
   *
   * @param fraction share of the rows to read, above 0 up to 1
   */
  SlotCounts count(double fraction) throws SQLException {
    // The server draws by a percentage in single precision.
    float percent = (float) (fraction * 100);
    SlotCounts counts = new SlotCounts(percent >= 100 ? 1 : percent / 100.0);
    String sql = VALUES.formatted(column.quoted(), table.quoted(), sample("BERNOULLI", percent));
    long start = System.nanoTime();
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      // With auto-commit off this makes it a cursor; otherwise the driver would keep all rows.
      statement.setFetchSize(FETCH_ROWS);
      try (ResultSet row = statement.executeQuery()) {
        for (long n = 1; row.next(); n++) {
          counts.add(row.getString(1), row.getLong(2));
          // The server's timeout starts anew with each fetch.
          if (n % FETCH_ROWS == 0 && System.nanoTime() - start > timeout.toNanos()) {
            throw new SQLTimeoutException(
                "Fetched %d values".formatted(n), ShardKeyLinter.QUERY_CANCELED);
          }
        }
      }
    }
    return counts;
  }

  /**
   * Rank correlation between value and place, null when it can't be told.
   *
   * @param tableRows about how many rows the table has
   */
  @Nullable Double orderCorrelation(long tableRows) throws SQLException {
    float percent = (float) (100.0 * ORDER_SAMPLE_ROWS / Math.max(tableRows, 1));
    String sql =
        ORDER.formatted(column.quoted(), table.quoted(), sample("SYSTEM", percent), ORDER_MIN_ROWS);
    try (PreparedStatement statement = connection.prepareStatement(sql);
        ResultSet row = statement.executeQuery()) {
      row.next();
      double correlation = row.getDouble(1);
      return row.wasNull() ? null : correlation;
    }
  }

  private static String sample(String method, float percent) {
    return percent >= 100
        ? ""
        : String.format(Locale.ROOT, "TABLESAMPLE %s (%.9g) REPEATABLE (1)", method, percent);
  }
}
