package dev.evenkeel.relay.crash;

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
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import org.awaitility.core.ConditionTimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.jdbc.core.JdbcTemplate;

/** One run: a database, a journal, processes that come and go, and in the end a judgement. */
final class Trial implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(Trial.class);
  private static final Duration STARTED = Duration.ofSeconds(60);
  private static final Duration SETTLED_LOOK = Duration.ofMillis(250);
  private static final int PAUSE_MILLIS = 300;

  private final DatabaseInfo database;
  private final boolean shared;
  private final Path folder;
  private final Journal journal;
  private final JournalReader reader;
  private final Oracle oracle = new Oracle();
  private final List<ChildProcess> children = new ArrayList<>();
  private final List<Writers> writers = new ArrayList<>();
  private final Random random;
  private final long seed;
  private final Application observer;
  private long attempts;

  private Trial(DatabaseInfo database, boolean shared) {
    this.database = database;
    this.shared = shared;
    this.seed = Seed.draw();
    this.random = new Random(seed);
    this.folder = newFolder();
    this.journal = new Journal(journalFile());
    this.reader = new JournalReader(journalFile());
    this.observer = new Application(database, "observer", journal, Set.of(), seed);
    new SchemaMigration(Application.SCHEMA).migrate(observer.dataSource());
    observer.tables().create();
  }

  /** In a new database of the shared server. */
  static Trial create() {
    return new Trial(TestDatabase.shared().createDatabase(), true);
  }

  /** In an empty database, of a server that the test may hurt. */
  static Trial in(DatabaseInfo database) {
    return new Trial(database, false);
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

  private Path journalFile() {
    return folder.resolve("journal");
  }

  Random random() {
    return random;
  }

  /** The application as this process has it: it writes and looks, and leads only when told. */
  Application observer() {
    return observer;
  }

  JdbcTemplate sql() {
    return new JdbcTemplate(observer.dataSource());
  }

  long number(String query) {
    Long number = sql().queryForObject(query, Long.class);
    return number == null ? 0 : number;
  }

  /** Another instance of the application in this process. */
  Application instance(String node, Role... more) {
    Set<Role> roles = EnumSet.of(Role.RELAY, more);
    return new Application(database, node, journal, roles, random.nextLong());
  }

  /** Starts a process whose writers, if any, write until they are told to be quiet. */
  ChildProcess start(String node, Role... roles) {
    return start(node, PAUSE_MILLIS, roles);
  }

  /**
   * Starts a process and returns at once.
   *
   * @param pauseMillis longest pause of a writer between two transactions
   */
  ChildProcess start(String node, int pauseMillis, Role... roles) {
    Set<Role> set = EnumSet.noneOf(Role.class);
    set.addAll(List.of(roles));
    return start(
        new Child.Orders(
            database, node, journalFile(), random.nextLong(), pauseMillis, set, null, 0));
  }

  /** Starts a relay that ends itself at a boundary. */
  ChildProcess startTrapped(String node, Boundary boundary, int row) {
    return start(
        new Child.Orders(
            database,
            node,
            journalFile(),
            random.nextLong(),
            PAUSE_MILLIS,
            Set.of(Role.RELAY),
            boundary,
            row));
  }

  private ChildProcess start(Child.Orders orders) {
    ChildProcess child = ChildProcess.start(orders, folder.resolve("output"));
    children.add(child);
    return child;
  }

  /** Raises the version of a key by one, from this process. */
  void write(String key) {
    WritePath.outbox(observer).write(new TreeMap<>(Map.of(key, 1)));
  }

  /** Starts writers in this process, which nobody kills. */
  Writers startWriters() {
    Writers started =
        new Writers(
                WritePath.outbox(observer),
                new Writers.Load(PAUSE_MILLIS, false),
                random.nextLong())
            .start();
    writers.add(started);
    return started;
  }

  /** Notes that something is about to be hurt; returns when. */
  long fault(String what) {
    log.info("Fault: {}", what);
    return journal.process(Journal.Kind.FAULT, what.replace(' ', '-'));
  }

  /** Kills a process; returns when. */
  long kill(ChildProcess child) throws InterruptedException {
    long at = fault("kill " + child.node());
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

  /** Reads the journal on until that many more messages were attempted. */
  void awaitAttempts(long more) {
    long until = attempts + more;
    awaitLine(STARTED, line -> attempts >= until);
  }

  /** Reads the journal on until a process has sent that many messages from now on. */
  void awaitSent(ChildProcess by, int messages) {
    AtomicInteger sent = new AtomicInteger();
    awaitLine(
        STARTED,
        line ->
            line.kind() == Journal.Kind.SENT
                && line.node().equals(by.node())
                && sent.incrementAndGet() == messages);
  }

  /** Waits until the first start's own reconciliation, or whichever is under way, is over. */
  void awaitReconciled() {
    await().atMost(STARTED).ignoreExceptions().until(() -> !reconciling());
  }

  /** Whether the ring is being sent again, or was not sent for the first time yet. */
  boolean reconciling() {
    return number(
            "SELECT count(*) FROM evenkeel.relay_state WHERE reconciling OR published IS NULL")
        == 1;
  }

  /** Reads all there is; the first line that fits, null if none does. */
  private Journal.@Nullable Line readOn(Predicate<Journal.Line> fits) {
    Journal.@Nullable Line found = null;
    for (List<Journal.Line> lines = reader.next(); !lines.isEmpty(); lines = reader.next()) {
      for (Journal.Line line : lines) {
        oracle.line(line);
        attempts += line.kind() == Journal.Kind.ATTEMPT ? 1 : 0;
        if (found == null && fits.test(line)) {
          found = line;
        }
      }
    }
    return found;
  }

  /**
   * Waits until nothing moves any more, and judges. Some relay must run; no writer may.
   *
   * @param atMost how long the backlog may take; what is missing then is lost
   */
  Oracle.Verdict judge(Duration atMost) {
    try {
      await().atMost(atMost).pollInterval(SETTLED_LOOK).ignoreExceptions().until(this::settled);
    } catch (ConditionTimeoutException e) {
      log.warn("The run did not settle: {}", e.getMessage());
    }
    readOn(line -> false);
    observer.tables().effects(oracle::effect);
    Oracle.Verdict verdict = oracle.judge(observer.tables().committed(WritePath.OUTBOX));
    log.info("{}, seed {}: {}", folder.getFileName(), seed, verdict);
    return verdict;
  }

  /** All is in effect, and a heartbeat from after that is acknowledged: nothing is under way. */
  private boolean settled() {
    if (observer.tables().versionsInEffect()
        < observer.tables().messagesCommitted(WritePath.OUTBOX)) {
      return false;
    }
    String now =
        String.valueOf(sql().queryForObject("SELECT clock_timestamp()::text", String.class));
    await()
        .atMost(STARTED)
        .until(
            () ->
                number(
                        "SELECT count(*) FROM evenkeel.relay_state"
                            + " WHERE NOT reconciling AND published_at > '%s'".formatted(now))
                    == 1);
    return true;
  }

  @Override
  public void close() {
    try {
      for (ChildProcess child : children) {
        child.kill();
      }
      for (Writers each : writers) {
        each.stop();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    observer.close();
    reader.close();
    journal.close();
    if (shared) {
      TestDatabase.shared().dropDatabase(database);
    }
  }
}
