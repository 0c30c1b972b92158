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

  private static final Duration SOON = Duration.ofSeconds(60);
  private static final JanitorOptions AT_ONCE =
      new JanitorOptions(Duration.ofMillis(200), Duration.ZERO, Duration.ofDays(10));

  private Installation installation;
  private Connection sweeper;
  private int presentBucket;

  @BeforeEach
  void open() throws SQLException {
    installation = Installation.create();
    sweeper = installation.database().connect();
    presentBucket =
        (int)
            installation.count(
                "SELECT floor(extract(epoch FROM clock_timestamp()) / 3600)::bigint % 16");
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
    assertThat(sweep()).containsExactly(name(3));
    assertThat(sealed(3)).isFalse();
    assertThat(rows()).isZero();
    assertThat(sweep()).isEmpty();
  }

  @Test
  void relayThatIsDownAcrossAFullWrapOfTheRingLosesNothing() throws SQLException {
    for (int ago = 0; ago < 16; ago++) {
      row(ago);
    }
    // Never published at all.
    assertThat(sweep()).isEmpty();
    assertThat(sweep()).as("what is not published is kept").isEmpty();
    assertThat(rows()).isEqualTo(16);

    // Published up to a point, then the relay was down while the ring went round: H stays behind S.
    publishEverything();
    for (int ago = 0; ago < 16; ago++) {
      row(ago);
    }
    for (int sweep = 0; sweep < 6; sweep++) {
      assertThat(sweep()).as("what is not published is kept").isEmpty();
    }
    assertThat(rows()).isEqualTo(32);

    publishEverything();
    assertThat(sweep()).hasSizeBetween(14, 15); // all but the one that is written now
    assertThat(rows()).isLessThanOrEqualTo(4);
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
      assertThat(sweep()).containsExactly(name(5));
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

    assertThat(sweep()).as("what the seal does not see is kept").isEmpty();
    assertThat(sealed(7)).isFalse();
    assertThat(rows()).isEqualTo(2);

    sweep();
    assertThat(sweep()).isEmpty(); // the new seal is beyond H
    publishEverything();
    assertThat(sweep()).containsExactly(name(7));
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

    assertThat(sweep()).as("what may have to be sent again is kept").isEmpty();
    assertThat(rows()).isOne();

    installation.sql().update("UPDATE evenkeel.relay_state SET reconciling = false");
    assertThat(sweep()).containsExactly(name(2));
  }

  @Test
  void bucketsAreKeptForTheRetentionAfterTheirTurn() throws SQLException {
    row(0);
    row(1);
    row(5);
    row(12);
    RingJanitor keeping =
        new RingJanitor(
            Installation.SCHEMA,
            new JanitorOptions(Duration.ofMillis(200), Duration.ofHours(8), Duration.ofDays(10)));

    keeping.sweep(sweeper);
    publishEverything();

    assertThat(keeping.sweep(sweeper)).containsExactly(name(12));
    assertThat(rows()).isEqualTo(3);
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
      assertThat(sweep()).containsExactly(name(6));
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
  void claimsOutliveTheWindowOfTheirMessagesByAnHour() throws SQLException {
    claim(3, "20 days");
    claim(3, "10 days 90 minutes");
    claim(4, "20 days");
    claim(4, "10 days 30 minutes"); // its message may be appended by a transaction that took long
    claim(5, "1 minute");
    try (Connection writer = installation.database().connect()) {
      writer.setAutoCommit(false);
      RelayConnections.execute(writer, insertClaim(3, "0 minutes"));
      assertThat(sweep()).isEmpty();
      writer.rollback();
    }

    assertThat(sweep()).containsExactly("evenkeel.claim_check_03");
    assertThat(installation.count("SELECT count(*) FROM evenkeel.claim_check")).isEqualTo(3);
  }

  private void claim(int bucket, String ago) {
    installation.sql().update(insertClaim(bucket, ago));
  }

  private static String insertClaim(int bucket, String ago) {
    return "INSERT INTO evenkeel.claim_check (bucket, id, stored_at, payload) VALUES ("
        + bucket
        + ", gen_random_uuid(), clock_timestamp() - interval '"
        + ago
        + "', 'x')";
  }

  @Test
  void relaysOwnJanitorEmptiesTheRingWhileWritersGoOnAndLosesNothing() {
    Ledger ledger = new Ledger(installation);
    // Everybody writes into a bucket that may be emptied all the time.
    installation.sql().execute("ALTER TABLE evenkeel.outbox ALTER bucket SET DEFAULT " + bucket(4));
    try (RelayNode node =
        RelayNode.in(installation)
            .relay(JanitorIT::sweepingAllTheTime)
            .handlers(ledger.firstConsumer())
            .start()) {
      List<Long> expected = new ArrayList<>();
      for (long version = 1; version <= 300; version++) {
        node.publish(new Counted("k", version));
        expected.add(version);
      }

      await().atMost(SOON).until(() -> ledger.handled("first") == 300);
      await().atMost(SOON).until(() -> rows() == 0);
      assertThat(ledger.handled("first", "k")).containsExactlyElementsOf(expected);
      assertThat(
              installation.count(
                  "SELECT count(*) FROM evenkeel.outbox_bucket WHERE truncated_at IS NOT NULL"))
          .isPositive();
    }
    // A gap now finds an empty ring: what is published is not sent again.
    try (RelayNode node = RelayNode.in(installation).handlers(ledger.firstConsumer()).start()) {
      node.publish(LongStream.rangeClosed(301, 310).mapToObj(n -> new Counted("k", n)).toArray());
      await().atMost(SOON).until(() -> ledger.handled("first") == 310);
      assertThat(ledger.attempts("first", "k")).hasSize(310);
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
    installation.sql().update("UPDATE evenkeel.relay_state SET published = pg_current_snapshot()");
  }

  /** The bucket whose turn was so many turns ago; the present one is never emptied. */
  private int bucket(int ago) {
    return Math.floorMod(presentBucket - ago, 16);
  }

  private String name(int ago) {
    return "evenkeel.outbox_%02d".formatted(bucket(ago));
  }

  private boolean sealed(int ago) {
    return installation.count(
            "SELECT count(*) FROM evenkeel.outbox_bucket WHERE bucket = ? AND sealed IS NOT NULL",
            bucket(ago))
        == 1;
  }

  private long rows() {
    return installation.count("SELECT count(*) FROM evenkeel.outbox");
  }

  private void row(int ago) throws SQLException {
    try (Connection connection = installation.database().connect()) {
      row(connection, ago);
    }
  }

  private void row(Connection connection, int ago) throws SQLException {
    String sql =
        """
        INSERT INTO evenkeel.outbox (bucket, id, aggregatetype, aggregateid, type, version, slot, payload)
        VALUES (?, gen_random_uuid(), 'counter', 'k', 'counted', 1, 0, 'x')
        """;
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      statement.setInt(1, bucket(ago));
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
