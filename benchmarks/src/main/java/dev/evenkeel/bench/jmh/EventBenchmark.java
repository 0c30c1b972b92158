package dev.evenkeel.bench.jmh;

import com.zaxxer.hikari.HikariDataSource;
import dev.evenkeel.migrations.SchemaMigration;
import dev.evenkeel.outbox.EventType;
import dev.evenkeel.outbox.EventTypes;
import dev.evenkeel.outbox.JsonPayloadCodec;
import dev.evenkeel.outbox.Outbox;
import dev.evenkeel.outbox.OutboxEvent;
import dev.evenkeel.outbox.OutboxOptions;
import dev.evenkeel.outbox.TransactionalOutbox;
import dev.evenkeel.outbox.spi.MessageObserver;
import dev.evenkeel.testing.database.DatabaseInfo;
import dev.evenkeel.testing.database.TestDatabase;
import java.util.List;
import java.util.Optional;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.infra.Blackhole;
import org.springframework.jdbc.datasource.DataSourceTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;
import tools.jackson.databind.json.JsonMapper;

/** From an event's class to a message in the transaction's buffer. */
@State(Scope.Benchmark)
public class EventBenchmark {

  /** Of one transaction, whose beginning and end are a small part of it then. */
  private static final int APPENDS = 500;

  private static final Order EVENT =
      new Order(4_711, "customer-4711", 12_345, "Leave the parcel with the neighbour on the left.");

  private final EventTypes types = EventTypes.of(List.of(Order.class));
  private DatabaseInfo database = TestDatabase.shared().createDatabase();
  private HikariDataSource pool = new HikariDataSource();
  private TransactionTemplate transaction = new TransactionTemplate();
  private Outbox outbox = outbox();

  /** What is appended. */
  @OutboxEvent(type = "order", aggregateType = "order", key = "orderId")
  public record Order(long orderId, String customer, long cents, String remark) {}

  /** Makes tables and pool. */
  @Setup
  public void open() {
    pool.setJdbcUrl(database.jdbcUrl());
    pool.setUsername(database.username());
    pool.setPassword(database.password());
    new SchemaMigration("evenkeel").migrate(pool);
    transaction = new TransactionTemplate(new DataSourceTransactionManager(pool));
  }

  /** Drops the database. */
  @TearDown
  public void close() {
    pool.close();
    TestDatabase.shared().dropDatabase(database);
  }

  private Outbox outbox() {
    return new TransactionalOutbox(
        pool,
        OutboxOptions.defaults(),
        types,
        new JsonPayloadCodec(JsonMapper.builder().build()),
        new TransactionalOutbox.Context(List.of(), List.of(), MessageObserver.NONE));
  }

  /** Encoding, id, headers and buffer; the transaction is rolled back, so nothing is written. */
  @Benchmark
  @OperationsPerInvocation(APPENDS)
  public void append() {
    transaction.executeWithoutResult(
        status -> {
          for (int append = 0; append < APPENDS; append++) {
            outbox.append(EVENT);
          }
          status.setRollbackOnly();
        });
  }

  /** The type of a class, as an append looks it up. */
  @Benchmark
  public Optional<EventType> typeOfClass() {
    return types.find(Order.class);
  }

  /** The class of a type, as a delivery looks it up. */
  @Benchmark
  public void classOfType(Blackhole seen) {
    seen.consume(types.find("order", 1));
  }
}
