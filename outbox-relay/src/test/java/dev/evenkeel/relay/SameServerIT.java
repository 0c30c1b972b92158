package dev.evenkeel.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.evenkeel.testing.database.DatabaseInfo;
import dev.evenkeel.testing.database.PostgresServer;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** A snapshot of one server and the rows of another must never meet in a term. */
class SameServerIT {

  @Test
  void sessionsOfATermAreOnItsServerOrNowhere() throws SQLException {
    try (PostgresServer first = PostgresServer.builder().start();
        PostgresServer second = PostgresServer.builder().start()) {
      DatabaseInfo database = first.maintenanceDatabase();
      ConnectionSettings either =
          new ConnectionSettings(
              "jdbc:postgresql://127.0.0.1:%d,127.0.0.1:%d/postgres"
                  .formatted(first.port(), second.port()),
              database.username(),
              database.password());
      RelayConnections connections =
          new RelayConnections(either, Installation.SCHEMA, Duration.ofSeconds(10));
      RelayConnections ofTheTerm;
      try (Connection lease = connections.openStandby()) {
        ofTheTerm = connections.sameServerAs(lease);
        try (Connection session = ofTheTerm.open(1, "test")) {
          assertThat(port(session)).isEqualTo(first.port());
        }
      }
      first.stop(PostgresServer.Mode.FAST);
      try (Connection session = connections.openStandby()) {
        assertThat(port(session)).isEqualTo(second.port());
      }
      assertThatThrownBy(() -> ofTheTerm.open(1, "test")).isInstanceOf(SQLException.class);
      first.start();
      assertThatThrownBy(() -> ofTheTerm.open(1, "test"))
          .hasMessageContaining("leads to another server than the lease's session");
    }
  }

  private static int port(Connection session) throws SQLException {
    return Integer.parseInt(SlotDoctor.text(session, "SHOW port"));
  }
}
