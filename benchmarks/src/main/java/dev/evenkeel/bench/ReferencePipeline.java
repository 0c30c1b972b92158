package dev.evenkeel.bench;

import dev.evenkeel.testing.database.DatabaseInfo;
import io.debezium.engine.DebeziumEngine.ChangeConsumer;
import io.debezium.engine.RecordChangeEvent;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import org.apache.kafka.connect.source.SourceRecord;

/**
 * The bare reference, with no framework code: JDBC with statements that are prepared once, into the
 * smallest table that Debezium's event router reads (no index, no partitions, inserts only), and
 * Debezium's engine with a consumer that counts. The payload is encoded beforehand. Fixed: ratios
 * are only worth something while this stays as it is.
 */
final class ReferencePipeline implements Pipeline {

  static final String PUBLICATION = "reference";

  private static final String REPLICATION_SLOT = "reference";

  private static final String OUTBOX =
      """
      CREATE TABLE outbox (
          id            uuid  NOT NULL,
          aggregatetype text  NOT NULL,
          aggregateid   text  NOT NULL,
          type          text  NOT NULL,
          payload       bytea NOT NULL
      )
      """;

  private static final String INSERT_EVENT =
      "INSERT INTO outbox (id, aggregatetype, aggregateid, type, payload) VALUES (?, ?, ?, ?, ?)";

  private static final String PAYLOAD =
      """
      {"orderId":123456,"customer":"customer-3456","cents":24456,"remark":"%s"}""";

  private final BenchDatabase database;
  private final String replicationSlot;
  private final BareEngine engine;
  private final byte[] payload;

  ReferencePipeline(BenchDatabase database) {
    this(database, OrderPlaced.REMARK);
  }

  /**
   * With another payload, for when that is what is measured.
   *
   * @param remark most of the payload
   */
  ReferencePipeline(BenchDatabase database, String remark) {
    this.database = database;
    this.payload = PAYLOAD.formatted(remark).getBytes(StandardCharsets.UTF_8);
    // Replication slots are named cluster-wide.
    this.replicationSlot = REPLICATION_SLOT + "_" + database.info().name();
    this.engine = new BareEngine(database.info(), replicationSlot);
  }

  @Override
  public void prepare() throws SQLException {
    database.execute(Tables.ORDERS);
    database.execute(OUTBOX);
    database.execute(
        "CREATE PUBLICATION %s FOR TABLE outbox WITH (publish = 'insert')".formatted(PUBLICATION));
    createReplicationSlot(replicationSlot);
  }

  void createReplicationSlot(String name) throws SQLException {
    database.execute("SELECT pg_create_logical_replication_slot('%s', 'pgoutput')".formatted(name));
  }

  @Override
  public void start(Progress progress) throws InterruptedException, SQLException {
    engine.start(progress);
    awaitStreaming();
  }

  /** Starts with a consumer of its own. */
  void start(ChangeConsumer<RecordChangeEvent<SourceRecord>> consumer)
      throws InterruptedException, SQLException {
    engine.start(consumer);
    awaitStreaming();
  }

  private void awaitStreaming() throws InterruptedException, SQLException {
    while (!isStreaming()) {
      engine.requireRunning();
      Thread.sleep(5);
    }
  }

  private boolean isStreaming() throws SQLException {
    return "t"
        .equals(
            database.text(
                "SELECT active FROM pg_replication_slots WHERE slot_name = '%s'"
                    .formatted(replicationSlot)));
  }

  @Override
  public Writer openWriter() throws SQLException {
    return new JdbcWriter(database.info(), payload);
  }

  @Override
  public void close() throws Exception {
    engine.close();
  }

  private static final class JdbcWriter implements Writer {

    private final Connection connection;
    private final PreparedStatement insertOrder;
    private final PreparedStatement insertEvent;
    private final byte[] payload;

    @SuppressWarnings("MustBeClosedChecker")
    JdbcWriter(DatabaseInfo database, byte[] payload) throws SQLException {
      this.payload = payload;
      connection = database.connect();
      connection.setAutoCommit(false);
      insertOrder = connection.prepareStatement(Tables.INSERT_ORDER);
      insertEvent = connection.prepareStatement(INSERT_EVENT);
    }

    @Override
    public void write(long order, Runnable beforeCommit) throws SQLException {
      insertOrder.setLong(1, order);
      insertOrder.setString(2, OrderPlaced.customerOf(order));
      insertOrder.setLong(3, OrderPlaced.centsOf(order));
      insertOrder.executeUpdate();
      setEvent(order);
      insertEvent.executeUpdate();
      beforeCommit.run();
      connection.commit();
    }

    @Override
    public void writeEvents(long firstOrder, int count) throws SQLException {
      for (long order = firstOrder; order < firstOrder + count; order++) {
        setEvent(order);
        insertEvent.addBatch();
      }
      insertEvent.executeBatch();
      connection.commit();
    }

    private void setEvent(long order) throws SQLException {
      ThreadLocalRandom random = ThreadLocalRandom.current();
      insertEvent.setObject(1, new UUID(random.nextLong(), random.nextLong()));
      insertEvent.setString(2, "order");
      insertEvent.setString(3, Long.toString(order));
      insertEvent.setString(4, "order-placed");
      insertEvent.setBytes(5, payload);
    }

    @Override
    public void close() throws SQLException {
      connection.close();
    }
  }
}
