package dev.evenkeel.outbox;

import static dev.evenkeel.outbox.CoreDatabase.message;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.evenkeel.outbox.spi.MessageObserver;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ProtocolOutboxIT {

  private static CoreDatabase database;

  private final List<Integer> observed = new ArrayList<>();
  private final ProtocolOutbox outbox =
      new ProtocolOutbox(
          CoreDatabase.SCHEMA,
          new MessageObserver() {
            @Override
            public void appended(int messages) {
              observed.add(messages);
            }
          });

  @BeforeAll
  static void create() {
    database = new CoreDatabase();
  }

  @AfterAll
  static void drop() {
    database.close();
  }

  @BeforeEach
  void clear() {
    database.clear();
  }

  private void append(List<OutboxMessage> messages) {
    ProtocolTransaction.inTransaction(
        database.dataSource(),
        "Appending",
        c -> {
          outbox.append(c, messages);
          return messages.size();
        });
  }

  /** Everything but what differs between two appends of the same message. */
  private static List<Map<String, Object>> rows() {
    return database
        .jdbc()
        .queryForList(
            """
            SELECT id, aggregatetype, aggregateid, type, version, slot, headers::text, encode(payload, 'hex') AS payload
              FROM evenkeel.outbox ORDER BY position
            """);
  }

  /** One and many are different statements. */
  @ParameterizedTest
  @ValueSource(ints = {1, 3})
  void rowsAreThoseOfTheApplicationsOutbox(int count) {
    List<OutboxMessage> messages =
        IntStream.range(0, count)
            .mapToObj(
                n ->
                    message("order-" + n)
                        .withHeaders(Map.of("tenant", "t", MessageHeaders.CORRELATION_ID, "c")))
            .toList();
    TransactionalOutbox applications = database.outbox();
    database.transactions().executeWithoutResult(tx -> messages.forEach(applications::append));
    List<Map<String, Object>> expected = rows();
    database.clear();

    append(messages);

    assertThat(rows()).isEqualTo(expected).hasSize(count);
    assertThat(observed).containsExactly(count);
  }

  @Test
  void slotIsThatOfTheHeader() {
    append(List.of(message("1").withHeaders(Map.of(MessageHeaders.SLOT, "4095"))));

    assertThat(rows().get(0)).containsEntry("slot", 4095);
  }

  @Test
  void nothingStaysOfATransactionThatRollsBack() throws SQLException {
    try (Connection c = database.dataSource().getConnection()) {
      c.setAutoCommit(false);
      outbox.append(c, List.of(message("1")));
      c.rollback();
    }

    assertThat(rows()).isEmpty();
  }

  @Test
  void noMessagesAreNothingToDo() {
    append(List.of());

    assertThat(observed).isEmpty();
  }

  @Test
  void whatNobodyCouldDeliverIsRefusedWithAllThatCameWithIt() {
    List<OutboxMessage> unfit =
        List.of(
            message(" "),
            message("x".repeat(OrderKey.MAX_BYTES)),
            OutboxMessage.of("order-placed", 0, "order", "1", new byte[0]),
            OutboxMessage.of(" ", 1, "order", "1", new byte[0]),
            OutboxMessage.of("order-placed", 1, " ", "1", new byte[0]));

    assertThat(unfit)
        .allSatisfy(
            bad ->
                assertThatExceptionOfType(OutboxException.class)
                    .isThrownBy(() -> append(List.of(message("1"), bad))));
    assertThat(rows()).isEmpty();
    assertThat(observed).isEmpty();
  }

  @Test
  void autoCommitIsRefused() throws SQLException {
    try (Connection c = database.dataSource().getConnection()) {
      assertThatIllegalStateException()
          .isThrownBy(() -> outbox.append(c, List.of(message("1"))))
          .withMessageContaining("turn auto-commit off");
    }
    assertThat(rows()).isEmpty();
  }
}
