package dev.evenkeel.sample.orders.crash;

import dev.evenkeel.outbox.SlotHash;
import dev.evenkeel.sample.orders.audit.AuditReport;
import dev.evenkeel.sample.orders.audit.SagaAudit;
import dev.evenkeel.testing.database.DatabaseInfo;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.LongStream;
import javax.sql.DataSource;
import org.springframework.jdbc.core.JdbcTemplate;

/** The databases of a run, as somebody sees them who looks from outside. */
public final class Shards {

  /** Their names. */
  public static final List<String> NAMES = List.of("a", "b", "c");

  private static final String SCHEMA = "evenkeel";

  private final Map<String, DatabaseInfo> databases;
  private final Map<String, JdbcTemplate> sql = new TreeMap<>();
  private final SagaAudit audit;
  private Map<Integer, String> slots = Map.of();

  /**
   * Looks at databases.
   *
   * @param databases by {@link #NAMES}
   */
  public Shards(Map<String, DatabaseInfo> databases) {
    this.databases = new TreeMap<>(databases);
    Map<String, DataSource> sources = new TreeMap<>();
    this.databases.forEach((name, database) -> sources.put(name, database.dataSource()));
    sources.forEach((name, source) -> sql.put(name, new JdbcTemplate(source)));
    this.audit = new SagaAudit(sources, SCHEMA);
  }

  /** What the application is told of them. */
  public List<String> properties() {
    List<String> properties = new ArrayList<>(List.of("--evenkeel.catalogue=a"));
    databases.forEach(
        (name, database) -> {
          String prefix = "--evenkeel.shards." + name;
          properties.add(prefix + ".url=" + database.jdbcUrl());
          properties.add(prefix + ".username=" + database.username());
          properties.add(prefix + ".password=" + database.password());
        });
    return properties;
  }

  String database(String shard) {
    return databases.get(shard).name();
  }

  JdbcTemplate sql(String shard) {
    return sql.get(shard);
  }

  /** Sum over all shards. */
  long count(String query, Object... parameters) {
    return sql.values().stream()
        .mapToLong(shard -> shard.queryForObject(query, Long.class, parameters))
        .sum();
  }

  AuditReport audit() throws SQLException {
    return audit.run();
  }

  /** Where a key lies. */
  public String shardOf(String key) {
    if (slots.isEmpty()) {
      Map<Integer, String> read = new LinkedHashMap<>();
      sql.get("a")
          .query(
              "SELECT slot, shard FROM evenkeel.slot",
              row -> {
                read.put(row.getInt(1), row.getString(2));
              });
      slots = read;
    }
    return slots.get(SlotHash.slotOf(key));
  }

  /** The first customer of a shard from a number on. */
  public long customer(String shard, long from) {
    return LongStream.iterate(from, number -> number + 1)
        .filter(number -> shardOf(String.valueOf(number)).equals(shard))
        .findFirst()
        .orElseThrow();
  }

  /** An article that lies on a shard. */
  public String article(String shard, String prefix) {
    return LongStream.iterate(1, number -> number + 1)
        .mapToObj(number -> prefix + "-" + number)
        .filter(sku -> shardOf(sku).equals(shard))
        .findFirst()
        .orElseThrow();
  }
}
