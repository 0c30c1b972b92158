package dev.evenkeel.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the janitor empties and, above all, what it leaves alone. */
class JanitorIT {

  private static final Duration SOON = Duration.ofSeconds(15);
  private static final JanitorOptions AT_ONCE =
      new JanitorOptions(Duration.ofMillis(200), Duration.ZERO, Duration.ofDays(10));

  private Installation installation;
  private Connection sweeper;

  @BeforeEach
  void open() throws SQLException {
    installation = Installation.create();
    sweeper = installation.database().connect();
  }

  @AfterEach
  void close() throws SQLException {
    sweeper.close();
    installation.close();
  }

  @Test
  void publishedBucketsAreTruncatedInTwoSteps() throws SQLException {
    row(3);
    publishEverything();

    assertThat(sweep()).isEmpty();
    assertThat(sealed(3)).isTrue();
    assertThat(sweep()).isEmpty(); // H is older than the seal
    publishEverything();
    assertThat(sweep()).containsExactly("evenkeel.outbox_03");
    assertThat(sealed(3)).isFalse();
    assertThat(rows()).isZero();
  }

  @Test
  void relayThatIsDownAcrossAFullWrapOfTheRingLosesNothing() throws SQLException {
    for (int bucket = 0; bucket < 16; bucket++) {
      row(bucket);
    }
    // Never published at all.
    assertThat(sweep()).isEmpty();
    assertThat(sweep()).isEmpty();
    assertThat(rows()).isEqualTo(16);

    // Published up to a point, then the relay was down while the ring went round: H stays behind S.
    publishEverything();
    for (int bucket = 0; bucket < 16; bucket++) {
      row(bucket);
    }
    for (int sweep = 0; sweep < 6; sweep++) {
      assertThat(sweep()).isEmpty();
    }
    assertThat(rows()).isEqualTo(32);

    publishEverything();
    assertThat(sweep()).hasSize(16);
    assertThat(rows()).isZero();
  }

  @Test
  void bucketWithAWriterInsideIsNotSealed() throws SQLException {
    row(5);
    try (Connection writer = installation.database().connect()) {
      writer.setAutoCommit(false);
      row(writer, 5);

      assertThat(sweep()).isEmpty();
      assertThat(sealed(5)).isFalse();

      writer.commit();
      assertThat(sweep()).isEmpty();
      assertThat(sealed(5)).isTrue();
      publishEverything();
      assertThat(sweep()).containsExactly("evenkeel.outbox_05");
    }
  }

  @Test
  void rowThatArrivesAfterTheSealUnsealsItsBucket() throws SQLException {
    row(7);
    sweep();
    assertThat(sealed(7)).isTrue();
    try (Connection writer = installation.database().connect()) {
      writer.setAutoCommit(false);
      row(writer, 7); // newer than the seal, and not over when H is taken: H does not see it
      publishEverything();
      writer.commit();
    }

    assertThat(sweep()).isEmpty();
    assertThat(sealed(7)).isFalse();
    assertThat(rows()).isEqualTo(2);

    sweep();
    assertThat(sweep()).isEmpty(); // the new seal is beyond H
    publishEverything();
    assertThat(sweep()).containsExactly("evenkeel.outbox_07");
  }

  @Test
  void transactionOlderThanTheSealThatWritesAfterItUnseals() throws SQLException {
    row(7);
    try (Connection writer = installation.database().connect()) {
      writer.setAutoCommit(false);
      RelayConnections.execute(writer, "SELECT pg_current_xact_id()");
      sweep();
      assertThat(sealed(7)).isTrue();
      row(writer, 7);
      writer.commit();
    }
    publishEverything();

    assertThat(sweep()).isEmpty();
    assertThat(rows()).isEqualTo(2);
  }

  @Test
  void nothingIsTruncatedWhileAReconciliationIsUnderWay() throws SQLException {
    row(2);
    sweep();
    publishEverything();
    installation.sql().update("UPDATE evenkeel.relay_state SET reconciling = true");

    assertThat(sweep()).isEmpty();
    assertThat(rows()).isOne();

    installation.sql().update("UPDATE evenkeel.relay_state SET reconciling = false");
    assertThat(sweep()).containsExactly("evenkeel.outbox_02");
  }

  @Test
  void youngBucketsAreKept() throws SQLException {
    row(4);
    publishEverything();
    RingJanitor keeping =
        new RingJanitor(
            Installation.SCHEMA,
            new JanitorOptions(Duration.ofMillis(200), Duration.ofDays(6), Duration.ofDays(10)));

    assertThat(keeping.sweep(sweeper)).isEmpty();
    assertThat(sealed(4)).isFalse();
  }

  @Test
  void longReadersAreNotBlockedAndDoNotBlockWriters() throws SQLException {
    row(6);
    sweep();
    publishEverything();
    try (Connection reader = installation.database().connect();
        Connection writer = installation.database().connect()) {
      RelayConnections.execute(writer, "SET lock_timeout = '1s'");
      reader.setAutoCommit(false);
      RelayConnections.execute(reader, "SELECT count(*) FROM evenkeel.outbox");

      assertThat(sweep()).isEmpty(); // at once, not behind the reader
      row(writer, 8); // nobody queues in front of it
      RelayConnections.execute(reader, "SELECT count(*) FROM evenkeel.outbox");
      assertThat(rows()).isEqualTo(2);

      reader.commit();
      assertThat(sweep()).containsExactly("evenkeel.outbox_06");
    }
  }

  @Test
  void inboxBucketGoesByWhenItsRowsWereReceived() throws SQLException {
    inboxRow(3, "20 days");
    inboxRow(3, "11 days");
    inboxRow(4, "20 days");
    inboxRow(4, "9 days");

    assertThat(sweep()).containsExactly("evenkeel.inbox_03");
    assertThat(installation.count("SELECT count(*) FROM evenkeel.inbox")).isEqualTo(2);
  }

  @Test
  void relaysOwnJanitorEmptiesTheRingWhileWritersGoOnAndLosesNothing() {
    Ledger ledger = new Ledger(installation);
    try (RelayNode node =
        RelayNode.in(installation)
            .relay(JanitorIT::sweepingAllTheTime)
            .handlers(ledger.firstConsumer())
            .start()) {
      List<Long> expected = new ArrayList<>();
      for (long version = 1; version <= 2_000; version++) {
        node.publish(new Counted("k", version));
        expected.add(version);
      }

      await().atMost(SOON).until(() -> ledger.handled("first") == 2_000);
      await().atMost(SOON).until(() -> rows() == 0);
      assertThat(ledger.handled("first", "k")).containsExactlyElementsOf(expected);
      assertThat(
              installation.count(
                  "SELECT count(*) FROM evenkeel.outbox_bucket WHERE truncated_at IS NOT NULL"))
          .isPositive();
    }
    // A gap now finds an empty ring: what is published is not sent again.
    try (RelayNode node =
        RelayNode.in(installation).handlers(ledger.firstConsumer()).start()) {
      node.publish(LongStream.rangeClosed(2_001, 2_010).mapToObj(n -> new Counted("k", n)).toArray());
      await().atMost(SOON).until(() -> ledger.handled("first") == 2_010);
      assertThat(ledger.attempts("first", "k")).hasSize(2_010);
    }
  }

  private static RelayOptions sweepingAllTheTime(RelayOptions o) {
    return new RelayOptions(
        o.schema(),
        o.node(),
        o.lease(),
        o.contend(),
        o.heartbeat(),
        o.pollInterval(),
        o.maxInFlight(),
        o.maxInFlightBytes(),
        o.drain(),
        new JanitorOptions(Duration.ofMillis(100), Duration.ZERO, Duration.ofDays(10)));
  }

  private List<String> sweep() throws SQLException {
    return new RingJanitor(Installation.SCHEMA, AT_ONCE).sweep(sweeper);
  }

  /** What an acknowledged heartbeat leaves: a snapshot of this moment as H. */
  private void publishEverything() {
    installation
        .sql()
        .update("UPDATE evenkeel.relay_state SET published = pg_current_snapshot()");
  }

  private boolean sealed(int bucket) {
    return installation.count(
            "SELECT count(*) FROM evenkeel.outbox_bucket WHERE bucket = ? AND sealed IS NOT NULL",
            bucket)
        == 1;
  }

  private long rows() {
    return installation.count("SELECT count(*) FROM evenkeel.outbox");
  }

  private void row(int bucket) throws SQLException {
    try (Connection connection = installation.database().connect()) {
      row(connection, bucket);
    }
  }

  /** A day old, so that it is past every retention of these tests but one. */
  private static void row(Connection connection, int bucket) throws SQLException {
    String sql =
        """
        INSERT INTO evenkeel.outbox (bucket, id, aggregatetype, aggregateid, type, version, slot, created_at, payload)
        VALUES (?, gen_random_uuid(), 'counter', 'k', 'counted', 1, 0, clock_timestamp() - interval '1 day', 'x')
        """;
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      statement.setInt(1, bucket);
      statement.executeUpdate();
    }
  }

  private void inboxRow(int bucket, String age) {
    installation
        .sql()
        .update(
            "INSERT INTO evenkeel.inbox (bucket, message_id, consumer, received_at)"
                + " VALUES (?, gen_random_uuid(), 'c', clock_timestamp() - ?::interval)",
            bucket,
            age);
  }
}
