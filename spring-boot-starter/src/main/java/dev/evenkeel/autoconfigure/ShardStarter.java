package dev.evenkeel.autoconfigure;

import dev.evenkeel.outbox.FailureKind;
import dev.evenkeel.relay.ConnectionSettings;
import dev.evenkeel.shard.ShardDatabase;
import dev.evenkeel.shard.ShardNode;
import dev.evenkeel.shard.ShardUnavailableException;
import dev.evenkeel.shard.Shards;
import dev.evenkeel.shard.SlotCatalogue;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.beans.factory.InitializingBean;

/**
 * Brings each shard from unknown to taking transactions, and watches it from then on.
 *
 * <p>A shard takes transactions after: the framework's migration, the check that it is the shard
 * that the slot map means, and the application's migrations. At start all shards go through that at
 * the same time; one that does not answer is left behind and tried each second, the others go on. A
 * failure of another kind at start, such as a broken migration, ends the start.
 */
final class ShardStarter implements InitializingBean, DisposableBean {

  private static final Logger log = LoggerFactory.getLogger(ShardStarter.class);

  private static final long LOOK_MILLIS = 1_000;
  private static final int MAX_THREADS = 16;
  private static final long END_SECONDS = 10;

  /** The parts that every shard's start needs. */
  record Parts(
      Shards shards,
      String catalogueName,
      SlotCatalogue catalogue,
      ShardNode node,
      Function<ShardDatabase, SchemaInitializer> schemas,
      Function<String, ConnectionSettings> direct,
      ConnectionBudget budget,
      String probeName) {}

  private enum Stage {
    /** Nothing was done. */
    UNKNOWN,
    /** The framework's schema is there, and the database is the right one. */
    IDENTIFIED,
    /** The application's migrations are done, too. */
    READY
  }

  private final Parts parts;
  private final boolean applicationMigrates;
  private final Map<String, Start> starts = new TreeMap<>();
  private final ScheduledExecutorService watch;
  private volatile @Nullable Consumer<DataSource> applicationMigration;

  /**
   * Makes the starter.
   *
   * @param applicationMigrates whether somebody is going to call {@link #migrateApplication}
   */
  ShardStarter(Parts parts, boolean applicationMigrates) {
    this.parts = parts;
    this.applicationMigrates = applicationMigrates;
    for (ShardDatabase database : parts.shards().databases()) {
      starts.put(database.name(), new Start(database));
    }
    this.watch =
        Executors.newScheduledThreadPool(
            Math.min(starts.size(), MAX_THREADS),
            task -> {
              Thread thread = new Thread(task, "evenkeel-shard-watch");
              thread.setDaemon(true);
              return thread;
            });
  }

  /** First the catalogue: without the slot map no other database can be told apart. */
  @Override
  public void afterPropertiesSet() {
    Start catalogue = starts.get(parts.catalogueName());
    if (catalogue != null) {
      catalogue.advanceOrWait();
    }
    onAll(Start::advanceOrWait);
    starts
        .values()
        .forEach(
            start ->
                watch.scheduleWithFixedDelay(
                    start::look, LOOK_MILLIS, LOOK_MILLIS, TimeUnit.MILLISECONDS));
  }

  /** Runs the application's migrations on every shard, on those that are away when they return. */
  void migrateApplication(Consumer<DataSource> migration) {
    applicationMigration = migration;
    onAll(Start::advanceOrWait);
  }

  private void onAll(Consumer<Start> step) {
    ExecutorService threads = Executors.newFixedThreadPool(Math.min(starts.size(), MAX_THREADS));
    try {
      List<Future<?>> steps = new ArrayList<>();
      starts.values().forEach(start -> steps.add(threads.submit(() -> step.accept(start))));
      Together.await(steps, "Starting the shards");
    } finally {
      end(threads);
    }
  }

  @Override
  public void destroy() {
    end(watch);
    starts.values().forEach(Start::close);
  }

  /** Interrupts, and waits a while: what is under way uses the pools that are closed next. */
  private static void end(ExecutorService threads) {
    threads.shutdownNow();
    try {
      if (!threads.awaitTermination(END_SECONDS, TimeUnit.SECONDS)) {
        log.warn("Work on a shard goes on although its pool is being closed");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** One shard's way. */
  private final class Start {

    private final ShardDatabase database;
    private final ShardProbe probe;
    private Stage stage = Stage.UNKNOWN;

    Start(ShardDatabase database) {
      this.database = database;
      this.probe = new ShardProbe(parts.direct().apply(database.name()), parts.probeName());
    }

    /** Goes as far as it can; a database that does not answer is for later. */
    synchronized void advanceOrWait() {
      try {
        advance();
      } catch (RuntimeException e) {
        if (!isAway(e)) {
          throw e;
        }
        parts.shards().down(name(), String.valueOf(e.getMessage()));
      }
    }

    private void advance() {
      if (stage == Stage.UNKNOWN) {
        parts.schemas().apply(database).afterPropertiesSet();
        if (name().equals(parts.catalogueName())) {
          parts.catalogue().initialize(name(), parts.shards().names());
          parts.node().start();
        }
        parts.catalogue().identify(database.primary(), name(), parts.node().map());
        stage = Stage.IDENTIFIED;
      }
      if (stage == Stage.IDENTIFIED) {
        Consumer<DataSource> migration = applicationMigration;
        if (migration != null) {
          migration.accept(database.primary());
        } else if (applicationMigrates) {
          return;
        }
        stage = Stage.READY;
        parts.shards().up(name());
      }
    }

    /** Called each second. */
    synchronized void look() {
      try {
        if (stage != Stage.READY) {
          advance();
        } else {
          parts.budget().observed(name(), askTwice());
          if (!parts.shards().isUp(name())) { // who comes back may be somebody else
            parts.catalogue().identify(database.primary(), name(), parts.node().map());
          }
          parts.shards().up(name());
        }
      } catch (SQLException e) {
        parts.shards().down(name(), String.valueOf(e.getMessage()));
      } catch (RuntimeException | Error e) { // a periodic task that throws never runs again
        if (isAway(e)) {
          parts.shards().down(name(), String.valueOf(e.getMessage()));
        } else {
          fail(e);
        }
      }
    }

    /** One session that was cut says nothing about the database. */
    private ShardProbe.Connections askTwice() throws SQLException {
      try {
        return probe.ask();
      } catch (SQLException e) {
        return probe.ask();
      }
    }

    private void fail(Throwable e) {
      String detail = String.valueOf(e.getMessage());
      if (!parts.shards().detail(name()).equals(detail)) {
        log.error("Shard \"{}\" can't be started", name(), e);
      }
      parts.shards().starting(name(), detail);
    }

    private boolean isAway(Throwable e) {
      FailureKind kind = FailureKind.of(e);
      return kind == FailureKind.OUTAGE
          || kind == FailureKind.CONTENTION
          || e instanceof ShardUnavailableException;
    }

    private String name() {
      return database.name();
    }

    /** From another thread: a migration under way must not hold the end up. */
    void close() {
      probe.close();
    }
  }
}
