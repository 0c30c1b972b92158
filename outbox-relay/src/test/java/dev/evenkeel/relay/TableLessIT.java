package dev.evenkeel.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.evenkeel.outbox.InboxHandler;
import dev.evenkeel.outbox.MessageHeaders;
import dev.evenkeel.outbox.OutboxEvent;
import dev.evenkeel.outbox.OutboxException;
import dev.evenkeel.outbox.OutboxMessage;
import dev.evenkeel.outbox.OutboxOptions;
import dev.evenkeel.outbox.OutboxOptions.ClaimCheckOptions;
import dev.evenkeel.outbox.OutboxStorage;
import dev.evenkeel.outbox.ProtocolOutbox;
import dev.evenkeel.outbox.spi.MessageObserver;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** Messages that are in the WAL alone, from an append to their effects. */
@Tag("postgres-matrix")
class TableLessIT {

  private static final Duration SOON = Duration.ofSeconds(60);
  private static final String LOST = "are lost with it, because no table has them";

  private final ListAppender<ILoggingEvent> logged = new ListAppender<>();
  private Installation installation;
  private Ledger ledger;

  @BeforeEach
  void create() {
    installation = Installation.create();
    ledger = new Ledger(installation);
    logged.start();
    relayLogger().addAppender(logged);
  }

  @AfterEach
  void close() {
    relayLogger().detachAppender(logged);
    installation.close();
  }

  private static Logger relayLogger() {
    return (Logger) LoggerFactory.getLogger("dev.evenkeel.relay");
  }

  private List<String> logged(String part) {
    return List.copyOf(logged.list).stream()
        .map(ILoggingEvent::getFormattedMessage)
        .filter(line -> line.contains(part))
        .toList();
  }

  private static OutboxOptions options(OutboxStorage storage) {
    return new OutboxOptions(Installation.SCHEMA, 1 << 20, null, storage);
  }

  private RelayNode.Builder node(OutboxStorage storage) {
    return RelayNode.in(installation).outbox(options(storage)).handlers(ledger.firstConsumer());
  }

  /** A process that writes to the table and never relays. */
  private RelayNode rows() {
    return RelayNode.in(installation).outbox(options(OutboxStorage.TABLE)).build();
  }

  /** Until then appends are refused. */
  private void awaitInPlace(RelayNode node) {
    await().atMost(SOON).until(() -> node.relay().status().state() == RelayState.STREAMING);
  }

  private void awaitHandled(long effects) {
    await().atMost(SOON).until(() -> ledger.handled("first") >= effects);
    assertThat(ledger.handled("first")).isEqualTo(effects);
  }

  private static List<Long> numbers(long from, long to) {
    return LongStream.rangeClosed(from, to).boxed().toList();
  }

  private static OutboxMessage counted(String key, long version) {
    return OutboxMessage.of(
        "counted",
        1,
        "counter",
        key,
        "{\"key\":\"%s\",\"version\":%d}".formatted(key, version).getBytes(StandardCharsets.UTF_8));
  }

  private static ProtocolOutbox protocol(OutboxStorage storage) {
    return new ProtocolOutbox(Installation.SCHEMA, storage, MessageObserver.NONE);
  }

  @Test
  void messagesTakeEffectInOrderAndNoRowIsWritten() {
    try (RelayNode node = node(OutboxStorage.WAL).start()) {
      awaitInPlace(node);
      for (long n = 1; n <= 100; n += 2) {
        node.publish(new Counted("a", n), new Counted("b", n), new Counted("a", n + 1));
      }
      awaitHandled(150);
      assertThat(ledger.handled("first", "a")).isEqualTo(numbers(1, 100));
      assertThat(installation.count("SELECT count(*) FROM evenkeel.outbox")).isZero();
      assertThat(node.relay().status().findings()).isEmpty();
    }
  }

  @Test
  void whatIsRolledBackIsNotDelivered() {
    try (RelayNode node = node(OutboxStorage.WAL).start()) {
      awaitInPlace(node);
      node.transactions()
          .executeWithoutResult(
              tx -> {
                node.outbox().append(new Counted("undone", 1));
                tx.setRollbackOnly();
              });
      node.transactions()
          .executeWithoutResult(
              tx -> {
                node.outbox().append(new Counted("a", 1));
                Object savepoint = tx.createSavepoint();
                node.outbox().append(new Counted("undone", 2));
                tx.rollbackToSavepoint(savepoint);
                node.outbox().append(new Counted("a", 2));
              });
      awaitHandled(2);
      assertThat(ledger.handled("first", "a")).isEqualTo(numbers(1, 2));
    }
  }

  @Test
  void whatWasWrittenWhileNoRelayRanIsSentByTheNext() {
    try (RelayNode node = node(OutboxStorage.WAL).start()) {
      awaitInPlace(node);
      node.publish(new Counted("a", 1));
      awaitHandled(1);
    }
    RelayNode writer = node(OutboxStorage.WAL).build();
    for (long n = 2; n <= 50; n++) {
      writer.publish(new Counted("a", n));
    }
    try (RelayNode node = node(OutboxStorage.WAL).start()) {
      awaitHandled(50);
      assertThat(ledger.attempts("first", "a")).isEqualTo(numbers(1, 50));
      assertThat(node.relay().status().gaps()).isZero();
    }
  }

  /** In one transaction and over transactions: WAL order is commit order, whatever the form. */
  @Test
  void rowsAndMessagesWithoutRowsKeepTheOrderOfOneKey() throws SQLException {
    ProtocolOutbox table = protocol(OutboxStorage.TABLE);
    ProtocolOutbox wal = protocol(OutboxStorage.WAL);
    RelayNode rows = rows();
    try (RelayNode node = node(OutboxStorage.WAL).start();
        Connection c = installation.dataSource().getConnection()) {
      awaitInPlace(node);
      c.setAutoCommit(false);
      for (long n = 1; n <= 40; n += 4) {
        table.append(c, List.of(counted("a", n)));
        wal.append(c, List.of(counted("a", n + 1), counted("a", n + 2)));
        table.append(c, List.of(counted("a", n + 3)));
        c.commit();
      }
      for (long n = 41; n <= 100; n += 2) {
        rows.publish(new Counted("a", n));
        node.publish(new Counted("a", n + 1));
      }
      awaitHandled(100);
      assertThat(ledger.attempts("first", "a")).isEqualTo(numbers(1, 100));
    }
  }

  /** Whatever an append accepted is delivered, from the very first on. */
  @Test
  void appendsAreRefusedUntilTheyAreDelivered() throws InterruptedException {
    RelayNode writer = node(OutboxStorage.WAL).build();
    AtomicLong accepted = new AtomicLong();
    AtomicLong refused = new AtomicLong();
    CountDownLatch first = new CountDownLatch(4);
    List<Thread> threads = new ArrayList<>();
    for (int n = 0; n < 4; n++) {
      String key = "k" + n;
      Thread thread =
          new Thread(
              () -> {
                for (long version = 1; version <= 100; ) {
                  try {
                    writer.publish(new Counted(key, version));
                    accepted.incrementAndGet();
                    version++;
                  } catch (OutboxException e) {
                    assertThat(e)
                        .hasMessageContaining(
                            "replication slot %s that should keep them is not in place"
                                .formatted(installation.slotName()));
                    refused.incrementAndGet();
                  }
                  first.countDown();
                }
              });
      threads.add(thread);
      thread.start();
    }
    first.await();
    try (RelayNode node = node(OutboxStorage.WAL).named("relay").start()) {
      for (Thread thread : threads) {
        thread.join();
      }
      assertThat(refused).hasPositiveValue();
      awaitHandled(accepted.get());
      for (int n = 0; n < 4; n++) {
        assertThat(ledger.handled("first", "k" + n)).isEqualTo(numbers(1, 100));
      }
      assertThat(node.relay().status().gaps()).isZero();
    }
  }

  @Test
  void storageMayChangeUnderLoad() throws InterruptedException {
    RelayNode[] writers = {rows(), node(OutboxStorage.WAL).build()};
    try (RelayNode node = node(OutboxStorage.TABLE).start()) {
      awaitInPlace(node);
      List<Thread> threads = new ArrayList<>();
      for (int n = 0; n < 4; n++) {
        int thread = n;
        threads.add(
            new Thread(
                () -> {
                  for (long version = 1; version <= 240; version++) {
                    // table, wal, table; a process changes a little later than the one before it
                    int writer = version + thread > 80 && version + thread <= 160 ? 1 : 0;
                    writers[writer].publish(new Counted("k" + thread, version));
                  }
                }));
      }
      threads.forEach(Thread::start);
      for (Thread thread : threads) {
        thread.join();
      }
      awaitHandled(960);
      for (int n = 0; n < 4; n++) {
        assertThat(ledger.attempts("first", "k" + n)).isEqualTo(numbers(1, 240));
      }
    }
  }

  @Test
  void lostReplicationSlotIsAnAlarmThatSaysWhatIsLost() throws SQLException {
    RelayNode writer = node(OutboxStorage.WAL).build();
    try (RelayNode node = node(OutboxStorage.WAL).named("one").start()) {
      awaitInPlace(node);
      writer.publish(new Counted("a", 1));
      awaitHandled(1);
    }
    writer.publish(new Counted("lost", 1));
    rows().publish(new Counted("row", 1));
    installation.dropSlot();
    assertThatExceptionOfType(OutboxException.class)
        .isThrownBy(() -> writer.publish(new Counted("refused", 1)));

    try (RelayNode node = node(OutboxStorage.WAL).named("two").start()) {
      awaitHandled(2);
      await().atMost(SOON).until(() -> node.relay().status().gaps() == 1);
      assertThat(logged("has a gap in its stream"))
          .singleElement()
          .asString()
          .contains(
              "the replication slot is gone; messages of evenkeel.outbox.storage=wal that committed after 2")
          .contains(LOST);
      awaitInPlace(node);
      writer.publish(new Counted("a", 2));
      awaitHandled(3);
      assertThat(ledger.handled("first", "lost")).isEmpty();
      assertThat(ledger.handled("first", "row")).isEqualTo(numbers(1, 1));
      assertThat(ledger.handled("first", "a")).isEqualTo(numbers(1, 2));
    }
  }

  @Test
  void alarmOfAnInstallationWithRowsAloneSpeaksOfNoLoss() throws SQLException {
    try (RelayNode node = node(OutboxStorage.TABLE).named("one").start()) {
      awaitInPlace(node);
      node.publish(new Counted("a", 1));
      awaitHandled(1);
    }
    installation.dropSlot();
    try (RelayNode node = node(OutboxStorage.TABLE).named("two").start()) {
      await().atMost(SOON).until(() -> node.relay().status().gaps() == 1);
      assertThat(logged("has a gap in its stream")).hasSize(1);
      assertThat(logged(LOST)).isEmpty();
    }
  }

  /** The first messages of all commit while the lost replication slot is being made again. */
  @Test
  void alarmSpeaksOfFirstMessagesThatCommitWhileItIsRaised() throws SQLException {
    try (RelayNode node = node(OutboxStorage.TABLE).named("one").start()) {
      awaitInPlace(node);
    }
    try (Connection open = installation.dataSource().getConnection()) {
      open.setAutoCommit(false);
      protocol(OutboxStorage.WAL).append(open, List.of(counted("lost", 1)));
      installation.dropSlot();
      try (RelayNode node = node(OutboxStorage.TABLE).named("two").start()) {
        await().atMost(SOON).until(() -> node.relay().status().gaps() == 1);
        assertThat(logged(LOST)).isEmpty();
        open.commit();
        await().atMost(SOON).until(() -> logged(LOST).size() == 1);
        assertThat(node.relay().status().gaps()).isEqualTo(1); // more is said of the same one
        assertThat(
                installation.count(
                    "SELECT count(*) FROM evenkeel.relay_gap WHERE gap LIKE '%are lost with it%'"))
            .isEqualTo(1);
      }
    }
  }

  @Test
  void relayThatReadsNoWalRefusesToTakeOver() {
    try (RelayNode node = node(OutboxStorage.WAL).named("reader").start()) {
      awaitInPlace(node);
      node.publish(new Counted("a", 1));
      awaitHandled(1);
    }
    node(OutboxStorage.WAL).build().publish(new Counted("a", 2));
    try (RelayNode node =
        node(OutboxStorage.TABLE)
            .named("poller")
            .relay(o -> o.withMode(RelayMode.POLLING))
            .start()) {
      await()
          .atMost(SOON)
          .untilAsserted(
              () ->
                  assertThat(node.relay().status().findings())
                      .singleElement()
                      .asString()
                      .contains("evenkeel.relay.mode=cdc")
                      .contains("DELETE FROM evenkeel.outbox_in_wal"));
    }
    assertThatExceptionOfType(OutboxException.class)
        .isThrownBy(() -> node(OutboxStorage.WAL).build().publish(new Counted("refused", 1)));
    try (RelayNode node = node(OutboxStorage.WAL).named("reader-again").start()) {
      awaitHandled(2);
      assertThat(node.relay().status().gaps()).isZero();
    }
  }

  private void emit(String sql) {
    installation.sql().execute("SELECT pg_logical_emit_message(" + sql + ")");
  }

  /** Everybody who may connect may write some. */
  @Test
  void foreignMessagesUnderThePrefixAreSkippedWithOneWarning() {
    try (RelayNode node = node(OutboxStorage.WAL).start()) {
      awaitInPlace(node);
      long epoch = node.relay().status().epoch();
      node.publish(new Counted("a", 1));
      String prefix = "'evenkeel:evenkeel:outbox'";
      emit("true, " + prefix + ", ''");
      emit("true, " + prefix + ", 'hello'");
      emit("true, " + prefix + ", '\\x01'::bytea || decode(repeat('ff', 100), 'hex')");
      String body =
          "int8send(1700000000000000) || uuid_send(gen_random_uuid()) || int4send(1)"
              + " || int4send(7) || 'counter' || int4send(1) || 'a' || int4send(7) || 'counted'"
              + " || int4send(2) || '{}' || '{\"key\":\"a\",\"version\":99}'";
      // Well made, and of a transaction that would never be visible; and outside any transaction.
      emit("true, " + prefix + ", '\\x01'::bytea || int8send(4000000000) || " + body);
      emit(
          "false, "
              + prefix
              + ", '\\x01'::bytea || int8send(pg_current_xact_id()::text::bigint) || "
              + body);
      installation
          .sql()
          .execute(
              "DO $$ BEGIN FOR n IN 1..3000 LOOP PERFORM pg_logical_emit_message(true, "
                  + prefix
                  + ", 'flood'); END LOOP; END $$");
      node.publish(new Counted("a", 2));

      awaitHandled(2);
      assertThat(ledger.attempts("first", "a")).isEqualTo(numbers(1, 2));
      assertThat(logged("that the outbox did not write")).hasSize(1);
      assertThat(node.relay().status().epoch()).isEqualTo(epoch);
      assertThat(node.relay().status().findings()).isEmpty();
    }
  }

  @OutboxEvent(type = "blob", aggregateType = "blob", key = "key")
  private record Blob(String key) {}

  private record Received(Map<String, String> headers, int payload) {}

  private static final class Receiver {

    private final List<Received> received = new CopyOnWriteArrayList<>();

    @InboxHandler(consumer = "receiver", types = "blob")
    void on(OutboxMessage message) {
      received.add(new Received(message.headers(), message.payload().length));
    }
  }

  @Test
  void headersClaimsAndLargePayloadsArrive() {
    Receiver receiver = new Receiver();
    try (RelayNode node =
        RelayNode.in(installation)
            .outbox(
                new OutboxOptions(
                    Installation.SCHEMA,
                    8 << 20,
                    new ClaimCheckOptions(8 << 20, 16 << 20),
                    OutboxStorage.WAL))
            .events(Blob.class)
            .handlers(receiver)
            .start()) {
      awaitInPlace(node);
      for (int size : new int[] {0, 1, 8 << 20, (8 << 20) + 1}) {
        OutboxMessage message =
            OutboxMessage.of("blob", 1, "blob", "größe", new byte[size])
                .withHeaders(Map.of("tenant", "ümlaut", "size", Integer.toString(size)));
        node.transactions().executeWithoutResult(tx -> node.outbox().append(message));
      }
      await().atMost(SOON).until(() -> receiver.received.size() == 4);
      assertThat(receiver.received)
          .allSatisfy(
              each -> {
                assertThat(each.headers())
                    .containsEntry("tenant", "ümlaut")
                    .containsEntry("size", Integer.toString(each.payload()))
                    .containsKey(MessageHeaders.CORRELATION_ID)
                    .doesNotContainKey(MessageHeaders.CLAIM_CHECK);
              });
      assertThat(installation.count("SELECT count(*) FROM evenkeel.claim_check")).isOne();
    }
  }
}
