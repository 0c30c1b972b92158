package dev.evenkeel.bench;

import dev.evenkeel.testing.database.DatabaseInfo;
import java.nio.ByteBuffer;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Properties;
import org.postgresql.PGConnection;
import org.postgresql.PGProperty;
import org.postgresql.replication.PGReplicationStream;

/** Reads a replication slot through the driver alone and looks at each message's first byte. */
final class RawStream {

  private static final byte INSERT = 'I';

  private RawStream() {}

  /**
   * Reads until so many rows have come.
   *
   * @return rows per second, from the first received to the last
   */
  static double rowsPerSecond(
      DatabaseInfo database, String replicationSlot, String publication, int rows)
      throws SQLException {
    try (Connection connection = DriverManager.getConnection(database.jdbcUrl(), login(database));
        PGReplicationStream stream =
            connection
                .unwrap(PGConnection.class)
                .getReplicationAPI()
                .replicationStream()
                .logical()
                .withSlotName(replicationSlot)
                .withSlotOption("proto_version", 1)
                .withSlotOption("publication_names", publication)
                .start()) {
      long firstAt = 0;
      for (int received = 0; received < rows; ) {
        ByteBuffer message = stream.read();
        if (message.get(message.position()) == INSERT && ++received == 1) {
          firstAt = System.nanoTime();
        }
      }
      return Rate.perSecond(rows, firstAt, System.nanoTime());
    }
  }

  private static Properties login(DatabaseInfo database) {
    Properties properties = new Properties();
    PGProperty.USER.set(properties, database.username());
    PGProperty.PASSWORD.set(properties, database.password());
    PGProperty.REPLICATION.set(properties, "database");
    PGProperty.ASSUME_MIN_SERVER_VERSION.set(properties, "10");
    PGProperty.PREFER_QUERY_MODE.set(properties, "simple");
    return properties;
  }
}
