package dev.evenkeel.sample.orders.crash;

import dev.evenkeel.testing.database.DatabaseInfo;
import dev.evenkeel.testing.database.TestDatabase;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Three shards, a process that survives everything, and others that do not. */
final class Cluster implements AutoCloseable {

  /** Of nodes that run sagas. */
  static final Duration LEASE = Duration.ofSeconds(2);

  private static final List<String> PROPERTIES =
      List.of(
          "--server.port=0",
          "--spring.datasource.hikari.driver-class-name=" + WatchedDriver.class.getName(),
          "--spring.datasource.hikari.maximum-pool-size=24",
          "--spring.datasource.hikari.minimum-idle=1",
          "--evenkeel.relay.enabled=false",
          "--evenkeel.saga.lease=" + LEASE,
          "--evenkeel.saga.poll=20ms",
          "--evenkeel.saga.concurrency=16",
          "--logging.level.com.zaxxer.hikari=error"); // says of each pool that it makes the driver

  private final Path folder = newFolder();
  private final Path journalFile = folder.resolve("journal");
  private final Journal journal = new Journal(journalFile, "parent");
  private final JournalReader reader = new JournalReader(journalFile);
  private final Map<String, DatabaseInfo> databases = new TreeMap<>();
  private final Shards shards;
  private final List<ChildProcess> children = new ArrayList<>();
  private final Deque<ChildProcess> spares = new ArrayDeque<>();
  private final ChildProcess survivor;
  private long minutesAhead;

  private Cluster() {
    for (String name : Shards.NAMES) {
      databases.put(name, TestDatabase.shared().createDatabase());
    }
    shards = new Shards(databases);
    survivor = start("survivor").awaitReady(); // the first one makes the tables
  }

  static Cluster start() {
    return new Cluster();
  }

  /** Stays after the run: journal and output of the processes tell what happened. */
  private static Path newFolder() {
    try {
      Path all = Files.createDirectories(Path.of("target", "crash"));
      return Files.createTempDirectory(all.toAbsolutePath(), "grid-");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private ChildProcess start(String node) {
    List<String> arguments = new ArrayList<>(PROPERTIES);
    arguments.addAll(shards.properties());
    arguments.add("--evenkeel.relay.node=" + node); // the name of the process, in leases too
    ChildProcess child =
        ChildProcess.start(node, journalFile, reader, arguments, folder.resolve(node + ".log"));
    children.add(child);
    return child;
  }

  /** Has processes started, so that a round finds them ready. */
  void prepare(int victims) {
    while (spares.size() < victims) {
      spares.add(start("victim-" + children.size()));
    }
  }

  /** A process that runs no sagas yet. */
  ChildProcess victim() {
    prepare(1);
    ChildProcess victim = spares.remove().awaitReady();
    victim.tell(Child.Command.AHEAD, String.valueOf(minutesAhead));
    return victim;
  }

  ChildProcess survivor() {
    return survivor;
  }

  Shards shards() {
    return shards;
  }

  JournalReader journal() {
    return reader;
  }

  /** Time passes for these, the survivor, and all who come. */
  void pass(long minutes, List<ChildProcess> others) {
    minutesAhead += minutes;
    String ahead = String.valueOf(minutesAhead);
    survivor.tell(Child.Command.AHEAD, ahead);
    others.forEach(other -> other.tell(Child.Command.AHEAD, ahead));
  }

  @Override
  public void close() {
    try {
      for (ChildProcess child : children) {
        child.kill();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    reader.close();
    journal.close();
    databases.values().forEach(TestDatabase.shared()::dropDatabase);
  }
}
