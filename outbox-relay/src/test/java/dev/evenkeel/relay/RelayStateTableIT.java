package dev.evenkeel.relay;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.postgresql.replication.LogSequenceNumber;

/** Each statement says which term it is of, and one of another term changes nothing. */
class RelayStateTableIT {

  private static final Duration LEASE = Duration.ofSeconds(10);

  private final Installation installation = Installation.create();
  private final RelayStateTable table = new RelayStateTable(Installation.SCHEMA);
  private Connection session;

  @BeforeEach
  void open() throws SQLException {
    session = installation.database().connect();
  }

  @AfterEach
  void close() throws SQLException {
    session.close();
    installation.close();
  }

  /** What a leader writes that has sent everything up to now. */
  private static RelayStateTable.Renewal everything() {
    Heartbeat heartbeat = new Heartbeat(PgSnapshot.parse("900:900:"), null, "origin");
    return new RelayStateTable.Renewal(LogSequenceNumber.valueOf("0/FF"), heartbeat, true, null);
  }

  private RelayRow lead(RelayRow before, String node) throws SQLException {
    return table.lead(session, before, RelayOwner.EMBEDDED, node, LEASE);
  }

  @Test
  void leaderThatWasReplacedMovesNothing() throws SQLException {
    RelayRow former = lead(table.read(session), "former");
    RelayRow present = lead(table.read(session), "present");
    assertThat(present.epoch()).isGreaterThan(former.epoch());
    installation.sql().update("UPDATE evenkeel.relay_state SET leader = 'former'"); // a reused name
    RelayRow before = table.read(session);

    assertThat(renew(former.epoch(), former.registryVersion()))
        .as("a leader that was replaced confirms nothing")
        .isFalse();
    assertThat(table.startReconciling(session, former.epoch(), "former")).isFalse();
    assertThat(
            table.setPosition(
                session, former.epoch(), "former", LogSequenceNumber.valueOf("0/FF"), true))
        .isFalse();
    assertThat(table.settleIn(session, former.epoch(), "former", "1")).isFalse();

    assertThat(table.read(session)).isEqualTo(before);
    assertThat(renew(present.epoch(), present.registryVersion())).isTrue();
  }

  @Test
  void ofTwoThatHaveSeenTheSameTermOneLeads() throws SQLException {
    RelayRow seen = table.read(session);
    RelayRow quicker = lead(seen, "quicker");

    assertThat(lead(seen, "slower")).as("a term has one leader").isNull();
    assertThat(table.read(session).leader()).isEqualTo("quicker");
    assertThat(quicker).isNotNull();
  }

  @Test
  void leaderThatHasNotSeenANewConsumerConfirmsNothing() throws SQLException {
    RelayRow row = lead(table.read(session), "former");
    installation
        .sql()
        .update("UPDATE evenkeel.relay_state SET registry_version = registry_version + 1");

    assertThat(renew(row.epoch(), row.registryVersion()))
        .as("nothing is confirmed that a new consumer may lack")
        .isFalse();
    assertThat(table.read(session).published()).isNull();
    assertThat(renew(row.epoch(), row.registryVersion() + 1)).isTrue();
  }

  private boolean renew(long epoch, long registryVersion) throws SQLException {
    return table.renew(
        session, epoch, table.read(session).leader(), registryVersion, LEASE, everything());
  }
}
