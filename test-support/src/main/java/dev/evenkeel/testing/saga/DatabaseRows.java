package dev.evenkeel.testing.saga;

import dev.evenkeel.testing.saga.SimulatedStore.Rows;
import dev.evenkeel.testing.saga.SimulatedStore.Stored;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.JdbcTemplate;

/** A store's rows in a table of a real database, in the transaction of the step that asks. */
final class DatabaseRows implements Rows {

  /** Where the transaction on this thread is. */
  private record Place(int slot, DataSource dataSource) {}

  private static final ThreadLocal<@Nullable Place> PLACE = new ThreadLocal<>();

  private final DataSource whole;

  DatabaseRows(DataSource whole) {
    this.whole = whole;
    new JdbcTemplate(whole)
        .execute(
            """
            CREATE TABLE saga_test_row (
              tab text NOT NULL,
              id text NOT NULL,
              slot int NOT NULL,
              payload bytea NOT NULL,
              PRIMARY KEY (tab, id))
            """);
  }

  static <T extends @Nullable Object> T inSlot(int slot, DataSource dataSource, Supplier<T> work) {
    Place outer = PLACE.get();
    PLACE.set(new Place(slot, dataSource));
    try {
      return work.get();
    } finally {
      PLACE.set(outer);
    }
  }

  static @Nullable Integer currentSlot() {
    Place place = PLACE.get();
    return place == null ? null : place.slot();
  }

  private JdbcTemplate sql() {
    Place place = PLACE.get();
    return new JdbcTemplate(place == null ? whole : place.dataSource());
  }

  /** Forgets everything, sagas and their keys included. */
  void clear(String schema) {
    JdbcTemplate sql = sql();
    sql.update("DELETE FROM saga_test_row");
    sql.queryForList(
            "SELECT tablename FROM pg_tables WHERE schemaname = ? AND tablename LIKE 'saga%'",
            String.class, schema)
        .forEach(table -> sql.execute("TRUNCATE %s.%s".formatted(schema, table)));
  }

  @Override
  public @Nullable Integer slot() {
    return currentSlot();
  }

  @Override
  public @Nullable Stored find(String table, String id) {
    List<Stored> found =
        sql()
            .query(
                "SELECT slot, payload FROM saga_test_row WHERE tab = ? AND id = ? FOR UPDATE",
                (row, number) -> new Stored(row.getInt(1), row.getBytes(2)),
                table,
                id);
    return found.isEmpty() ? null : found.get(0);
  }

  @Override
  public void save(String table, String id, Stored row) {
    sql()
        .update(
            """
            INSERT INTO saga_test_row (tab, id, slot, payload) VALUES (?, ?, ?, ?)
            ON CONFLICT (tab, id) DO UPDATE SET slot = excluded.slot, payload = excluded.payload
            """,
            table,
            id,
            row.slot(),
            row.row());
  }

  @Override
  public void delete(String table, String id) {
    sql().update("DELETE FROM saga_test_row WHERE tab = ? AND id = ?", table, id);
  }

  @Override
  public Map<String, Stored> all(String table) {
    Map<String, Stored> all = new TreeMap<>();
    sql()
        .query(
            "SELECT id, slot, payload FROM saga_test_row WHERE tab = ?",
            row -> {
              all.put(row.getString(1), new Stored(row.getInt(2), row.getBytes(3)));
            },
            table);
    return all;
  }
}
