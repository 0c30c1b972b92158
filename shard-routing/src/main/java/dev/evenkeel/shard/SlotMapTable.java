package dev.evenkeel.shard;

import dev.evenkeel.outbox.SlotHash;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Statements on the slot map's tables: slot_map, shard, slot, slot_strategy, slot_assignment. */
final class SlotMapTable {

  private final String schema;

  SlotMapTable(String schema) {
    this.schema = schema;
  }

  /** Identity and version. */
  record Head(UUID id, long version) {}

  Head head(Connection c) throws SQLException {
    return head(c, "");
  }

  /** Keeps the map from changing until the transaction ends. */
  Head share(Connection c) throws SQLException {
    return head(c, " FOR SHARE");
  }

  /** Holds up every other change until the transaction ends. */
  Head lock(Connection c) throws SQLException {
    return head(c, " FOR UPDATE");
  }

  private Head head(Connection c, String locking) throws SQLException {
    try (PreparedStatement statement = prepare(c, "SELECT id, version FROM %s.slot_map" + locking);
        ResultSet row = statement.executeQuery()) {
      row.next();
      return new Head(row.getObject(1, UUID.class), row.getLong(2));
    }
  }

  void setVersion(Connection c, long version) throws SQLException {
    update(c, "UPDATE %s.slot_map SET version = ?", version);
  }

  Map<String, Integer> shards(Connection c) throws SQLException {
    Map<String, Integer> shards = new HashMap<>();
    try (PreparedStatement statement = prepare(c, "SELECT name, ordinal FROM %s.shard");
        ResultSet rows = statement.executeQuery()) {
      while (rows.next()) {
        shards.put(rows.getString(1), rows.getInt(2));
      }
    }
    return shards;
  }

  void insertShard(Connection c, String name, int ordinal) throws SQLException {
    update(c, "INSERT INTO %s.shard (name, ordinal) VALUES (?, ?)", name, ordinal);
  }

  /** All slots at once, dealt out in turn. */
  void insertSlots(Connection c, List<String> shards, long version) throws SQLException {
    try (PreparedStatement statement =
        prepare(
            c,
            """
            INSERT INTO %s.slot (slot, shard, version)
            SELECT n, (?::text[])[1 + n %% ?], ? FROM generate_series(0, ?) AS n
            """)) {
      statement.setArray(1, c.createArrayOf("text", shards.toArray()));
      statement.setInt(2, shards.size());
      statement.setLong(3, version);
      statement.setInt(4, SlotHash.SLOTS - 1);
      statement.executeUpdate();
    }
  }

  boolean hasSlots(Connection c) throws SQLException {
    try (PreparedStatement statement = prepare(c, "SELECT EXISTS (SELECT FROM %s.slot)");
        ResultSet row = statement.executeQuery()) {
      row.next();
      return row.getBoolean(1);
    }
  }

  List<SlotMap.Entry> slotsSince(Connection c, long version) throws SQLException {
    List<SlotMap.Entry> entries = new ArrayList<>();
    try (PreparedStatement statement =
        prepare(
            c,
            "SELECT slot, shard, state, target, epoch, version, pinned FROM %s.slot WHERE version > ?")) {
      statement.setLong(1, version);
      try (ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          entries.add(
              new SlotMap.Entry(
                  rows.getInt(1),
                  rows.getString(2),
                  SlotMap.State.valueOf(rows.getString(3)),
                  rows.getString(4),
                  rows.getLong(5),
                  rows.getLong(6),
                  rows.getBoolean(7)));
        }
      }
    }
    return entries;
  }

  /** Pins or unpins a settled slot; false when it is not settled. */
  boolean pin(Connection c, int slot, boolean pinned, long version) throws SQLException {
    return update(
            c,
            "UPDATE %s.slot SET pinned = ?, version = ? WHERE slot = ? AND state = 'SETTLED'",
            pinned,
            version,
            slot)
        == 1;
  }

  Map<String, SlotCatalogue.Assignments> strategies(Connection c) throws SQLException {
    Map<String, SlotCatalogue.Assignments> strategies = new HashMap<>();
    try (PreparedStatement statement = prepare(c, "SELECT name, kind FROM %s.slot_strategy");
        ResultSet rows = statement.executeQuery()) {
      while (rows.next()) {
        strategies.put(rows.getString(1), SlotCatalogue.Assignments.valueOf(rows.getString(2)));
      }
    }
    return strategies;
  }

  void insertStrategy(Connection c, String name, SlotCatalogue.Assignments kind)
      throws SQLException {
    update(c, "INSERT INTO %s.slot_strategy (name, kind) VALUES (?, ?)", name, kind.name());
  }

  List<KeyAssignments.Row> assignmentsSince(Connection c, long version) throws SQLException {
    List<KeyAssignments.Row> assignments = new ArrayList<>();
    try (PreparedStatement statement =
        prepare(
            c,
            "SELECT strategy, lower_key, upper_key, slot FROM %s.slot_assignment WHERE version > ?")) {
      statement.setLong(1, version);
      try (ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          assignments.add(
              new KeyAssignments.Row(
                  rows.getString(1), rows.getString(2), rows.getString(3), rows.getInt(4)));
        }
      }
    }
    return assignments;
  }

  void insertAssignment(Connection c, KeyAssignments.Row row, long version) throws SQLException {
    update(
        c,
        "INSERT INTO %s.slot_assignment (strategy, lower_key, upper_key, slot, version) VALUES (?, ?, ?, ?, ?)",
        row.strategy(),
        row.lower(),
        row.upper(),
        row.slot(),
        version);
  }

  /** Which shard of which map a database says it is. */
  record Identity(String name, UUID mapId) {}

  /** Tells a database which shard it is, unless it knows; returns what it knows then. */
  Identity identify(Connection c, Identity claimed) throws SQLException {
    update(
        c,
        "INSERT INTO %s.shard_identity (name, map_id) VALUES (?, ?) ON CONFLICT DO NOTHING",
        claimed.name(),
        claimed.mapId());
    Identity known = identity(c);
    return known == null ? claimed : known;
  }

  /** What a database knows of itself; null when nobody has told it. */
  @Nullable Identity identity(Connection c) throws SQLException {
    try (PreparedStatement statement = prepare(c, "SELECT name, map_id FROM %s.shard_identity");
        ResultSet row = statement.executeQuery()) {
      return row.next() ? new Identity(row.getString(1), row.getObject(2, UUID.class)) : null;
    }
  }

  private int update(Connection c, String sql, @Nullable Object... arguments) throws SQLException {
    try (PreparedStatement statement = prepare(c, sql)) {
      for (int i = 0; i < arguments.length; i++) {
        statement.setObject(i + 1, arguments[i]);
      }
      return statement.executeUpdate();
    }
  }

  private PreparedStatement prepare(Connection c, String sql) throws SQLException {
    return c.prepareStatement(sql.formatted(schema));
  }
}
