package dev.evenkeel.outbox;

import static dev.evenkeel.outbox.CoreDatabase.message;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.evenkeel.outbox.CoreDatabase.OrderPlaced;
import dev.evenkeel.outbox.CoreDatabase.Unwritable;
import dev.evenkeel.outbox.spi.MessageObserver;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.core.Ordered;
import org.springframework.jdbc.datasource.DataSourceTransactionManager;
import org.springframework.jdbc.datasource.DataSourceUtils;
import org.springframework.transaction.TransactionDefinition;
import org.springframework.transaction.support.DefaultTransactionDefinition;
import org.springframework.transaction.support.TransactionSynchronization;
import org.springframework.transaction.support.TransactionSynchronizationManager;
import org.springframework.transaction.support.TransactionTemplate;

class TransactionalOutboxIT {

  private static CoreDatabase database;

  private final TransactionalOutbox outbox = database.outbox();
  private final TransactionTemplate transactions = database.transactions();

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

  private static OrderPlaced placed(String orderId) {
    return new OrderPlaced(orderId, 1);
  }

  @Nested
  class Commit {

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 999, 1_000, 1_001, 2_500})
    void leavesEveryMessageInTheOrderOfItsAppend(int messages) {
      List<String> keys = IntStream.range(0, messages).mapToObj(i -> "order-" + i).toList();

      transactions.executeWithoutResult(tx -> keys.forEach(key -> outbox.append(placed(key))));

      assertThat(database.outboxKeys()).isEqualTo(keys);
      assertThat(database.count("SELECT count(DISTINCT xid) FROM evenkeel.outbox")).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void fillsEveryColumn(int messages) {
      List<OutboxMessage> appended =
          IntStream.range(0, messages)
              .mapToObj(i -> message("order-" + i).withHeaders(Map.of("tenant", "te\"nant")))
              .toList();

      transactions.executeWithoutResult(tx -> appended.forEach(outbox::append));

      List<Map<String, Object>> rows =
          database
              .jdbc()
              .queryForList(
                  "SELECT *, headers ->> 'tenant' AS tenant, headers ->> 'correlation-id' AS"
                      + " correlation, created_at BETWEEN now() - interval '1 minute' AND now() AS fresh"
                      + " FROM evenkeel.outbox ORDER BY position");
      for (int i = 0; i < messages; i++) {
        assertThat(rows.get(i))
            .containsEntry("id", appended.get(i).id())
            .containsEntry("aggregatetype", "order")
            .containsEntry("aggregateid", "order-" + i)
            .containsEntry("type", "order-placed")
            .containsEntry("version", 1)
            .containsEntry("slot", SlotHash.slotOf("order-" + i))
            .containsEntry("payload", appended.get(i).payload())
            .containsEntry("tenant", "te\"nant")
            .containsEntry("correlation", appended.get(i).id().toString())
            .containsEntry("fresh", true);
      }
    }

    @Test
    void tellsTheObserverAndAsksTheHeaderSourcesInOrder() {
      List<Integer> appended = new ArrayList<>();
      TransactionalOutbox observed =
          database.outbox(
              new TransactionalOutbox.Context(
                  List.of(
                      () -> Map.of("tenant", "first", "correlation-id", "request"),
                      () -> Map.of("tenant", "second", "traceparent", "trace")),
                  List.of(),
                  new MessageObserver() {
                    @Override
                    public void appended(int messages) {
                      appended.add(messages);
                    }
                  }));

      transactions.executeWithoutResult(
          tx -> {
            observed.append(placed("1"));
            observed.append(message("2").withHeaders(Map.of("tenant", "own")));
          });

      assertThat(appended).containsExactly(2);
      assertThat(
              database
                  .jdbc()
                  .queryForList(
                      "SELECT concat_ws(' ', headers ->> 'tenant', headers ->> 'correlation-id',"
                          + " headers ->> 'traceparent') FROM evenkeel.outbox ORDER BY position",
                      String.class))
          .containsExactly("first request trace", "own request trace");
    }

    @Test
    void flushesUntilAFlushAppendsNothingMore() {
      List<String> toAppend = new ArrayList<>(List.of("from-flush-1", "from-flush-2"));
      List<TransactionalOutbox> self = new ArrayList<>();
      TransactionalOutbox flushing =
          database.outbox(
              new TransactionalOutbox.Context(
                  List.of(),
                  List.of(
                      () -> {
                        if (!toAppend.isEmpty()) {
                          self.get(0).append(placed(toAppend.remove(0)));
                        }
                      }),
                  MessageObserver.NONE));
      self.add(flushing);

      transactions.executeWithoutResult(tx -> flushing.append(placed("first")));

      assertThat(database.outboxKeys()).containsExactly("first", "from-flush-1", "from-flush-2");
    }

    @Test
    void endsWithAnErrorWhereEveryFlushAppends() {
      List<TransactionalOutbox> self = new ArrayList<>();
      TransactionalOutbox flushing =
          database.outbox(
              new TransactionalOutbox.Context(
                  List.of(),
                  List.of(() -> self.get(0).append(placed("again"))),
                  MessageObserver.NONE));
      self.add(flushing);

      assertThatExceptionOfType(OutboxException.class)
          .isThrownBy(
              () -> transactions.executeWithoutResult(tx -> flushing.append(placed("first"))))
          .withMessageContaining("100 times in a row");
      assertThat(database.outboxKeys()).isEmpty();
    }

    @Test
    void thatFailsLeavesNothing() {
      assertThatThrownBy(
              () ->
                  transactions.executeWithoutResult(
                      tx -> {
                        database
                            .jdbc()
                            .update("INSERT INTO business (id, parent) VALUES ('1', 'missing')");
                        outbox.append(placed("1"));
                      }))
          .hasStackTraceContaining("violates foreign key constraint");

      assertThat(database.outboxKeys()).isEmpty();
      assertThat(database.businessRows()).isZero();
      assertNothingIsBound();
    }
  }

  @Nested
  class Rollback {

    @Test
    void leavesNothing() {
      transactions.executeWithoutResult(
          tx -> {
            database.insertBusiness("1");
            outbox.append(placed("1"));
            tx.setRollbackOnly();
          });

      assertThat(database.outboxKeys()).isEmpty();
      assertThat(database.businessRows()).isZero();
      assertNothingIsBound();
    }

    @Test
    void byAnExceptionLeavesNothing() {
      assertThatThrownBy(
              () ->
                  transactions.executeWithoutResult(
                      tx -> {
                        outbox.append(placed("1"));
                        throw new IllegalStateException("business says no");
                      }))
          .hasMessage("business says no");

      assertThat(database.outboxKeys()).isEmpty();
      assertNothingIsBound();
    }

    @Test
    void toASavepointDropsWhatCameAfterIt() {
      transactions.executeWithoutResult(
          tx -> {
            outbox.append(placed("before"));
            Object savepoint = tx.createSavepoint();
            outbox.append(placed("dropped"));
            tx.rollbackToSavepoint(savepoint);
            outbox.append(placed("after"));
          });

      assertThat(database.outboxKeys()).containsExactly("before", "after");
    }

    @Test
    void toTheSameSavepointTwiceDropsTwice() {
      transactions.executeWithoutResult(
          tx -> {
            outbox.append(placed("before"));
            Object savepoint = tx.createSavepoint();
            outbox.append(placed("dropped first"));
            tx.rollbackToSavepoint(savepoint);
            outbox.append(placed("dropped second"));
            tx.rollbackToSavepoint(savepoint);
            outbox.append(placed("after"));
          });

      assertThat(database.outboxKeys()).containsExactly("before", "after");
    }

    @Test
    void toASavepointFromBeforeTheFirstAppendDropsAll() {
      transactions.executeWithoutResult(
          tx -> {
            database.insertBusiness("kept");
            Object early = tx.createSavepoint();
            outbox.append(placed("dropped 1"));
            tx.createSavepoint();
            outbox.append(placed("dropped 2"));
            tx.rollbackToSavepoint(early);
            outbox.append(placed("after"));
          });

      assertThat(database.outboxKeys()).containsExactly("after");
      assertThat(database.businessRows()).isEqualTo(1);
    }

    @Test
    void toAnOuterSavepointDropsWhatInnerOnesKept() {
      transactions.executeWithoutResult(
          tx -> {
            outbox.append(placed("before"));
            Object outer = tx.createSavepoint();
            outbox.append(placed("dropped 1"));
            Object inner = tx.createSavepoint();
            outbox.append(placed("dropped 2"));
            tx.rollbackToSavepoint(inner);
            outbox.append(placed("dropped 3"));
            tx.rollbackToSavepoint(outer);
          });

      assertThat(database.outboxKeys()).containsExactly("before");
    }

    @Test
    void ofANestedTransactionDropsItsMessages() {
      TransactionTemplate nested = nested();
      transactions.executeWithoutResult(
          tx -> {
            outbox.append(placed("outer"));
            nested.executeWithoutResult(inner -> outbox.append(placed("kept")));
            nested.executeWithoutResult(
                inner -> {
                  outbox.append(placed("dropped"));
                  nested.executeWithoutResult(innermost -> outbox.append(placed("dropped too")));
                  inner.setRollbackOnly();
                });
            outbox.append(placed("last"));
          });

      assertThat(database.outboxKeys()).containsExactly("outer", "kept", "last");
    }

    @Test
    void ofANestedTransactionWithTheFirstAppendDropsIt() {
      TransactionTemplate nested = nested();
      transactions.executeWithoutResult(
          tx ->
              nested.executeWithoutResult(
                  inner -> {
                    outbox.append(placed("dropped"));
                    inner.setRollbackOnly();
                  }));

      assertThat(database.outboxKeys()).isEmpty();
    }

    @Test
    void toASavepointFreesTheIdsOfWhatItDropped() {
      OutboxMessage message = message("1");
      transactions.executeWithoutResult(
          tx -> {
            outbox.append(placed("0"));
            Object savepoint = tx.createSavepoint();
            outbox.append(message);
            tx.rollbackToSavepoint(savepoint);
            outbox.append(message);
          });

      assertThat(database.outboxKeys()).containsExactly("0", "1");
    }

    private TransactionTemplate nested() {
      return propagation(TransactionDefinition.PROPAGATION_NESTED);
    }
  }

  @Nested
  class InnerTransaction {

    private final TransactionTemplate requiresNew =
        propagation(TransactionDefinition.PROPAGATION_REQUIRES_NEW);

    @Test
    void hasABufferOfItsOwn() {
      transactions.executeWithoutResult(
          tx -> {
            outbox.append(placed("outer 1"));
            requiresNew.executeWithoutResult(inner -> outbox.append(placed("inner")));
            assertThat(database.outboxKeys()).containsExactly("inner");
            outbox.append(placed("outer 2"));
          });

      assertThat(database.outboxKeys()).containsExactly("inner", "outer 1", "outer 2");
    }

    @Test
    void survivesTheOutersRollback() {
      transactions.executeWithoutResult(
          tx -> {
            outbox.append(placed("outer"));
            requiresNew.executeWithoutResult(inner -> outbox.append(placed("inner")));
            tx.setRollbackOnly();
          });

      assertThat(database.outboxKeys()).containsExactly("inner");
    }

    @Test
    void leavesNothingWhenItAloneRollsBack() {
      transactions.executeWithoutResult(
          tx -> {
            outbox.append(placed("outer"));
            requiresNew.executeWithoutResult(
                inner -> {
                  outbox.append(placed("inner"));
                  inner.setRollbackOnly();
                });
          });

      assertThat(database.outboxKeys()).containsExactly("outer");
    }

    @Test
    void thatIsSuspendedRefusesAppends() {
      TransactionTemplate none = propagation(TransactionDefinition.PROPAGATION_NOT_SUPPORTED);
      transactions.executeWithoutResult(
          tx -> {
            outbox.append(placed("outer"));
            none.executeWithoutResult(
                noTx ->
                    assertThatExceptionOfType(OutboxException.class)
                        .isThrownBy(() -> outbox.append(placed("nowhere")))
                        .withMessageContaining("was appended outside a transaction"));
          });

      assertThat(database.outboxKeys()).containsExactly("outer");
    }
  }

  @Nested
  class Refusal {

    @Test
    void outsideATransaction() {
      assertThatExceptionOfType(OutboxException.class)
          .isThrownBy(() -> outbox.append(placed("1")))
          .withMessageMatching(
              "order-placed v1 .* of order/1 was appended outside a transaction; append it in the"
                  + " transaction that changes the state, such as a @Transactional method");
      assertThat(database.outboxKeys()).isEmpty();
    }

    @Test
    void inAReadOnlyTransaction() {
      TransactionTemplate readOnly = database.transactions();
      readOnly.setReadOnly(true);

      assertThatExceptionOfType(OutboxException.class)
          .isThrownBy(() -> readOnly.executeWithoutResult(tx -> outbox.append(placed("1"))))
          .withMessageEndingWith("was appended in a read-only transaction");
    }

    @Test
    void withAKeyThatCouldNotBeParked() {
      assertThatExceptionOfType(OutboxException.class)
          .isThrownBy(
              () ->
                  database
                      .transactions()
                      .executeWithoutResult(tx -> outbox.append(placed("x".repeat(2_000)))))
          .withMessage(
              "order-placed v1: its aggregate type and key have more than 2000 bytes together");
    }

    @Test
    void inATransactionOnAnotherDataSource() {
      onAnotherDataSource(() -> {});
    }

    @Test
    void inATransactionOnAnotherDataSourceWhileThisOneKeepsAConnection() {
      // Spring binds the connection to the thread, in auto-commit mode: it would not commit with
      // the other.
      onAnotherDataSource(
          () -> {
            DataSourceUtils.getConnection(database.dataSource());
            assertThat(TransactionSynchronizationManager.hasResource(database.dataSource()))
                .isTrue();
          });
    }

    private void onAnotherDataSource(Runnable before) {
      try (CoreDatabase other = new CoreDatabase()) {
        TransactionTemplate elsewhere =
            new TransactionTemplate(new DataSourceTransactionManager(other.dataSource()));

        assertThatExceptionOfType(OutboxException.class)
            .isThrownBy(
                () ->
                    elsewhere.executeWithoutResult(
                        tx -> {
                          before.run();
                          other.insertBusiness("1");
                          outbox.append(placed("1"));
                        }))
            .withMessageContaining(
                "was appended in a transaction on another data source than the outbox's")
            .withMessageContaining("use the transaction manager of the outbox's data source");
        assertThat(other.businessRows()).isZero();
        assertThat(other.outboxKeys()).isEmpty();
        assertThat(database.outboxKeys()).isEmpty();
      }
    }

    @Test
    void afterTheMessagesWereWritten() {
      assertThatExceptionOfType(OutboxException.class)
          .isThrownBy(
              () ->
                  transactions.executeWithoutResult(
                      tx -> {
                        outbox.append(placed("1"));
                        beforeCommit(
                            Ordered.LOWEST_PRECEDENCE, () -> outbox.append(placed("late")));
                      }))
          .withMessageContaining(
              "was appended after the transaction's messages had been written; append before the"
                  + " commit begins");
      assertThat(database.outboxKeys()).isEmpty();
    }

    @Test
    void ofANullOrBlankKey() {
      refused(new OrderPlaced(null, 1), "must not be null or blank, was null");
      refused(new OrderPlaced(" ", 1), "must not be null or blank, was blank");
    }

    @Test
    void ofAMessageWithBlankNamesOrWithoutAVersion() {
      refused(OutboxMessage.of("t", 1, "order", " ", new byte[0]), "its key must not be blank");
      refused(OutboxMessage.of("", 1, "order", "7", new byte[0]), "its type must not be blank");
      refused(OutboxMessage.of("t", 1, "", "7", new byte[0]), "its aggregate type must not be");
      refused(OutboxMessage.of("t", 0, "order", "7", new byte[0]), "must be at least 1, was 0");
    }

    @Test
    void ofAPayloadThatCantBeWritten() {
      refused(new Unwritable("1"), "can't be written as JSON");
    }

    @Test
    void ofAPayloadOverTheLimit() {
      refused(
          new OutboxMessage(
              UUID.randomUUID(),
              "order",
              "1",
              "order-placed",
              1,
              new byte[1_001],
              Map.of(),
              Instant.now()),
          "has a payload of 1001 bytes; evenkeel.outbox.max-payload allows 1000");
    }

    @Test
    void ofAnIdThatTheTransactionAppendedAlready() {
      OutboxMessage message = message("1");
      refusedInTransaction(
          () -> {
            outbox.append(message);
            outbox.append(message);
          },
          "was appended twice in one transaction; message ids must be unique");
    }

    @Test
    void ofAClassThatNobodyRegistered() {
      refused("text", "java.lang.String is not a registered event");
    }

    @Test
    void leavesTheTransactionUsable() {
      transactions.executeWithoutResult(
          tx -> {
            assertThatExceptionOfType(OutboxException.class)
                .isThrownBy(() -> outbox.append(new Unwritable("1")));
            outbox.append(placed("2"));
          });

      assertThat(database.outboxKeys()).containsExactly("2");
    }

    private void refused(Object event, String message) {
      refusedInTransaction(() -> outbox.append(event), message);
    }

    private void refusedInTransaction(Runnable appends, String message) {
      assertThatExceptionOfType(OutboxException.class)
          .isThrownBy(
              () ->
                  transactions.executeWithoutResult(
                      tx -> {
                        database.insertBusiness("1");
                        outbox.append(placed("good"));
                        appends.run();
                      }))
          .withMessageContaining(message);
      assertThat(database.outboxKeys()).isEmpty();
      assertThat(database.businessRows()).isZero();
    }
  }

  @Nested
  class FirstAppendWhileCommitting {

    @Test
    void inABeforeCommitListenerIsWritten() {
      transactions.executeWithoutResult(
          tx -> beforeCommit(0, () -> outbox.append(placed("from listener"))));

      assertThat(database.outboxKeys()).containsExactly("from listener");
    }

    @Test
    void inABeforeCommitListenerThatFailsLeavesNothing() {
      assertThatThrownBy(
              () ->
                  transactions.executeWithoutResult(
                      tx ->
                          beforeCommit(
                              0,
                              () -> {
                                outbox.append(placed("from listener"));
                                throw new IllegalStateException("listener says no");
                              })))
          .hasMessage("listener says no");

      assertThat(database.outboxKeys()).isEmpty();
    }

    @Test
    void thatCantBeWrittenFailsTheCommit() {
      database.jdbc().execute("ALTER TABLE evenkeel.outbox RENAME TO outbox_away");
      try {
        assertThatThrownBy(
                () ->
                    transactions.executeWithoutResult(
                        tx -> {
                          database.insertBusiness("1");
                          beforeCommit(0, () -> outbox.append(placed("1")));
                        }))
            .isInstanceOf(OutboxException.class)
            .hasMessageStartingWith(
                "The transaction was rolled back, because its messages could not be written");
      } finally {
        database.jdbc().execute("ALTER TABLE evenkeel.outbox_away RENAME TO outbox");
      }
      assertThat(database.businessRows()).isZero();
    }

    @Test
    void whoseFlushFailsFailsTheCommit() {
      TransactionalOutbox flushing =
          database.outbox(
              new TransactionalOutbox.Context(
                  List.of(),
                  List.of(
                      () -> {
                        throw new IllegalStateException("flush says no");
                      }),
                  MessageObserver.NONE));

      assertThatThrownBy(
              () ->
                  transactions.executeWithoutResult(
                      tx -> {
                        database.insertBusiness("1");
                        beforeCommit(0, () -> flushing.append(placed("1")));
                      }))
          .isInstanceOf(OutboxException.class)
          .hasMessageStartingWith(
              "The transaction was rolled back, because its messages could not be written");
      assertThat(database.outboxKeys()).isEmpty();
      assertThat(database.businessRows()).isZero();
    }
  }

  private static TransactionTemplate propagation(int behaviour) {
    return new TransactionTemplate(
        database.transactionManager(), new DefaultTransactionDefinition(behaviour));
  }

  private static void assertNothingIsBound() {
    assertThat(TransactionSynchronizationManager.getResourceMap()).isEmpty();
  }

  private static void beforeCommit(int order, Runnable work) {
    TransactionSynchronizationManager.registerSynchronization(
        new OrderedSynchronization(order, work));
  }

  private record OrderedSynchronization(int order, Runnable work)
      implements TransactionSynchronization {

    @Override
    public int getOrder() {
      return order;
    }

    @Override
    public void beforeCommit(boolean readOnly) {
      work.run();
    }
  }
}
