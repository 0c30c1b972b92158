package dev.evenkeel.outbox;

import static dev.evenkeel.outbox.CoreDatabase.message;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import dev.evenkeel.outbox.OutboxOptions.ClaimCheckOptions;
import dev.evenkeel.outbox.spi.MessageObserver;
import dev.evenkeel.outbox.spi.TransactionSlot;
import java.nio.ByteBuffer;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Messages that are written to the WAL alone, as PostgreSQL decodes them. */
@Tag("postgres-matrix")
class OutboxLogIT {

  private static final String NOTES = "SELECT count(*) FROM evenkeel.outbox_in_wal";

  private CoreDatabase database;
  private String slot;
  private TransactionalOutbox outbox;

  @BeforeEach
  void create() {
    database = new CoreDatabase();
    slot =
        ReplicationSlotName.of(
            Objects.requireNonNull(
                database.jdbc().queryForObject("SELECT current_database()", String.class)),
            CoreDatabase.SCHEMA);
    outbox = outbox(null);
  }

  @AfterEach
  void drop() {
    database
        .jdbc()
        .execute(
            "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = '%s'"
                .formatted(slot));
    database.close();
  }

  private TransactionalOutbox outbox(ClaimCheckOptions claimCheck) {
    return new TransactionalOutbox(
        database.dataSource(),
        new OutboxOptions(CoreDatabase.SCHEMA, 1_000_000, claimCheck, OutboxStorage.WAL),
        CoreDatabase.TYPES,
        CoreDatabase.CODEC,
        new TransactionalOutbox.Context(
            List.of(),
            List.of(),
            MessageObserver.NONE,
            TransactionSlot.NONE,
            new TablePayloadStore(database.dataSource(), CoreDatabase.SCHEMA)));
  }

  private ProtocolOutbox protocol() {
    return new ProtocolOutbox(CoreDatabase.SCHEMA, OutboxStorage.WAL, MessageObserver.NONE);
  }

  private void makeSlot() {
    database
        .jdbc()
        .execute("SELECT pg_create_logical_replication_slot('%s', 'pgoutput')".formatted(slot));
  }

  private void witness() {
    database
        .jdbc()
        .execute(
            "UPDATE evenkeel.relay_state SET witness_lsn = pg_current_wal_lsn(), mode = 'embedded'");
  }

  /** As a relay leaves it. */
  private void ready() {
    makeSlot();
    witness();
  }

  private void append(String... keys) {
    database
        .transactions()
        .executeWithoutResult(
            tx -> {
              for (String key : keys) {
                outbox.append(message(key));
              }
            });
  }

  /** What is decoded, in its order. */
  private List<LogicalMessage> decoded() {
    List<LogicalMessage> messages = new ArrayList<>();
    database
        .jdbc()
        .query(
            """
            SELECT data FROM pg_logical_slot_peek_binary_changes(?, NULL, NULL,
                       'proto_version', '1', 'publication_names', 'evenkeel_outbox', 'messages', 'true')
            """,
            row -> {
              ByteBuffer change = ByteBuffer.wrap(row.getBytes(1));
              if (change.get() == 'M') {
                assertThat(change.get()).as("transactional").isEqualTo((byte) 1);
                change.getLong(); // its place
                assertThat(text(change)).isEqualTo("evenkeel:evenkeel:outbox");
                byte[] content = new byte[change.getInt()];
                change.get(content);
                messages.add(Objects.requireNonNull(LogicalMessage.read(content)));
              }
            },
            slot);
    return messages;
  }

  private static String text(ByteBuffer bytes) {
    StringBuilder text = new StringBuilder();
    for (byte next = bytes.get(); next != 0; next = bytes.get()) {
      text.append((char) next);
    }
    return text.toString();
  }

  private List<String> decodedKeys() {
    return decoded().stream().map(logical -> logical.message().aggregateId()).toList();
  }

  @Test
  void nothingIsInATableAndEverythingIsInTheStream() {
    ready();
    OutboxMessage appended = message("1").withHeaders(Map.of("tenant", "t"));
    Long xid =
        database
            .transactions()
            .execute(
                tx -> {
                  outbox.append(appended);
                  return database
                      .jdbc()
                      .queryForObject("SELECT pg_current_xact_id()::text::bigint", Long.class);
                });

    assertThat(database.outboxKeys()).isEmpty();
    assertThat(decoded())
        .singleElement()
        .satisfies(
            logical -> {
              assertThat(logical.xid()).isEqualTo(xid);
              OutboxMessage message = logical.message();
              assertThat(message.createdAt())
                  .isBetween(
                      Instant.now().minus(Duration.ofMinutes(1)), Instant.now().plusSeconds(1));
              assertThat(message.headers())
                  .isEqualTo(
                      Map.of(
                          "tenant", "t", MessageHeaders.CORRELATION_ID, appended.id().toString()));
              assertThat(message)
                  .usingRecursiveComparison()
                  .ignoringFields("createdAt", "headers")
                  .isEqualTo(appended);
            });
  }

  /** One, one statement, several statements by count and by size. */
  @Test
  void messagesOfATransactionAreDecodedInTheirOrder() {
    ready();
    List<String> keys = IntStream.range(0, 2_501).mapToObj(n -> "k" + n).toList();
    append(keys.toArray(String[]::new));
    byte[] large = new byte[900_000];
    database
        .transactions()
        .executeWithoutResult(
            tx -> {
              for (int n = 0; n < 20; n++) {
                outbox.append(OutboxMessage.of("order-placed", 1, "order", "l" + n, large));
              }
            });
    append("last");

    List<String> expected = new ArrayList<>(keys);
    IntStream.range(0, 20).forEach(n -> expected.add("l" + n));
    expected.add("last");
    assertThat(decodedKeys()).isEqualTo(expected);
  }

  @Test
  void rolledBackTransactionsAndSavepointsAreNotDecoded() throws SQLException {
    ready();
    append("first");
    database
        .transactions()
        .executeWithoutResult(
            tx -> {
              outbox.append(message("rolled-back"));
              tx.setRollbackOnly();
            });
    database
        .transactions()
        .executeWithoutResult(
            tx -> {
              outbox.append(message("kept"));
              Object savepoint = tx.createSavepoint();
              outbox.append(message("dropped"));
              tx.rollbackToSavepoint(savepoint);
              outbox.append(message("kept-too"));
            });
    try (Connection c = database.dataSource().getConnection()) { // written in a subtransaction
      c.setAutoCommit(false);
      protocol().append(c, List.of(message("before")));
      Savepoint savepoint = c.setSavepoint();
      protocol().append(c, List.of(message("undone"), message("undone-too")));
      c.rollback(savepoint);
      Savepoint released = c.setSavepoint();
      protocol().append(c, List.of(message("released")));
      c.releaseSavepoint(released);
      protocol().append(c, List.of(message("after")));
      c.commit();
      protocol().append(c, List.of(message("aborted")));
      c.rollback();
    }

    assertThat(decodedKeys())
        .containsExactly("first", "kept", "kept-too", "before", "released", "after");
    assertThat(decoded().stream().map(LogicalMessage::xid).distinct())
        .as("a subtransaction's messages are the transaction's")
        .hasSize(3);
  }

  @Test
  void largePayloadLeavesAClaim() {
    ready();
    outbox = outbox(new ClaimCheckOptions(10, 1 << 20));
    append("1");

    assertThat(decoded())
        .singleElement()
        .satisfies(
            logical -> {
              assertThat(logical.message().payload()).isEmpty();
              assertThat(logical.message().headers()).containsKey(MessageHeaders.CLAIM_CHECK);
            });
    assertThat(database.count("SELECT count(*) FROM evenkeel.claim_check")).isOne();
  }

  @Test
  void whatNoTableCouldHoldIsRefusedWithAllThatCameWithIt() {
    ready();
    database.insertBusiness("1");

    assertThatExceptionOfType(OutboxException.class)
        .isThrownBy(() -> append("1", "2\0"))
        .withMessageContaining("character 0");
    assertThat(decodedKeys()).isEmpty();
  }

  private void refused() {
    int before = database.businessRows();
    assertThatExceptionOfType(OutboxException.class)
        .isThrownBy(
            () ->
                database
                    .transactions()
                    .executeWithoutResult(
                        tx -> {
                          database.insertBusiness("refused");
                          outbox.append(message("refused"));
                        }))
        .withMessageContaining(
            "the replication slot " + slot + " that should keep them is not in place")
        .withMessageContaining("evenkeel.relay.mode=cdc");
    assertThat(database.businessRows()).isEqualTo(before);
  }

  @Test
  void appendsAreRefusedUntilTheReplicationSlotIsInPlace() {
    refused();
    makeSlot(); // a stranger's, or one that the relay has not yet taken over
    refused();
    witness();

    assertThatCode(() -> append("1")).doesNotThrowAnyException();
    assertThat(decodedKeys()).containsExactly("1");
  }

  @Test
  void witnessWithoutItsReplicationSlotIsNotEnough() {
    witness(); // left by a dump, a failover, or whoever dropped the replication slot
    refused();
  }

  @Test
  void replicationSlotThatIsStillBeingMadeIsNotEnough() throws Exception {
    witness();
    try (Connection open = database.dataSource().getConnection();
        Connection maker = database.dataSource().getConnection()) {
      open.setAutoCommit(false);
      try (var statement = open.createStatement()) {
        statement.execute("SELECT pg_current_xact_id()"); // holds up whoever makes one
      }
      Thread making =
          new Thread(
              () -> {
                try (var statement = maker.createStatement()) {
                  statement.execute(
                      "SELECT pg_create_logical_replication_slot('%s', 'pgoutput')"
                          .formatted(slot));
                } catch (SQLException e) {
                  throw new IllegalStateException(e);
                }
              });
      making.start();
      await()
          .until(
              () ->
                  database.count(
                          "SELECT count(*) FROM pg_replication_slots WHERE slot_name = ?", slot)
                      == 1);
      refused();
      open.rollback();
      making.join();
    }
    append("1");
    assertThat(decodedKeys()).containsExactly("1");
  }

  @Test
  void appendsAreRefusedAgainWhenTheReplicationSlotIsGone() {
    ready();
    append("1");
    database.jdbc().execute("SELECT pg_drop_replication_slot('%s')".formatted(slot));
    refused();
  }

  @Test
  void relayThatReadsNoWalIsNotEnough() {
    ready();
    database.jdbc().update("UPDATE evenkeel.relay_state SET mode = 'polling'");
    refused();
  }

  @Test
  void firstMessagesLeaveANoteThatCommitsWithThem() throws SQLException {
    ready();
    ProtocolOutbox protocol = protocol();
    try (Connection c = database.dataSource().getConnection()) {
      c.setAutoCommit(false);
      protocol.append(c, List.of(message("1")));
      protocol.append(c, List.of(message("2")));
      c.rollback();
      assertThat(database.count(NOTES)).isZero();

      protocol.append(c, List.of(message("3")));
      append("4"); // does not wait for the one under way
      protocol.append(c, List.of(message("5")));
      c.commit();
    }
    assertThat(database.count(NOTES)).isEqualTo(2);
    append("6");
    assertThat(database.count(NOTES)).isEqualTo(2);
    assertThat(decodedKeys()).containsExactly("4", "3", "5", "6");
  }
}
