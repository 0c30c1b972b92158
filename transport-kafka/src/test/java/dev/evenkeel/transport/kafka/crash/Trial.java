package dev.evenkeel.transport.kafka.crash;

import static org.awaitility.Awaitility.await;

import dev.evenkeel.migrations.SchemaMigration;
import dev.evenkeel.testing.database.DatabaseInfo;
import dev.evenkeel.testing.database.TestDatabase;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.awaitility.core.ConditionTimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One run: a database, a topic, a journal, processes that come and go, and a judgement. */
final class Trial implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(Trial.class);
  private static final Duration STARTED = Duration.ofSeconds(40);
  private static final Duration SETTLED_LOOK = Duration.ofMillis(250);
  private static final long OPERATOR_MILLIS = 200;

  private final DatabaseInfo database;
  private final boolean premature;
  private final Topic topic;
  private final Path folder;
  private final Journal journal;
  private final JournalReader reader;
  private final Oracle oracle = new Oracle();
  private final List<ChildProcess> children = new ArrayList<>();
  private final Random random;
  private final long seed;
  private final Application observer;
  private final ScheduledExecutorService operator =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "operator");
            thread.setDaemon(true);
            return thread;
          });
  private volatile boolean takesLarge = true;
  private int started;

  private Trial(boolean premature) {
    this.database = TestDatabase.shared().createDatabase();
    this.premature = premature;
    this.topic = Topic.create(database);
    this.seed = Seed.draw();
    this.random = new Random(seed);
    this.folder = newFolder();
    this.journal = new Journal(folder.resolve("journal"));
    this.reader = new JournalReader(folder.resolve("journal"));
    this.observer = new Application(database, Topic.brokers(), "observer", journal, false);
    new SchemaMigration(Application.SCHEMA).migrate(observer.dataSource());
    observer.tables().create();
    operator.scheduleWithFixedDelay(
        this::retryDeadLetters, OPERATOR_MILLIS, OPERATOR_MILLIS, TimeUnit.MILLISECONDS);
  }

  static Trial create() {
    return new Trial(false);
  }

  /** One whose relays acknowledge before the broker does. */
  static Trial prematurelyAcknowledging() {
    return new Trial(true);
  }

  /** Stays after the run: journal and output of the children tell what happened. */
  private static Path newFolder() {
    try {
      Path all = Files.createDirectories(Path.of("target", "crash"));
      return Files.createTempDirectory(all.toAbsolutePath(), "trial-");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  Random random() {
    return random;
  }

  long number(String query, Object... arguments) {
    return observer.tables().number(query, arguments);
  }

  /** Whether the topic takes large messages; while it does, operators retry what it did not. */
  void takesLarge(boolean large) {
    if (takesLarge != large) {
      topic.takesLarge(large);
      takesLarge = large;
    }
  }

  private void retryDeadLetters() {
    try {
      if (takesLarge) {
        observer.retryDeadLetters();
      }
    } catch (RuntimeException e) {
      log.debug("Retrying failed, as it may", e);
    }
  }

  /** Starts a process and returns at once. */
  ChildProcess start(boolean writes) {
    started++;
    String node = "node-" + started;
    ChildProcess child =
        ChildProcess.start(
            new Child.Orders(
                database, Topic.brokers(), node, folder, random.nextLong(), writes, premature),
            folder.resolve(node + ".log"));
    children.add(child);
    return child;
  }

  void awaitStarted(List<ChildProcess> all) {
    List<String> nodes = new ArrayList<>(all.stream().map(ChildProcess::node).toList());
    awaitLine(
        STARTED,
        line -> {
          if (line.kind() == Journal.Kind.STARTED) {
            nodes.remove(line.node());
          }
          return nodes.isEmpty();
        });
  }

  /** Those that can be reached and will answer. */
  List<ChildProcess> living() {
    return children.stream().filter(ChildProcess::isAlive).toList();
  }

  /** Null while there is none. */
  @Nullable ChildProcess leader() {
    return living().stream()
        .filter(
            child ->
                number(
                        "SELECT count(*) FROM evenkeel.relay_state"
                            + " WHERE leader = ? AND lease_until > clock_timestamp()",
                        child.node())
                    == 1)
        .findFirst()
        .orElse(null);
  }

  /** Raises the version of a key by one, from this process. */
  void write(String key) {
    observer.write(key);
  }

  /** Starts writers in this process, which nobody kills. */
  Writers startWriters() {
    return new Writers(observer, random.nextLong()).start();
  }

  /** Notes that something is about to be hurt; returns when. */
  long fault(ChildProcess whom) {
    return journal.process(Journal.Kind.FAULT, whom.node(), "-");
  }

  /** Kills a process; returns when. */
  long kill(ChildProcess child) throws InterruptedException {
    long at = fault(child);
    child.kill();
    return at;
  }

  /** Reads the journal on until a line fits; returns that line. */
  Journal.Line awaitLine(Duration atMost, Predicate<Journal.Line> fits) {
    return await()
        .atMost(atMost)
        .pollInterval(Duration.ofMillis(2))
        .until(() -> readOn(fits), line -> line != null);
  }

  /** Reads all there is; the first line that fits, null if none does. */
  private Journal.@Nullable Line readOn(Predicate<Journal.Line> fits) {
    Journal.@Nullable Line found = null;
    for (List<Journal.Line> lines = reader.next(); !lines.isEmpty(); lines = reader.next()) {
      for (Journal.Line line : lines) {
        oracle.line(line);
        if (fits.test(line) && found == null) {
          found = line;
        }
      }
    }
    return found;
  }

  /**
   * Waits until nothing moves any more, and judges. Some relay must run; no writer of this process
   * may.
   *
   * @param atMost how long the backlog may take; what is missing then is lost
   */
  Oracle.Verdict judge(Duration atMost) {
    living().forEach(ChildProcess::quiet);
    takesLarge(true);
    try {
      await().atMost(atMost).pollInterval(SETTLED_LOOK).ignoreExceptions().until(this::settled);
    } catch (ConditionTimeoutException e) {
      log.warn("The run did not settle: {}", e.getMessage());
    }
    readOn(line -> false);
    topic.read(oracle::record);
    observer.tables().effects(oracle::effect);
    Oracle.Verdict verdict = oracle.judge(observer.tables().committed());
    log.info("{}, seed {}: {}", folder.getFileName(), seed, verdict);
    return verdict;
  }

  /** All is in effect, nothing is parked, and a heartbeat from after that is confirmed. */
  private boolean settled() {
    if (!observer.tables().allInEffect()
        || number("SELECT count(*) FROM evenkeel.parked_message WHERE ended_at IS NULL") > 0) {
      return false;
    }
    long now = number("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint");
    await()
        .atMost(STARTED)
        .until(
            () ->
                number(
                        "SELECT count(*) FROM evenkeel.relay_state WHERE NOT reconciling"
                            + " AND extract(epoch FROM published_at) * 1000000 > ?",
                        now)
                    == 1);
    return true;
  }

  @Override
  public void close() {
    operator.shutdownNow();
    try {
      for (ChildProcess child : children) {
        child.kill();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    observer.close();
    topic.close();
    reader.close();
    journal.close();
    TestDatabase.shared().dropDatabase(database);
  }
}
