package dev.evenkeel.relay;

import dev.evenkeel.outbox.HeadersJson;
import dev.evenkeel.outbox.LogicalMessage;
import io.debezium.embedded.Connect;
import io.debezium.engine.DebeziumEngine;
import io.debezium.engine.RecordChangeEvent;
import io.debezium.engine.format.ChangeEventFormat;
import io.debezium.engine.spi.OffsetCommitPolicy;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.connect.source.SourceRecord;
import org.jspecify.annotations.Nullable;
import org.postgresql.Driver;
import org.postgresql.PGProperty;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One Debezium engine: started once, stopped once. It stores no offset, so it streams from where
 * the replication slot stands; and it never restarts by itself, because it would make a missing
 * replication slot again without a word.
 */
final class DebeziumStream {

  private static final Logger log = LoggerFactory.getLogger(DebeziumStream.class);

  /**
   * What an engine's start initializes beyond its own construction; their initializers are slow.
   */
  private static final List<String> COLD_CLASSES =
      List.of(
          "io.debezium.connector.postgresql.PostgresConnector",
          "io.debezium.connector.postgresql.PostgresConnectorConfig",
          "io.debezium.connector.postgresql.PostgresConnectorTask",
          "io.debezium.connector.postgresql.PostgresSchema",
          "io.debezium.connector.postgresql.PostgresStreamingChangeEventSource",
          "io.debezium.connector.postgresql.PostgresValueConverter",
          "io.debezium.connector.postgresql.connection.PostgresConnection",
          "io.debezium.connector.postgresql.connection.PostgresReplicationConnection",
          "io.debezium.connector.postgresql.connection.pgoutput.PgOutputMessageDecoder",
          "io.debezium.pipeline.ChangeEventSourceCoordinator",
          "io.debezium.pipeline.EventDispatcher",
          "io.debezium.relational.RelationalChangeRecordEmitter",
          "org.apache.kafka.connect.json.JsonConverter",
          "org.apache.kafka.connect.storage.OffsetStorageWriter");

  private static final AtomicLong ENGINES = new AtomicLong();

  private static final AtomicBoolean WARM = new AtomicBoolean();

  private static final int MAX_BATCH = 2_048;
  private static final int MAX_QUEUE = 8_192;
  private static final Duration STOP = Duration.ofSeconds(20);

  /** What happens on the engine's thread. */
  interface Batches {
    /** Records came. */
    void take(List<Captured> batch, Dispatcher.Confirmer confirmer) throws Exception;

    /** A turn without records: the server may be decoding something long that is not for us. */
    void idle() throws InterruptedException;
  }

  /**
   * The engine asks this policy at the end of our own confirmations, which it must flush, and after
   * each empty poll, when there is nothing to flush: that is the one place to learn that its thread
   * is alive.
   */
  private OffsetCommitPolicy policy(Batches batches) {
    return (records, sinceLastCommit) -> {
      if (records > 0) {
        return true;
      }
      try {
        batches.idle();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      return false;
    };
  }

  private final DebeziumEngine<RecordChangeEvent<SourceRecord>> engine;
  private final CompletableFuture<Void> completion = new CompletableFuture<>();
  private final Thread thread;
  private boolean interrupted;

  DebeziumStream(RelayOptions options, ConnectionSettings settings, String slot, Batches batches) {
    engine =
        DebeziumEngine.create(ChangeEventFormat.of(Connect.class))
            .using(configuration(options, settings, slot))
            .using(policy(batches))
            .using(this::completed)
            .notifying(new Consumer(LogicalMessage.prefix(options.schema()), batches))
            .build();
    thread = new Thread(engine, "evenkeel-relay-engine-" + options.schema());
    thread.setDaemon(true);
  }

  void start() {
    thread.start();
  }

  /**
   * Has the JVM load what an engine's start needs, about a second's worth: a process that stands by
   * does that beforehand, so that a takeover is quick. Once per JVM, however many relays it has.
   * Opens no connection.
   */
  static void warmUp(RelayOptions options, ConnectionSettings settings) {
    if (WARM.getAndSet(true)) {
      return;
    }
    for (String name : COLD_CLASSES) {
      try {
        Class.forName(name);
      } catch (ClassNotFoundException | LinkageError e) {
        log.debug("{} can't be loaded ahead of time", name, e);
      }
    }
    HeadersJson.read(HeadersJson.write(Map.of("warm", "up"))); // the first message's headers
    new DebeziumStream(
            options,
            settings,
            "warm_up",
            new Batches() {
              @Override
              public void take(List<Captured> batch, Dispatcher.Confirmer confirmer) {}

              @Override
              public void idle() {}
            })
        .discard();
  }

  private void discard() {
    try {
      engine.close();
    } catch (IOException | RuntimeException e) {
      log.debug("An engine that never ran could not be closed", e);
    }
  }

  private void completed(boolean success, @Nullable String message, @Nullable Throwable error) {
    if (success) {
      completion.complete(null);
    } else {
      completion.completeExceptionally(
          error != null ? error : new IllegalStateException(String.valueOf(message)));
    }
  }

  /** Whether the engine has ended, for whatever reason. */
  boolean ended() {
    return completion.isDone() || !thread.isAlive();
  }

  /** Why it ended; null when nothing was wrong. */
  @Nullable Throwable failure() {
    try {
      if (completion.isDone()) {
        completion.get();
      }
      return null;
    } catch (ExecutionException e) {
      return e.getCause();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return e;
    }
  }

  /** Ends the engine and waits for it. */
  void stop() {
    long deadline = System.nanoTime() + STOP.toNanos();
    while (!ended() && !interrupted && System.nanoTime() - deadline < 0) {
      try {
        engine.close();
      } catch (IllegalStateException e) {
        // While its tasks start it can't be closed, and once it is closing it says so; look again.
        log.debug("The engine can't be closed right now: {}", e.getMessage());
      } catch (IOException e) {
        log.warn("The engine did not close cleanly", e);
      }
      awaitEnd();
    }
    if (!ended()) {
      log.error("The engine did not end within {}; its thread is abandoned", STOP);
      thread.interrupt();
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void awaitEnd() {
    try {
      completion.get(100, TimeUnit.MILLISECONDS);
    } catch (TimeoutException | ExecutionException e) {
      log.trace("The engine has not ended well or not yet", e);
    } catch (InterruptedException e) {
      thread.interrupt();
      interrupted = true;
    }
  }

  private record Consumer(String outboxPrefix, StrangeMessages strange, Batches batches)
      implements DebeziumEngine.ChangeConsumer<RecordChangeEvent<SourceRecord>> {

    Consumer(String outboxPrefix, Batches batches) {
      this(outboxPrefix, new StrangeMessages(outboxPrefix), batches);
    }

    @Override
    public void handleBatch(
        List<RecordChangeEvent<SourceRecord>> records,
        DebeziumEngine.RecordCommitter<RecordChangeEvent<SourceRecord>> committer)
        throws InterruptedException {
      List<Captured> batch = new ArrayList<>(records.size());
      for (RecordChangeEvent<SourceRecord> event : records) {
        Captured captured = Captured.of(event, outboxPrefix, strange);
        if (captured != null) {
          batch.add(captured);
        }
      }
      try {
        // Marking only right before the confirmation keeps the engine from confirming anything on
        // its own, for which it looks after every empty poll.
        batches.take(
            batch,
            position -> {
              committer.markProcessed(position.event());
              committer.markBatchFinished();
            });
      } catch (InterruptedException | RuntimeException e) {
        throw e;
      } catch (Exception e) {
        throw new IllegalStateException(e.getMessage(), e);
      }
    }
  }

  private static Properties configuration(
      RelayOptions options, ConnectionSettings settings, String slot) {
    Properties target = Driver.parseURL(settings.jdbcUrl(), new Properties());
    if (target == null) {
      throw new IllegalArgumentException("not a PostgreSQL URL: " + settings.jdbcUrl());
    }
    Properties p = new Properties();
    p.setProperty("name", "evenkeel-" + options.schema());
    p.setProperty("connector.class", "io.debezium.connector.postgresql.PostgresConnector");
    p.setProperty("offset.storage", "org.apache.kafka.connect.storage.MemoryOffsetBackingStore");
    p.setProperty("errors.max.retries", "0");
    // Debezium registers MBeans by it, and waits up to a minute for a name that is taken: unique in
    // the JVM, because databases of several servers may have one name, and so replication slots.
    p.setProperty("topic.prefix", slot + "." + ENGINES.incrementAndGet());
    p.setProperty("task.management.timeout.ms", Long.toString(STOP.toMillis() - 5_000));
    p.setProperty("database.hostname", first(PGProperty.PG_HOST.getOrDefault(target)));
    p.setProperty("database.port", first(PGProperty.PG_PORT.getOrDefault(target)));
    p.setProperty("database.dbname", String.valueOf(PGProperty.PG_DBNAME.getOrDefault(target)));
    p.setProperty("database.user", settings.username());
    p.setProperty("database.password", settings.password());
    for (PGProperty ssl :
        List.of(
            PGProperty.SSL_MODE,
            PGProperty.SSL_ROOT_CERT,
            PGProperty.SSL_CERT,
            PGProperty.SSL_KEY)) {
      String value = ssl.getOrDefault(target);
      if (value != null) {
        p.setProperty("driver." + ssl.getName(), value);
      }
    }
    p.setProperty("plugin.name", ReplicationSlot.PLUGIN);
    p.setProperty("slot.name", slot);
    p.setProperty("slot.drop.on.stop", "false");
    p.setProperty("slot.max.retries", "1");
    p.setProperty("slot.retry.delay.ms", "200");
    p.setProperty("publication.name", options.schema() + "_outbox");
    p.setProperty("publication.autocreate.mode", "disabled");
    p.setProperty("snapshot.mode", "no_data");
    p.setProperty("lsn.flush.mode", "connector");
    p.setProperty("table.include.list", options.schema() + "\\.outbox");
    p.setProperty(
        "message.prefix.include.list",
        Term.heartbeatPrefix(options.schema()) + "," + LogicalMessage.prefix(options.schema()));
    // What nobody reads here is not decoded, and Debezium's own statistics are not kept: together
    // about half of what a row costs when a backlog is drained.
    String outbox = options.schema() + "\\.outbox\\.";
    p.setProperty("column.exclude.list", outbox + "(bucket|slot|position)");
    p.setProperty("statistics.metrics.enabled", "false");
    p.setProperty("sourceinfo.struct.maker", NoSource.class.getName());
    p.setProperty("converters", "micros");
    p.setProperty("micros.type", EpochMicros.class.getName());
    p.setProperty("tombstones.on.delete", "false");
    p.setProperty("binary.handling.mode", "bytes");
    p.setProperty("heartbeat.interval.ms", "0");
    p.setProperty("poll.interval.ms", Long.toString(options.pollInterval().toMillis()));
    p.setProperty("max.batch.size", Integer.toString(MAX_BATCH));
    p.setProperty("max.queue.size", Integer.toString(MAX_QUEUE));
    p.setProperty("queue.provider.type", PatientQueue.NAME);
    p.setProperty("max.queue.size.in.bytes", Long.toString(options.maxInFlightBytes()));
    return p;
  }

  private static String first(@Nullable String list) {
    return list == null ? "" : list.split(",", 2)[0];
  }
}
