package dev.evenkeel.shard.id;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLFeatureNotSupportedException;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.LongStream;
import javax.sql.DataSource;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.dao.DataAccessException;
import org.springframework.jdbc.datasource.AbstractDataSource;
import org.springframework.jdbc.datasource.DataSourceTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

class SequenceIdsIT {

  private static final IdDatabase a = IdDatabase.create();
  private static final IdDatabase b = IdDatabase.create();
  private static final ThreadLocal<NumberedShard> current = new ThreadLocal<>();
  private final DataSource ofA = a.dataSource();
  private NumberedShard shardA;
  private NumberedShard shardB;

  @BeforeEach
  void startFromOne() {
    for (IdDatabase each : List.of(a, b)) {
      each.sql().execute("ALTER SEQUENCE evenkeel.shard_sequence INCREMENT BY 100 RESTART");
    }
    shardA = new NumberedShard("a", 0, ofA);
    shardB = new NumberedShard("b", 1_023, b.dataSource());
  }

  private SequenceIds ids() {
    return new SequenceIds(IdDatabase.SCHEMA, current::get);
  }

  @Test
  void idSaysItsShard() {
    SequenceIds ids = ids();
    current.set(shardA);
    long first = ids.next();
    current.set(shardB);
    long second = ids.next();

    assertThat(SequenceIds.shardOrdinalOf(first)).isZero();
    assertThat(SequenceIds.shardOrdinalOf(second)).isEqualTo(1_023);
    assertThat(first >> 10).isEqualTo(second >> 10).isEqualTo(1);
  }

  @Test
  void fourThreadsOfTwoProcessesOnTwoShardsDrawNothingTwice() throws Exception {
    SequenceIds one = ids();
    SequenceIds two = ids();
    AtomicInteger turn = new AtomicInteger();
    long[] all =
        Threads.draw(
            () -> {
              int n = turn.getAndIncrement();
              current.set((n & 1) == 0 ? shardA : shardB);
              return ((n & 2) == 0 ? one : two).next();
            },
            4,
            100_000,
            false);

    assertThat(LongStream.of(all).distinct().count()).isEqualTo(all.length);
    assertThat(Arrays.stream(all).map(id -> SequenceIds.shardOrdinalOf(id)).filter(o -> o == 0))
        .hasSize(all.length / 2);
  }

  @Test
  void oneIdInAHundredCostsAStatement() {
    AtomicInteger connections = new AtomicInteger();
    current.set(new NumberedShard("a", 0, counting(ofA, connections)));
    SequenceIds ids = ids();
    for (int n = 0; n < 1_000; n++) {
      assertThat(ids.next() >> 10).isEqualTo(n + 1);
    }
    assertThat(connections).hasValue(10);
  }

  @Test
  void numbersAreDrawnOnTheTransactionsConnectionAndRollBackWithNothing() {
    AtomicInteger connections = new AtomicInteger();
    DataSource counted = counting(ofA, connections);
    current.set(new NumberedShard("a", 0, counted));
    TransactionTemplate transaction =
        new TransactionTemplate(new DataSourceTransactionManager(counted));
    SequenceIds ids = ids();
    long rolledBack =
        transaction.execute(
            status -> {
              status.setRollbackOnly();
              return ids.next();
            });

    assertThat(connections).as("the transaction's").hasValue(1);
    assertThat(ids.next()).isEqualTo(rolledBack + 1_024);
    assertThat(ids().next()).as("of another process").isEqualTo(rolledBack + 100 * 1_024);
  }

  @Test
  void readOnlyTransactionDrawsNothing() {
    current.set(shardA);
    TransactionTemplate readOnly = new TransactionTemplate(new DataSourceTransactionManager(ofA));
    readOnly.setReadOnly(true);
    SequenceIds ids = ids();

    assertThatThrownBy(() -> readOnly.execute(status -> ids.next()))
        .isInstanceOf(DataAccessException.class)
        .hasMessageContaining("read-only transaction");
    assertThat(ids.next()).isEqualTo(1_024);
  }

  @Test
  void alteredSequenceIsRefused() {
    a.sql().execute("ALTER SEQUENCE evenkeel.shard_sequence INCREMENT BY 1");
    current.set(shardA);
    SequenceIds ids = ids();

    assertThatThrownBy(ids::next)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageStartingWith(
            "The sequence evenkeel.shard_sequence of shard a must have an increment of 100");
  }

  @Test
  void exhaustedSequenceIsRefused() {
    a.sql().execute("ALTER SEQUENCE evenkeel.shard_sequence RESTART WITH 9007199254740991");
    current.set(shardA);

    assertThatThrownBy(ids()::next)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("has come to 9007199254740991");
  }

  @Test
  void ordinalOutOfRangeIsRefused() {
    assertThatThrownBy(() -> new NumberedShard("c", 1_024, ofA))
        .hasMessage("The ordinal of shard c must be between 0 and 1023, was 1024");
  }

  private static DataSource counting(DataSource target, AtomicInteger connections) {
    return new AbstractDataSource() {
      @Override
      public Connection getConnection() throws SQLException {
        connections.incrementAndGet();
        return target.getConnection();
      }

      @Override
      public Connection getConnection(String username, String password) throws SQLException {
        throw new SQLFeatureNotSupportedException();
      }
    };
  }
}
