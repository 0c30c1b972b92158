package dev.evenkeel.bench;

import dev.evenkeel.testing.database.DatabaseInfo;
import dev.evenkeel.testing.database.TestDatabase;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;

/** A fresh database for one measurement; closing drops it with its replication slots. */
final class BenchDatabase implements AutoCloseable {

  /** Numbers of a server that may lose commits mean nothing. */
  private static final Map<String, String> REQUIRED =
      Map.of("fsync", "on", "synchronous_commit", "on", "wal_level", "logical");

  private final DatabaseInfo info;

  private BenchDatabase(DatabaseInfo info) {
    this.info = info;
  }

  static BenchDatabase create() throws SQLException {
    BenchDatabase database = new BenchDatabase(TestDatabase.shared().createDatabase());
    for (Map.Entry<String, String> setting : REQUIRED.entrySet()) {
      String actual = database.text("SHOW " + setting.getKey());
      if (!actual.equals(setting.getValue())) {
        throw new IllegalStateException(
            "The server's %s must be %s, was %s"
                .formatted(setting.getKey(), setting.getValue(), actual));
      }
    }
    return database;
  }

  DatabaseInfo info() {
    return info;
  }

  /**
   * Begins every measurement alike: a checkpoint behind it, and the JVM's garbage of the last one
   * gone.
   */
  void settle() throws SQLException {
    execute("CHECKPOINT");
    System.gc();
  }

  void execute(String sql) throws SQLException {
    try (Connection connection = info.connect();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  String text(String query) throws SQLException {
    try (Connection connection = info.connect();
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(query)) {
      row.next();
      return row.getString(1);
    }
  }

  @Override
  public void close() {
    TestDatabase.shared().dropDatabase(info);
  }
}
