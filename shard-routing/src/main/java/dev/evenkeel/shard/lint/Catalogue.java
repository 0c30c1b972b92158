package dev.evenkeel.shard.lint;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Asks the database's catalogue and statistics. Names go in as parameters and come out quoted. */
final class Catalogue {

  private static final String TABLE =
      """
      SELECT c.oid, n.nspname, c.relname, format('%I.%I', n.nspname, c.relname), c.relkind, c.relispartition,
             pg_partition_root(c.oid)::regclass::text
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE c.relname = ?
         AND CASE WHEN ? = '' THEN pg_table_is_visible(c.oid) ELSE n.nspname = ? END
         AND c.relkind NOT IN ('i', 'I', 'S', 't', 'c')
      """;

  // A domain stands for its base type; a domain over a domain is no key.
  private static final String COLUMNS =
      """
      SELECT a.attnum, a.attname, quote_ident(a.attname), format_type(a.atttypid, a.atttypmod),
             b.typname = ANY ('{int2,int4,int8,uuid,text,varchar,bpchar,bool}') OR b.typtype = 'e' OR b.typcategory = 'D'
               OR b.typname = 'numeric' AND m.typmod >= 4 AND (m.typmod - 4) & 2047 = 0,
             b.typcategory = 'D',
             a.attidentity <> '' OR coalesce(pg_get_expr(d.adbin, d.adrelid) LIKE 'nextval(%', false)
        FROM pg_attribute a
        JOIN pg_type t ON t.oid = a.atttypid
        JOIN pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END
       CROSS JOIN LATERAL (SELECT CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END AS typmod) m
        LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
       WHERE a.attrelid = ?::oid AND a.attnum > 0 AND NOT a.attisdropped
       ORDER BY a.attnum
      """;

  // What is written to partitions is written to their root. A column stands for itself and for what
  // it refers to: two
  // columns that stand for the same are the same key. A name alone is not enough where both number
  // their own rows.
  private static final String CARRIERS =
      """
      WITH tables AS (
        SELECT c.oid, c.relname
          FROM pg_class c
         WHERE c.relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = ?::oid)
           AND c.relkind IN ('r', 'p') AND NOT c.relispartition
      ), writes AS (
        SELECT coalesce(pg_partition_root(relid)::oid, relid) AS oid, sum(n_tup_ins + n_tup_upd + n_tup_del) AS writes
          FROM pg_stat_user_tables GROUP BY 1
      ), columns AS (
        SELECT a.attrelid, a.attnum, a.attname, a.atttypid,
               EXISTS (SELECT FROM pg_index i
                        WHERE i.indrelid = a.attrelid AND i.indisunique AND i.indpred IS NULL
                          AND i.indnkeyatts = 1 AND i.indkey[0] = a.attnum) AS identifies
          FROM tables JOIN pg_attribute a ON a.attrelid = tables.oid
         WHERE a.attnum > 0 AND NOT a.attisdropped
      ), stands_for AS (
        SELECT attrelid, attnum, attrelid AS key_table, attnum AS key_column FROM columns
        UNION ALL
        SELECT conrelid, pair.here, confrelid, pair.there
          FROM pg_constraint CROSS JOIN LATERAL unnest(conkey, confkey) AS pair (here, there)
         WHERE contype = 'f'
      ), mine AS (
        SELECT * FROM columns WHERE attrelid = ?::oid AND attnum = ?
      ), carriers AS (
        SELECT c.attrelid, bool_or(c.identifies) AS identifies
          FROM columns c CROSS JOIN mine
         WHERE c.attname = mine.attname AND c.atttypid = mine.atttypid
               AND (c.attrelid = mine.attrelid OR NOT (c.identifies AND mine.identifies))
            OR EXISTS (SELECT FROM stands_for a JOIN stands_for b USING (key_table, key_column)
                        WHERE a.attrelid = mine.attrelid AND a.attnum = mine.attnum
                          AND b.attrelid = c.attrelid AND b.attnum = c.attnum)
         GROUP BY 1
      )
      SELECT t.relname, coalesce(w.writes, 0), c.attrelid IS NOT NULL, coalesce(c.identifies, false), t.oid = ?::oid
        FROM tables t
        LEFT JOIN writes w ON w.oid = t.oid
        LEFT JOIN carriers c ON c.attrelid = t.oid
       ORDER BY t.relname
      """;

  private static final Pattern PLAN_ROWS = Pattern.compile("\"Plan Rows\": (\\d+)");

  private Catalogue() {}

  /**
   * Finds a table.
   *
   * @param name as the catalogue has it, optionally with its schema and a dot before it
   * @throws IllegalArgumentException if there is none that can be linted
   */
  static KeyTable table(Connection connection, String name) throws SQLException {
    int dot = name.indexOf('.');
    String schema = dot < 0 ? "" : name.substring(0, dot);
    try (PreparedStatement statement = connection.prepareStatement(TABLE)) {
      statement.setString(1, name.substring(dot + 1));
      statement.setString(2, schema);
      statement.setString(3, schema);
      try (ResultSet row = statement.executeQuery()) {
        if (!row.next()) {
          throw new IllegalArgumentException(
              "There is no table \"%s\" %s: give its name as the catalogue has it, with schema and dot if it is elsewhere"
                  .formatted(
                      name.substring(dot + 1),
                      dot < 0 ? "on the search path" : "in schema \"%s\"".formatted(schema)));
        }
        if (row.getBoolean(6)) {
          throw new IllegalArgumentException(
              "Table \"%s\" is a partition: lint the whole table, %s"
                  .formatted(name, row.getString(7)));
        }
        String kind = row.getString(5);
        if (!kind.equals("r") && !kind.equals("p")) {
          throw new IllegalArgumentException(
              "\"%s\" is not a table (its kind is '%s'): lint the table that holds its rows"
                  .formatted(name, kind));
        }
        return new KeyTable(row.getLong(1), row.getString(2), row.getString(3), row.getString(4));
      }
    }
  }

  /** All columns of a table. */
  static List<KeyColumn> columns(Connection connection, KeyTable table) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(COLUMNS)) {
      statement.setLong(1, table.oid());
      try (ResultSet row = statement.executeQuery()) {
        List<KeyColumn> columns = new ArrayList<>();
        while (row.next()) {
          columns.add(
              new KeyColumn(
                  row.getInt(1),
                  row.getString(2),
                  row.getString(3),
                  row.getString(4),
                  row.getBoolean(5),
                  row.getBoolean(6),
                  row.getBoolean(7)));
        }
        return columns;
      }
    }
  }

  /**
   * About how many rows the table has, as the planner believes it: the file's present size times
   * the density that it knows. Costs nothing, and is never far off the way old statistics are.
   */
  static long estimatedRows(Connection connection, KeyTable table) throws SQLException {
    try (PreparedStatement statement =
            connection.prepareStatement(
                "EXPLAIN (FORMAT JSON) SELECT FROM %s".formatted(table.quoted()));
        ResultSet row = statement.executeQuery()) {
      row.next();
      String plan = row.getString(1);
      Matcher rows = PLAN_ROWS.matcher(plan);
      if (!rows.find()) {
        throw new IllegalStateException(
            "The plan of reading %s names no rows: %s".formatted(table.quoted(), plan));
      }
      return Long.parseLong(rows.group(1));
    }
  }

  /** What is written with the column. */
  static ColumnFigures.Writes writes(Connection connection, KeyTable table, KeyColumn column)
      throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(CARRIERS)) {
      statement.setLong(1, table.oid());
      statement.setLong(2, table.oid());
      statement.setInt(3, column.number());
      statement.setLong(4, table.oid());
      try (ResultSet row = statement.executeQuery()) {
        List<String> tables = new ArrayList<>();
        long all = 0;
        long carried = 0;
        int others = 0;
        int writtenOthers = 0;
        boolean identifies = false;
        while (row.next()) {
          long writes = row.getLong(2);
          all += writes;
          if (row.getBoolean(3)) {
            tables.add(row.getString(1));
            carried += writes;
            identifies |= row.getBoolean(4);
            if (!row.getBoolean(5)) {
              others++;
              writtenOthers += writes > 0 ? 1 : 0;
            }
          }
        }
        boolean counted = all > 0;
        return new ColumnFigures.Writes(
            counted ? (double) carried / all : null,
            tables,
            (counted ? writtenOthers : others) > 0,
            identifies);
      }
    }
  }
}
