package dev.evenkeel.shard.lint;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import javax.sql.DataSource;
import org.springframework.dao.QueryTimeoutException;
import org.springframework.jdbc.UncategorizedSQLException;

/**
 * Says whether columns of a table would be good shard keys, by the data that is in it.
 *
 * <p>Only reads, in read-only transactions of its own, one per column: so neither vacuum nor a
 * waiting DDL statement is held up for longer than one column takes. For operators and tests, not
 * for the way of a request: each column costs a reading of the table. The hottest value is part of
 * the result, so whoever sees the result sees data. Thread-safe.
 */
public final class ShardKeyLinter {

  /** Most columns in one report. */
  public static final int MAX_COLUMNS = 50;

  /** What the server answers when a statement's time is over. */
  static final String QUERY_CANCELED = "57014";

  private final DataSource dataSource;
  private final LinterOptions options;

  /**
   * Makes a linter.
   *
   * @param dataSource one database, such as one shard's; not a routing data source
   */
  public ShardKeyLinter(DataSource dataSource, LinterOptions options) {
    this.dataSource = dataSource;
    this.options = options;
  }

  /**
   * Judges all columns whose type could be a key: integers and whole numerics, uuid, text, enum and
   * boolean, and dates and times; of more than {@value #MAX_COLUMNS}, the first.
   *
   * @param table name as the catalogue has it (case matters, no quotes), optionally with its schema
   *     and a dot before it
   * @throws IllegalArgumentException if there is no such table
   * @throws QueryTimeoutException if a column takes longer than allowed
   * @throws UncategorizedSQLException if the database fails or can't be reached
   */
  public TableReport lint(String table) {
    return lint(table, List.of());
  }

  /**
   * Judges some columns.
   *
   * @param table as in {@link #lint(String)}
   * @param columns names as the catalogue has them, at most {@value #MAX_COLUMNS}; empty for all
   *     that could be a key
   * @throws IllegalArgumentException if there is no such table or column, if a column's type can't
   *     be a key, or if there are too many
   * @throws QueryTimeoutException if a column takes longer than allowed
   * @throws UncategorizedSQLException if the database fails or can't be reached
   */
  public TableReport lint(String table, List<String> columns) {
    if (columns.size() > MAX_COLUMNS) {
      throw new IllegalArgumentException(
          "Columns to lint must be at most %d, were %d: lint them in parts"
              .formatted(MAX_COLUMNS, columns.size()));
    }
    Target target =
        read(
            "Looking up table \"%s\"".formatted(table),
            connection -> target(connection, table, columns));
    List<ColumnReport> reports = new ArrayList<>();
    for (KeyColumn column : target.columns()) {
      reports.add(
          read(
              "Reading column %s of %s".formatted(column.quoted(), target.table().quoted()),
              connection -> report(connection, target, column)));
    }
    return new TableReport(
        target.table().schema(),
        target.table().name(),
        options.shards(),
        reports,
        target.notLookedAt());
  }

  /** What is to be read. */
  private record Target(
      KeyTable table, long estimatedRows, List<KeyColumn> columns, List<String> notLookedAt) {}

  private static Target target(Connection connection, String name, List<String> columns)
      throws SQLException {
    KeyTable table = Catalogue.table(connection, name);
    List<KeyColumn> all = Catalogue.columns(connection, table);
    long rows = Catalogue.estimatedRows(connection, table);
    if (!columns.isEmpty()) {
      return new Target(table, rows, named(table, all, new LinkedHashSet<>(columns)), List.of());
    }
    List<KeyColumn> candidates = all.stream().filter(KeyColumn::canBeKey).toList();
    int end = Math.min(candidates.size(), MAX_COLUMNS);
    return new Target(
        table,
        rows,
        candidates.subList(0, end),
        candidates.subList(end, candidates.size()).stream().map(KeyColumn::name).toList());
  }

  private static List<KeyColumn> named(KeyTable table, List<KeyColumn> all, Set<String> names) {
    Map<String, KeyColumn> byName =
        all.stream().collect(Collectors.toMap(KeyColumn::name, Function.identity()));
    List<KeyColumn> columns = new ArrayList<>();
    for (String name : names) {
      KeyColumn column = byName.get(name);
      if (column == null) {
        throw new IllegalArgumentException(
            "Table %s has no column \"%s\": give a name as the catalogue has it, one of %s"
                .formatted(
                    table.quoted(), name, all.stream().map(KeyColumn::name).limit(100).toList()));
      }
      if (!column.canBeKey()) {
        throw new IllegalArgumentException(
            "Column %s of %s has type %s, which can't be a shard key: give a column of whole numbers, text or uuids"
                .formatted(column.quoted(), table.quoted(), column.type()));
      }
      columns.add(column);
    }
    return columns;
  }

  private ColumnReport report(Connection connection, Target target, KeyColumn column)
      throws SQLException {
    ScanLimits limits = options.limits();
    ColumnScan scan = new ColumnScan(connection, target.table(), column, limits.timeout());
    double fraction =
        target.estimatedRows() <= limits.fullScanRows()
            ? 1
            : Math.min(1, (double) limits.sampleRows() / target.estimatedRows());
    SlotCounts counts = scan.count(fraction);
    Double correlation = scan.orderCorrelation(target.estimatedRows());
    boolean correlated =
        correlation != null && Math.abs(correlation) >= options.thresholds().orderCorrelation();
    return KeyJudge.judge(
        options,
        column,
        new ColumnFigures(
            counts.rows(),
            counts.values(),
            counts.slots(),
            new ColumnFigures.Order(
                correlation, column.generated(), column.generated() || correlated),
            Catalogue.writes(connection, target.table(), column)));
  }

  @FunctionalInterface
  private interface Work<T> {
    T in(Connection connection) throws SQLException;
  }

  private <T> T read(String what, Work<T> work) {
    try (Connection connection = dataSource.getConnection()) {
      boolean autoCommit = connection.getAutoCommit();
      connection.setAutoCommit(false);
      try {
        try (Statement statement = connection.createStatement()) {
          statement.execute(
              """
              SET TRANSACTION ISOLATION LEVEL READ COMMITTED READ ONLY;
              SET LOCAL statement_timeout = %d; SET LOCAL lock_timeout = '3s'\
              """
                  .formatted(options.limits().timeout().toMillis()));
        }
        T result = work.in(connection);
        connection.rollback(); // nothing was written
        return result;
      } catch (Throwable e) {
        rollback(connection, e);
        throw e;
      } finally {
        connection.setAutoCommit(autoCommit);
      }
    } catch (SQLException e) {
      if (QUERY_CANCELED.equals(e.getSQLState())) {
        throw new QueryTimeoutException(
            "%s took longer than %s: allow more time, or a smaller sample"
                .formatted(what, options.limits().timeout()),
            e);
      }
      throw new UncategorizedSQLException(what, null, e);
    }
  }

  private static void rollback(Connection connection, Throwable failure) {
    try {
      connection.rollback();
    } catch (SQLException e) {
      failure.addSuppressed(e); // the connection is gone, and the transaction with it
    }
  }
}
