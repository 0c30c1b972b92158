package dev.evenkeel.autoconfigure.shards;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.evenkeel.autoconfigure.RelayLifecycle;
import dev.evenkeel.autoconfigure.TestApplications;
import dev.evenkeel.outbox.SlotHash;
import dev.evenkeel.shard.CrossShardException;
import dev.evenkeel.shard.EveryShard;
import dev.evenkeel.shard.IsolationException;
import dev.evenkeel.shard.NoShardException;
import dev.evenkeel.shard.ReplicaReadOnlyException;
import dev.evenkeel.shard.ShardKeyException;
import dev.evenkeel.shard.ShardNode;
import dev.evenkeel.shard.ShardStatus;
import dev.evenkeel.shard.ShardTransactions;
import dev.evenkeel.shard.ShardedAdvisor;
import dev.evenkeel.shard.Shards;
import dev.evenkeel.shard.SlotCatalogue;
import dev.evenkeel.shard.SlotStrategy;
import dev.evenkeel.shard.id.CurrentSlot;
import dev.evenkeel.shard.id.SequenceIds;
import dev.evenkeel.shard.id.SlotIds;
import dev.evenkeel.shard.id.SnowflakeIds;
import dev.evenkeel.testing.database.DatabaseInfo;
import dev.evenkeel.testing.database.TestDatabase;
import java.time.Duration;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.springframework.aop.framework.ProxyFactory;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.datasource.DataSourceTransactionManager;
import org.springframework.jdbc.datasource.DriverManagerDataSource;
import org.springframework.transaction.IllegalTransactionStateException;
import org.springframework.transaction.TransactionDefinition;
import org.springframework.transaction.support.TransactionSynchronization;
import org.springframework.transaction.support.TransactionSynchronizationManager;
import org.springframework.transaction.support.TransactionTemplate;

/** One transaction, one shard; the same under each kind of transaction manager. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class OneShardContract {

  private static final Runnable NOTHING = () -> {};

  private final AtomicLong ids = new AtomicLong(1_000);
  private final SortedMap<String, DatabaseInfo> databases = new TreeMap<>();
  private final DatabaseInfo replica;
  private final ConfigurableApplicationContext application;
  private final AccountService service;
  private final ShardTransactions transactions;
  private final ShardNode node;

  OneShardContract(Class<?> applicationClass, String... properties) {
    for (String shard : new String[] {"a", "b", "c"}) {
      databases.put(shard, TestDatabase.shared().createDatabase());
    }
    replica = TestDatabase.shared().createDatabase(); // tells where a read went
    String[] all = new String[properties.length + 1];
    System.arraycopy(properties, 0, all, 0, properties.length);
    all[properties.length] = "evenkeel.shards.b.replica-url=" + replica.jdbcUrl();
    application = TestApplications.startSharded(databases, applicationClass, all);
    service = application.getBean(AccountService.class);
    transactions = application.getBean(ShardTransactions.class);
    node = application.getBean(ShardNode.class);
  }

  @AfterAll
  void close() {
    application.close();
    databases.values().forEach(TestDatabase.shared()::dropDatabase);
    TestDatabase.shared().dropDatabase(replica);
  }

  final ConfigurableApplicationContext application() {
    return application;
  }

  /** A fresh id whose hash lies on a shard. */
  final long idOn(String shard) {
    while (true) {
      long id = ids.incrementAndGet();
      if (shardOf(id).equals(shard)) {
        return id;
      }
    }
  }

  private String shardOf(long id) {
    return node.map().entry(SlotHash.slotOf(Long.toString(id))).shard();
  }

  final int rows(String shard, String table, long id) {
    DatabaseInfo database = databases.get(shard);
    Integer count =
        new JdbcTemplate(
                new DriverManagerDataSource(
                    database.jdbcUrl(), database.username(), database.password()))
            .queryForObject(
                "SELECT count(*) FROM %s WHERE %s = ?"
                    .formatted(table, table.equals("account") ? "id" : "account_id"),
                Integer.class,
                id);
    return count == null ? 0 : count;
  }

  private void assertNowhere(long id) {
    for (String shard : databases.keySet()) {
      assertThat(rows(shard, "account", id)).as("account %d on %s", id, shard).isZero();
    }
  }

  @Test
  void transactionGoesToTheShardOfItsKey() {
    for (String shard : databases.keySet()) {
      long id = idOn(shard);
      service.open(new Opening(id, id), NOTHING);
      assertThat(rows(shard, "account", id)).isEqualTo(1);
    }
  }

  @Test
  void keyMayBeAPropertyOfTheOnlyParameterThatHasIt() {
    long id = idOn("c");
    service.openByProperty(new Opening(id, id));
    assertThat(rows("c", "account", id)).isEqualTo(1);
  }

  @Test
  void workInCodeIsRoutedTheSame() {
    long id = idOn("b");
    String shard =
        transactions.inShard(
            id,
            () -> {
              service.insert(id, "in code");
              return "done";
            });
    assertThat(shard).isEqualTo("done");
    assertThat(rows("b", "account", id)).isEqualTo(1);
  }

  @Test
  void nestedCallOfTheSameKeyJoins() {
    long id = idOn("a");
    assertThatThrownBy(
            () ->
                transactions.inShard(
                    id,
                    () -> {
                      transactions.inShard(id, () -> service.insert(id, "inner"));
                      throw new IllegalStateException("outer fails");
                    }))
        .hasMessage("outer fails");
    assertNowhere(id);
  }

  @Test
  void anotherShardInsideIsRefusedAndBothAreNamed() {
    long id = idOn("a");
    long other = idOn("b");
    assertThatThrownBy(
            () ->
                service.open(
                    new Opening(id, id),
                    () -> transactions.inShard(other, () -> service.insert(other, "never"))))
        .isInstanceOf(CrossShardException.class)
        .hasMessageContaining("shard \"a\" (key \"%d\"".formatted(id))
        .hasMessageContaining("\"b\" (key \"%d\"".formatted(other))
        .hasMessageContaining("saga");
    assertNowhere(id);
    assertNowhere(other);
  }

  @Test
  void requiresNewOnAnotherShardIsRefused() {
    long id = idOn("a");
    long other = idOn("c");
    assertThatThrownBy(() -> service.open(new Opening(id, id), () -> service.note(other, "never")))
        .isInstanceOf(CrossShardException.class)
        .hasMessageContaining("\"a\"")
        .hasMessageContaining("\"c\"");
    assertNowhere(id);
    assertNowhere(other);
  }

  @Test
  void anotherShardIsRefusedBehindASuspendedTransactionToo() {
    long id = idOn("a");
    long other = idOn("b");
    assertThatThrownBy(
            () ->
                service.open(
                    new Opening(id, id),
                    () -> service.suspended(() -> service.note(other, "never"))))
        .isInstanceOf(CrossShardException.class);
    assertNowhere(id);
    assertNowhere(other);
  }

  @Test
  void requiresNewOnTheSameSlotIsATransactionOfItsOwn() {
    long id = idOn("a");
    assertThatThrownBy(
            () ->
                transactions.inShard(
                    id,
                    () -> {
                      service.note(id, "stays");
                      throw new IllegalStateException("outer fails");
                    }))
        .hasMessage("outer fails");
    assertThat(rows("a", "account", id)).isEqualTo(1);
  }

  @Test
  void anotherSlotOfTheSameShardIsRefusedBecauseSlotsMoveApart() {
    long id = idOn("a");
    long other = idOn("a");
    assertThatThrownBy(() -> service.open(new Opening(id, id), () -> service.note(other, "never")))
        .isInstanceOf(CrossShardException.class)
        .hasMessageContaining("slot " + SlotHash.slotOf(Long.toString(id)))
        .hasMessageContaining("slot " + SlotHash.slotOf(Long.toString(other)));
  }

  @Test
  void missingKeyIsRefusedAndTheMethodNamed() {
    assertThatThrownBy(() -> service.open(new Opening(null, 1), NOTHING))
        .isInstanceOf(ShardKeyException.class)
        .hasMessageContaining("AccountService.open")
        .hasMessageContaining("null");
    assertThatThrownBy(() -> transactions.inShard(" ", NOTHING))
        .isInstanceOf(ShardKeyException.class)
        .hasMessageContaining("blank");
  }

  @Test
  void keyThatChangesMidwayIsRefusedAtCommit() {
    long id = idOn("a");
    long other = idOn("b");
    Opening opening = new Opening(id, id);
    assertThatThrownBy(() -> service.open(opening, () -> opening.setAccountId(other)))
        .isInstanceOf(ShardKeyException.class)
        .hasMessageContaining("from \"%d\" to \"%d\"".formatted(id, other))
        .hasMessageContaining("shard \"a\"");
    assertNowhere(id);
  }

  @Test
  void accessOutsideAShardScopeIsRefused() {
    assertThatThrownBy(service::withoutShard)
        .hasRootCauseInstanceOf(NoShardException.class)
        .rootCause()
        .hasMessageContaining("@Sharded");
    assertThatThrownBy(() -> application.getBean(JdbcTemplate.class).execute("SELECT 1"))
        .hasRootCauseInstanceOf(NoShardException.class);
  }

  @Test
  void scopeEndsWithTheCall() {
    long id = idOn("a");
    service.open(new Opening(id, id), NOTHING);
    long other = idOn("b");
    service.open(new Opening(other, other), NOTHING);
    assertThatThrownBy(service::withoutShard).hasRootCauseInstanceOf(NoShardException.class);
  }

  @Test
  void connectionThatSpringKeepsForAnOuterMethodServesNoOtherShard() {
    long id = idOn("a");
    long other = idOn("b");
    assertThatThrownBy(
            () ->
                service.suspended(
                    () -> {
                      service.plainWrite(id);
                      service.plainWrite(other);
                    }))
        .isInstanceOf(CrossShardException.class)
        .hasMessageContaining("\"a\"")
        .hasMessageContaining("\"b\"");
    assertNowhere(other);

    service.suspended(() -> service.plainWrite(other)); // nothing is left of it
    assertThat(rows("b", "account", other)).isEqualTo(1);
  }

  @Test
  void scopesOneAfterTheOtherMayDiffer() {
    long id = idOn("a");
    long other = idOn("b");
    service.plainWrite(id);
    service.plainWrite(other);
    assertThat(rows("a", "account", id)).isEqualTo(1);
    assertThat(rows("b", "account", other)).isEqualTo(1);
  }

  @Test
  void managerThatNobodyFollowsCanNotBeJoinedByAnotherShard() {
    DataSourceTransactionManager unknown =
        new DataSourceTransactionManager(application.getBean(DataSource.class));
    TransactionTemplate template = new TransactionTemplate(unknown);
    long id = idOn("a");
    long other = idOn("b");
    assertThatThrownBy(
            () ->
                transactions.inShard(
                    id,
                    () -> {
                      template.setPropagationBehavior(
                          TransactionDefinition.PROPAGATION_REQUIRES_NEW);
                      return template.execute(
                          status -> {
                            service.insert(id, "never");
                            service.plainWrite(other);
                            return "never";
                          });
                    }))
        .isInstanceOf(CrossShardException.class);
    assertNowhere(id);
    assertNowhere(other);
  }

  @Test
  void failureBeforeTheCommitLeavesNeitherRowsNorABindingBehind() {
    long id = idOn("a");
    assertThatThrownBy(
            () ->
                transactions.inShard(
                    id,
                    () -> {
                      service.insert(id, "never");
                      TransactionSynchronizationManager.registerSynchronization(
                          new TransactionSynchronization() {
                            @Override
                            public void beforeCommit(boolean readOnly) {
                              throw new IllegalTransactionStateException("as from MANDATORY");
                            }
                          });
                    }))
        .isInstanceOf(IllegalTransactionStateException.class);
    assertNowhere(id);
    long other = idOn("b"); // the thread is free for another shard
    service.open(new Opening(other, other), NOTHING);
  }

  @Test
  void innerKeyThatChangesMidwayIsRefusedToo() {
    long id = idOn("a");
    Opening inner = new Opening(id, id);
    assertThatThrownBy(
            () ->
                transactions.inShard(
                    id, () -> service.join(inner, () -> inner.setAccountId(idOn("b")))))
        .isInstanceOf(ShardKeyException.class)
        .hasMessageContaining("changed from");
  }

  @Test
  void innerScopeSaysWhereItReads() {
    long id = idOn("b");
    assertThat(service.<String>readingFromReplica(id, () -> service.databaseOfAPrimaryRead(id)))
        .isEqualTo(databases.get("b").name());
  }

  @Test
  void callbackAfterTheCommitIsStillBoundAndAnotherShardRefused() {
    long id = idOn("a");
    long other = idOn("b");
    AtomicReference<Throwable> refused = new AtomicReference<>();
    transactions.inShard(
        id,
        () ->
            TransactionSynchronizationManager.registerSynchronization(
                new TransactionSynchronization() {
                  @Override
                  public void afterCommit() {
                    try {
                      service.note(other, "never");
                    } catch (CrossShardException e) {
                      refused.set(e);
                    }
                  }
                }));
    assertThat(refused.get()).isInstanceOf(CrossShardException.class);
    assertNowhere(other);
  }

  @Test
  void annotatedRepositoryInterfaceIsRouted() {
    long id = idOn("c");
    ProxyFactory proxy = new ProxyFactory(new RoutedNotes.InMemory(application));
    proxy.setInterfaces(RoutedNotes.class);
    proxy.addAdvisor(application.getBean(ShardedAdvisor.class));
    RoutedNotes notes = (RoutedNotes) proxy.getProxy();
    assertThat(notes.database(id)).isEqualTo(databases.get("c").name());
    assertThat(notes).hasToString("notes");
  }

  @Test
  void otherIsolationLevelsAreRefused() {
    long id = idOn("a");
    assertThatThrownBy(() -> service.serializable(id))
        .isInstanceOf(IsolationException.class)
        .hasMessageContaining("READ COMMITTED");
    assertNowhere(id);
  }

  @Test
  void readOnlyTransactionMayReadFromTheReplica() {
    assertThat(service.databaseForReading(idOn("b"))).isEqualTo(replica.name());
    assertThat(service.databaseForReading(idOn("a"))).isEqualTo(databases.get("a").name());
  }

  @Test
  void writingInAReplicasScopeIsRefused() {
    assertThatThrownBy(() -> service.writeToReplica(idOn("b")))
        .hasRootCauseInstanceOf(ReplicaReadOnlyException.class)
        .rootCause()
        .hasMessageContaining("readOnly = true");
  }

  @Test
  void fanOutAsksEveryShardAndNoTransactionMayAskIt() {
    for (String shard : databases.keySet()) {
      long id = idOn(shard);
      service.open(new Opening(id, id), NOTHING);
    }
    JdbcTemplate jdbc = application.getBean(JdbcTemplate.class);
    EveryShard<String> names =
        transactions.onEveryShard(
            () -> jdbc.queryForObject("SELECT current_database()", String.class));
    assertThat(names.answers().keySet()).containsExactly("a", "b", "c");
    assertThat(names.all())
        .containsExactlyElementsOf(databases.values().stream().map(DatabaseInfo::name).toList());

    long id = idOn("a");
    assertThatThrownBy(
            () -> transactions.inShard(id, () -> transactions.onEveryShard(() -> "never")))
        .isInstanceOf(CrossShardException.class)
        .hasMessageContaining("every shard");
  }

  @Test
  void fanOutDoesNotWrite() {
    JdbcTemplate jdbc = application.getBean(JdbcTemplate.class);
    EveryShard<Integer> written =
        transactions.onEveryShard(
            () -> jdbc.update("INSERT INTO account (id, slot, note) VALUES (1, 1, 'never')"));
    assertThat(written.failures().keySet()).isEqualTo(Set.of("a", "b", "c"));
  }

  @Test
  void handlersRunOnTheShardOfTheirKey() {
    long id = idOn("a");
    long recommender = idOn("c");
    service.open(new Opening(id, recommender), NOTHING);
    await()
        .atMost(Duration.ofSeconds(60))
        .untilAsserted(
            () -> {
              assertThat(rows("a", "seen", id)).as("own shard").isEqualTo(1);
              assertThat(rows("c", "seen", id))
                  .as("recommender's shard, by its key and by a key that carries its slot")
                  .isEqualTo(2);
            });
    assertThat(rows("b", "seen", id)).isZero();
  }

  @Test
  void messagesAndInboxRowsCarryTheSlot() {
    long id = idOn("a");
    long recommender = idOn("b");
    service.open(new Opening(id, recommender), NOTHING);

    assertThat(on("a", "SELECT slot FROM evenkeel.outbox WHERE aggregateid = ?", "" + id))
        .isEqualTo(SlotHash.slotOf("" + id));
    await().atMost(Duration.ofSeconds(60)).until(() -> rows("b", "seen", id) == 2);
    assertThat(
            on(
                "b",
                "SELECT slot FROM evenkeel.inbox WHERE consumer = ? AND slot = "
                    + SlotHash.slotOf("" + recommender),
                "recommender"))
        .isEqualTo(SlotHash.slotOf("" + recommender));
  }

  private Integer on(String shard, String sql, String argument) {
    DatabaseInfo database = databases.get(shard);
    return new JdbcTemplate(
            new DriverManagerDataSource(
                database.jdbcUrl(), database.username(), database.password()))
        .queryForObject(sql, Integer.class, argument);
  }

  @Test
  void idsKnowSlotAndShard() {
    long id = idOn("c");
    SequenceIds sequence = application.getBean(SequenceIds.class);
    long first = transactions.inShard(id, sequence::next);
    long second = transactions.inShard(id, sequence::next);
    assertThat(second).isNotEqualTo(first);
    assertThat(SequenceIds.shardOrdinalOf(first)).isEqualTo(node.map().ordinalOf("c"));
    CurrentSlot slot = application.getBean(CurrentSlot.class);
    UUID carrying = transactions.inShard(id, () -> SlotIds.next(slot.slot()));
    assertThat(SlotIds.slotOf(carrying)).isEqualTo(SlotHash.slotOf("" + id));
    assertThat(
            transactions.<String>inShard(
                SlotStrategy.CARRIED,
                carrying,
                () ->
                    application
                        .getBean(JdbcTemplate.class)
                        .queryForObject("SELECT current_database()", String.class)))
        .isEqualTo(databases.get("c").name());
    assertThatThrownBy(() -> transactions.inShard(SlotStrategy.CARRIED, "7", () -> "never"))
        .isInstanceOf(ShardKeyException.class)
        .hasMessageContaining("carries no slot");
    SnowflakeIds snowflake = application.getBean(SnowflakeIds.class);
    assertThat(snowflake.next()).isLessThan(snowflake.next());
  }

  @Test
  void directoryRoutesKeysThatWereAssignedAndRefusesOthers() {
    SlotCatalogue catalogue = application.getBean(SlotCatalogue.class);
    int slotOnB =
        node.map().entries().stream()
            .filter(e -> e.shard().equals("b"))
            .findFirst()
            .orElseThrow()
            .slot();
    catalogue.createStrategy("by-region", SlotCatalogue.Assignments.DIRECTORY);
    catalogue.assign("by-region", "north", slotOnB);
    await()
        .atMost(Duration.ofSeconds(60))
        .ignoreExceptions()
        .untilAsserted(
            () -> assertThat(service.databaseOf("north")).isEqualTo(databases.get("b").name()));
    assertThatThrownBy(() -> service.databaseOf("south"))
        .isInstanceOf(ShardKeyException.class)
        .hasMessageContaining("by-region")
        .hasMessageContaining("south");
    assertThatThrownBy(() -> catalogue.assign("by-region", "north", 1))
        .isInstanceOf(ShardKeyException.class)
        .hasMessageContaining("move its slot");
  }

  @Test
  void everyShardIsUpAndRelayed() {
    assertThat(application.getBean(Shards.class).statuses())
        .extracting(ShardStatus::state)
        .containsOnly(ShardStatus.State.UP);
    assertThat(
            application.getBean(Shards.class).statuses().stream()
                .mapToInt(ShardStatus::slots)
                .sum())
        .isEqualTo(SlotHash.SLOTS);
    await()
        .atMost(Duration.ofSeconds(60))
        .untilAsserted(
            () ->
                assertThat(application.getBean(RelayLifecycle.class).statuses().values())
                    .hasSize(3)
                    .allSatisfy(status -> assertThat(status.state().leads()).isTrue()));
  }
}
