package dev.evenkeel.shard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.datasource.DataSourceTransactionManager;
import org.springframework.transaction.TransactionDefinition;
import org.springframework.transaction.support.TransactionTemplate;

/** Two shards, and a transaction that would like to be on both. */
class ShardBindingIT {

  private final Catalogue a = new Catalogue();
  private final Catalogue b = new Catalogue();
  private final Shards shards =
      new Shards(
          List.of(
              new ShardDatabase("a", a.dataSource(), null),
              new ShardDatabase("b", b.dataSource(), null)),
          shard -> 2048);
  private final RoutingDataSource routing = new RoutingDataSource(shards);
  private final DataSourceTransactionManager transactions =
      new DataSourceTransactionManager(routing);
  private final RoutingShardTransactions inShards =
      new RoutingShardTransactions(
          new ShardRouter(() -> SlotMaps.dealt("a", "b"), Map.of("number", Integer::parseInt)),
          shards,
          () -> transactions,
          Duration.ofSeconds(10));

  @BeforeEach
  void create() {
    transactions.addListener(new RoutedTransactions(routing));
    for (Catalogue shard : List.of(a, b)) {
      shard.jdbc().execute("CREATE TABLE note (slot int)");
    }
    shards.up("a");
    shards.up("b");
  }

  @AfterEach
  void close() {
    inShards.close();
    a.close();
    b.close();
  }

  private void write(int slot) {
    new JdbcTemplate(routing).update("INSERT INTO note VALUES (?)", slot);
  }

  private void in(int slot, Runnable work) {
    inShards.inShard(
        "number",
        slot,
        () -> {
          work.run();
          return null;
        });
  }

  private static List<Integer> notes(Catalogue shard) {
    return shard.jdbc().queryForList("SELECT slot FROM note ORDER BY slot", Integer.class);
  }

  @Test
  void transactionStaysOnTheShardWhereItBegan() {
    Throwable refusal =
        catchThrowable(
            () ->
                in(
                    0,
                    () -> {
                      write(0);
                      in(1, () -> write(1));
                    }));

    assertThat(refusal).as("one transaction, one slot").isInstanceOf(CrossShardException.class);
    assertThat(notes(a)).isEmpty();
    assertThat(notes(b)).isEmpty();
    in(1, () -> write(1)); // nothing of it is left on the thread
    assertThat(notes(b)).containsExactly(1);
  }

  /** Otherwise the inner one might commit, and the outer one roll back. */
  @Test
  void transactionWithinATransactionIsOnTheSameShard() {
    TransactionTemplate anew = new TransactionTemplate(transactions);
    anew.setPropagationBehavior(TransactionDefinition.PROPAGATION_REQUIRES_NEW);
    Throwable refusal =
        catchThrowable(
            () ->
                in(
                    0,
                    () -> {
                      write(0);
                      ShardContext.current()
                          .call(
                              new ShardBinding(1, "b", "1", ReadFrom.PRIMARY, null),
                              () -> {
                                anew.executeWithoutResult(status -> write(1));
                                return null;
                              });
                      throw new IllegalStateException("the outer one rolls back");
                    }));

    assertThat(notes(b)).as("what one transaction wants is done wholly or not at all").isEmpty();
    assertThat(refusal).isInstanceOf(CrossShardException.class);
    assertThat(notes(a)).isEmpty();
  }
}
