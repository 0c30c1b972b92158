package dev.evenkeel.bench;

import dev.evenkeel.testing.database.DatabaseInfo;
import io.debezium.embedded.Connect;
import io.debezium.engine.DebeziumEngine;
import io.debezium.engine.DebeziumEngine.ChangeConsumer;
import io.debezium.engine.DebeziumEngine.RecordCommitter;
import io.debezium.engine.RecordChangeEvent;
import io.debezium.engine.format.ChangeEventFormat;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.source.SourceRecord;
import org.jspecify.annotations.Nullable;
import org.postgresql.Driver;

/**
 * Debezium's engine and nothing else: Connect format, 2 ms polling, no transformation; unless
 * another is given, a consumer that reads the aggregate's id.
 */
final class BareEngine implements AutoCloseable {

  private static final long STOP_SECONDS = 30;

  private final Properties properties;
  private final ExecutorService thread = Executors.newSingleThreadExecutor();
  private final AtomicReference<@Nullable String> ended = new AtomicReference<>();
  private @Nullable DebeziumEngine<RecordChangeEvent<SourceRecord>> engine;

  BareEngine(DatabaseInfo database, String replicationSlot) {
    properties = properties(database, replicationSlot);
  }

  private static Properties properties(DatabaseInfo database, String replicationSlot) {
    Properties url = Driver.parseURL(database.jdbcUrl(), new Properties());
    Properties properties = new Properties();
    properties.setProperty("name", "reference");
    properties.setProperty("connector.class", "io.debezium.connector.postgresql.PostgresConnector");
    properties.setProperty("topic.prefix", "reference");
    properties.setProperty("database.hostname", url.getProperty("PGHOST"));
    properties.setProperty("database.port", url.getProperty("PGPORT"));
    properties.setProperty("database.dbname", database.name());
    properties.setProperty("database.user", database.username());
    properties.setProperty("database.password", database.password());
    properties.setProperty("plugin.name", "pgoutput");
    properties.setProperty("slot.name", replicationSlot);
    properties.setProperty("publication.name", ReferencePipeline.PUBLICATION);
    properties.setProperty("publication.autocreate.mode", "disabled");
    properties.setProperty("snapshot.mode", "no_data");
    properties.setProperty(
        "offset.storage", "org.apache.kafka.connect.storage.MemoryOffsetBackingStore");
    properties.setProperty("offset.flush.interval.ms", "1000");
    properties.setProperty("poll.interval.ms", "2");
    properties.setProperty("errors.max.retries", "0");
    return properties;
  }

  /** Starts with a consumer that counts. */
  void start(Progress progress) {
    start((records, committer) -> count(records, committer, progress));
  }

  /** Starts with another consumer, which is called on the engine's thread. */
  void start(ChangeConsumer<RecordChangeEvent<SourceRecord>> consumer) {
    engine =
        DebeziumEngine.create(ChangeEventFormat.of(Connect.class))
            .using(properties)
            .using((success, message, error) -> ended.set(message))
            .notifying(consumer)
            .build();
    thread.execute(engine);
  }

  private static void count(
      List<RecordChangeEvent<SourceRecord>> records,
      RecordCommitter<RecordChangeEvent<SourceRecord>> committer,
      Progress progress)
      throws InterruptedException {
    for (RecordChangeEvent<SourceRecord> record : records) {
      Struct after = ((Struct) record.record().value()).getStruct("after");
      progress.deliveredAndHandled(Long.parseLong(after.getString("aggregateid")));
      committer.markProcessed(record);
    }
    committer.markBatchFinished();
  }

  /**
   * Fails when the engine has given up.
   *
   * @throws IllegalStateException with its message
   */
  void requireRunning() {
    String message = ended.get();
    if (message != null) {
      throw new IllegalStateException("The reference's engine ended: " + message);
    }
  }

  @Override
  public void close() throws Exception {
    if (engine != null) {
      engine.close();
    }
    thread.shutdown();
    if (!thread.awaitTermination(STOP_SECONDS, TimeUnit.SECONDS)) {
      throw new IllegalStateException(
          "The reference's engine did not end in %d s".formatted(STOP_SECONDS));
    }
  }
}
