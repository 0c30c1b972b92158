package dev.evenkeel.transport.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.evenkeel.outbox.OutboxMessage;
import dev.evenkeel.relay.ConnectConnector;
import dev.evenkeel.relay.Relay;
import dev.evenkeel.relay.RelayMode;
import dev.evenkeel.relay.RelayState;
import dev.evenkeel.testing.ContractEvent;
import dev.evenkeel.testing.EvenkeelDatabase;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Kafka Connect relays in the place of the embedded relay, from the same table. */
class ConnectIT {

  private static final ConnectWorker WORKER = new ConnectWorker();

  private EvenkeelDatabase database;
  private Uplink uplink;
  private ConnectConnector connector;

  @BeforeAll
  static void startWorker() {
    WORKER.start();
  }

  @AfterAll
  static void stopWorker() {
    WORKER.close();
  }

  @BeforeEach
  void create() {
    database = EvenkeelDatabase.create();
    uplink = new Uplink(database, 3);
    connector = uplink.connector();
  }

  @AfterEach
  void close() {
    WORKER.delete(connector);
    uplink.close();
    database.close();
  }

  @Test
  void recordsAreThoseOfTheEmbeddedRelay() {
    List<OutboxMessage> messages = new ArrayList<>();
    for (int n = 0; n < 20; n++) {
      messages.add(
          new OutboxMessage(
              UUID.randomUUID(),
              ContractEvent.AGGREGATE_TYPE,
              "köy " + n % 5,
              n % 2 == 0 ? ContractEvent.TYPE : "other",
              n + 1,
              n == 7
                  ? new byte[0]
                  : ("{\"n\":\"ü%d\"}".formatted(n)).getBytes(StandardCharsets.UTF_8),
              n % 3 == 0
                  ? Map.of()
                  : Map.of(
                      "tenant",
                      "a \"b\"",
                      "traceparent",
                      "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
              Instant.EPOCH));
    }
    uplink.await(RelayMode.CDC, RelayState.STREAMING);
    uplink.append(messages);
    uplink.awaitPublished();
    Map<String, ConsumerRecord<byte[], byte[]>> embedded = byId();
    assertThat(embedded).hasSize(20);

    // The same rows once more, for Connect.
    Relay watching = uplink.await(RelayMode.CONNECT, RelayState.WATCHING);
    WORKER.run(connector);
    uplink
        .sql()
        .execute(
            """
            INSERT INTO evenkeel.outbox (id, aggregatetype, aggregateid, type, version, slot, created_at, headers, payload)
            SELECT id, aggregatetype, aggregateid, type, version, slot, created_at, headers, payload
              FROM evenkeel.outbox ORDER BY position
            """);
    await()
        .atMost(Uplink.SOON)
        .untilAsserted(
            () ->
                assertThat(uplink.topics().records(uplink.topic()))
                    .as("%s %s", watching.status(), WORKER.state(connector))
                    .hasSizeGreaterThanOrEqualTo(40));
    Map<String, ConsumerRecord<byte[], byte[]>> connect = byId();

    embedded.forEach(
        (id, ours) -> {
          ConsumerRecord<byte[], byte[]> theirs = connect.get(id);
          assertThat(theirs.offset()).isNotEqualTo(ours.offset());
          assertThat(theirs.key()).isEqualTo(ours.key());
          assertThat(theirs.value()).isEqualTo(ours.value());
          assertThat(theirs.partition()).isEqualTo(ours.partition());
          Map<String, String> ourHeaders = headers(ours);
          Map<String, String> theirHeaders = headers(theirs);
          assertThat(theirHeaders)
              .containsOnlyKeys("id", "type", "version", "created_at", "headers");
          for (String same : List.of("id", "type", "version")) {
            assertThat(theirHeaders.get(same)).as(same).isEqualTo(ourHeaders.get(same));
          }
          // Written otherwise, and read alike.
          assertThat(OffsetDateTime.parse(theirHeaders.get("created_at")).toInstant())
              .isEqualTo(Instant.parse(ourHeaders.get("created_at")));
          assertThat(read(theirs)).usingRecursiveComparison().isEqualTo(read(ours));
        });
  }

  @Tag("slow") // 20 s on a quiet machine
  @Test
  void nothingIsLostWhereWorkersStopInTheMiddleOfLargeTransactions() throws Exception {
    Relay watching = uplink.await(RelayMode.CONNECT, RelayState.WATCHING);
    WORKER.run(connector);
    Load load = new Load(uplink, 5_000);
    Thread writing = load.start(6);
    for (int restart = 1; restart <= 3; restart++) {
      long before = uplink.topics().size(uplink.topic());
      await()
          .pollInterval(Duration.ofMillis(5))
          .atMost(Uplink.SOON)
          .until(() -> uplink.topics().size(uplink.topic()) > before + 1_000);
      if (restart == 2) {
        uplink
            .sql()
            .queryForList(
                "SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = ? AND active",
                uplink.slot());
      } else {
        WORKER.stop();
        WORKER.start();
      }
    }
    writing.join();
    uplink.awaitPublished();
    load.verify();
    assertThat(watching.status().gaps()).isZero();
  }

  @Test
  void handoverTwiceThereAndBackLosesNothingUnderLoad() throws Exception {
    Load load = new Load(uplink, 3);
    Thread writing = load.start(Integer.MAX_VALUE);
    for (int stint = 1; stint <= 2; stint++) {
      Relay embedded = uplink.await(RelayMode.CDC, RelayState.STREAMING);
      awaitMore(load);
      assertThat(embedded.status().gaps()).isZero();
      Relay watching = uplink.await(RelayMode.CONNECT, RelayState.WATCHING);
      if (stint == 1) {
        WORKER.run(connector);
      } else {
        WORKER.resume(connector); // with the offset of the first time, which is behind by now
      }
      awaitMore(load);
      assertThat(watching.status().gaps()).isZero();
      if (stint == 1) {
        WORKER.stop(connector);
      }
    }
    load.stop();
    writing.join();
    uplink.awaitPublished();
    load.verify();
  }

  /** Until what has been written by now is in the topic. */
  private void awaitMore(Load load) {
    String newest = load.awaitNext();
    await()
        .atMost(Uplink.SOON)
        .untilAsserted(
            () -> assertThat(uplink.ids()).as("%s", WORKER.state(connector)).contains(newest));
  }

  @Test
  void replicationSlotThatConnectMadeAnewIsAGapAndRepaired() {
    uplink.await(RelayMode.CONNECT, RelayState.WATCHING);
    WORKER.run(connector);
    Load load = new Load(uplink, 50);
    load.once();
    uplink.awaitPublished();
    WORKER.stop(connector);
    awaitWalsender(false);
    uplink.stopRelay();
    load.once();
    uplink.sql().queryForList("SELECT pg_drop_replication_slot(?)", uplink.slot());
    load.once();
    WORKER.resume(connector);
    awaitWalsender(true);

    Relay watching = uplink.await(RelayMode.CONNECT, RelayState.WATCHING);

    assertThat(watching.status().gaps()).isEqualTo(1);
    load.once(); // Connect comes back by itself
    uplink.awaitPublished();
    assertThat(uplink.ids()).containsAll(load.ids());
    assertThat(watching.status().gaps()).isEqualTo(1);
  }

  @Test
  void replicationSlotThatIsMadeAnewWhileSomebodyWatchesIsAGapAndRepaired() {
    Relay watching = uplink.await(RelayMode.CONNECT, RelayState.WATCHING);
    WORKER.run(connector);
    Load load = new Load(uplink, 50);
    load.once();
    uplink.awaitPublished();
    WORKER.stop(connector);
    awaitWalsender(false);
    load.once();
    uplink.sql().queryForList("SELECT pg_drop_replication_slot(?)", uplink.slot());
    uplink
        .sql()
        .queryForList("SELECT pg_create_logical_replication_slot(?, 'pgoutput')", uplink.slot());

    await().atMost(Uplink.SOON).until(() -> watching.status().gaps() == 1);
    Uplink.awaitState(watching, RelayState.WATCHING);
    assertThat(uplink.ids()).containsAll(load.ids());
    load.once();
    WORKER.resume(connector);
    uplink.awaitPublished();
    assertThat(uplink.ids()).containsAll(load.ids());
    assertThat(watching.status().gaps()).isEqualTo(1);
  }

  @Test
  void replicationSlotThatSomebodyAdvancedIsAGapAndRepaired() {
    Relay watching = uplink.await(RelayMode.CONNECT, RelayState.WATCHING);
    Load load = new Load(uplink, 50);
    load.once();
    awaitNoted();
    uplink
        .sql()
        .queryForList("SELECT pg_replication_slot_advance(?, pg_current_wal_lsn())", uplink.slot());

    await().atMost(Uplink.SOON).until(() -> watching.status().gaps() == 1);
    uplink.awaitPublished();
    assertThat(uplink.ids()).containsAll(load.ids());
  }

  @Test
  void nextLeaderTrustsTheReplicationSlotThatConnectStreamsFrom() throws Exception {
    uplink.await(RelayMode.CONNECT, RelayState.WATCHING);
    WORKER.run(connector);
    Load load = new Load(uplink, 3);
    Thread writing = load.start(Integer.MAX_VALUE);
    awaitMore(load);
    awaitNoted();
    uplink.stopRelay();
    awaitMore(load); // far beyond what the old leader knew

    Relay next = uplink.await(RelayMode.CONNECT, RelayState.WATCHING);

    load.stop();
    writing.join();
    uplink.awaitPublished();
    assertThat(next.status().gaps()).isZero();
    assertThat(uplink.topics().records(uplink.topic()))
        .as("nothing was sent again")
        .hasSameSizeAs(load.ids());
  }

  @Test
  void quietDatabaseLetsItsReplicationSlotMove() {
    Relay watching = uplink.await(RelayMode.CONNECT, RelayState.WATCHING);
    WORKER.run(connector);
    awaitWalsender(true);

    for (int move = 1; move <= 3; move++) {
      String before = confirmed();
      await().atMost(Uplink.SOON).until(() -> !confirmed().equals(before));
    }
    long now = uplink.count("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint");
    await()
        .atMost(Uplink.SOON)
        .until(
            () ->
                uplink.count(
                        "SELECT (extract(epoch FROM published_at) * 1000000)::bigint FROM evenkeel.relay_state")
                    > now);
    assertThat(uplink.topics().records(uplink.topic())).isEmpty();
    assertThat(watching.status().findings()).isEmpty();
  }

  @Test
  void embeddedRelayWaitsForConnectToBeStopped() {
    uplink.await(RelayMode.CONNECT, RelayState.WATCHING);
    WORKER.run(connector);
    awaitWalsender(true);
    long pid = walsender();

    Relay embedded = uplink.relay(RelayMode.CDC);

    await()
        .atMost(Uplink.SOON)
        .untilAsserted(
            () ->
                assertThat(embedded.status().findings())
                    .singleElement()
                    .asString()
                    .contains(
                        "Kafka Connect still streams",
                        uplink.slot(),
                        "pid " + pid,
                        "stop its connector"));
    assertThat(walsender()).isEqualTo(pid);
    WORKER.stop(connector);
    Uplink.awaitState(embedded, RelayState.STREAMING);
  }

  @Test
  void missingConnectorIsNamedAndNothingCountsAsPublished() {
    Relay watching = uplink.await(RelayMode.CONNECT, RelayState.WATCHING);
    Load load = new Load(uplink, 50);
    load.once();
    awaitNoted();

    await()
        .atMost(Uplink.SOON)
        .untilAsserted(
            () ->
                assertThat(watching.status().findings())
                    .singleElement()
                    .asString()
                    .contains(
                        "Kafka Connect does not stream", uplink.slot(), "bin/connect-config"));

    assertThat(uplink.unpublished()).isEqualTo(50);
    WORKER.run(connector);
    uplink.awaitPublished();
    load.verify();
    await().atMost(Uplink.SOON).until(() -> watching.status().findings().isEmpty());
  }

  /**
   * Debezium, resuming in the middle of a transaction, skips rows that share a position (dbz#1554).
   */
  @Test
  void rowsOfATransactionHavePositionsOfTheirOwn() {
    uplink.await(RelayMode.CONNECT, RelayState.WATCHING);
    uplink.stopRelay();
    new Load(uplink, 2_500).once();

    String positions =
        """
        SELECT count(DISTINCT lsn) FROM pg_logical_slot_peek_binary_changes(?, NULL, NULL,
                   'proto_version', '1', 'publication_names', 'evenkeel_outbox')
         WHERE get_byte(data, 0) = ascii('I')
        """;
    assertThat(uplink.count(positions, uplink.slot())).isEqualTo(2_500);
  }

  private String confirmed() {
    return String.valueOf(
        uplink
            .sql()
            .queryForObject(
                "SELECT confirmed_flush_lsn::text FROM pg_replication_slots WHERE slot_name = ?",
                String.class,
                uplink.slot()));
  }

  private long walsender() {
    return uplink.count(
        "SELECT coalesce(max(active_pid), 0) FROM pg_replication_slots WHERE slot_name = ?",
        uplink.slot());
  }

  private void awaitWalsender(boolean there) {
    await().atMost(Uplink.SOON).until(() -> walsender() != 0 == there);
  }

  /** Until the leader has noted where the replication slot stands, and what is written by now. */
  private void awaitNoted() {
    long now = uplink.count("SELECT pg_current_wal_insert_lsn() - '0/0'");
    await()
        .atMost(Uplink.SOON)
        .until(() -> uplink.count("SELECT witness_lsn - '0/0' FROM evenkeel.relay_state") >= now);
  }

  /** The newest record of each id. */
  private Map<String, ConsumerRecord<byte[], byte[]>> byId() {
    Map<String, ConsumerRecord<byte[], byte[]>> records = new TreeMap<>();
    uplink
        .topics()
        .records(uplink.topic())
        .forEach(record -> records.put(headers(record).get("id"), record));
    return records;
  }

  private static Map<String, String> headers(ConsumerRecord<byte[], byte[]> record) {
    Map<String, String> headers = new TreeMap<>();
    for (Header header : record.headers()) {
      assertThat(headers.put(header.key(), RecordFormat.text(header.value()))).isNull();
    }
    return headers;
  }

  private static OutboxMessage read(ConsumerRecord<byte[], byte[]> record) {
    try {
      return RecordFormat.message(record, ContractEvent.AGGREGATE_TYPE);
    } catch (RecordFormat.UnreadableRecordException e) {
      throw new AssertionError(e);
    }
  }
}
