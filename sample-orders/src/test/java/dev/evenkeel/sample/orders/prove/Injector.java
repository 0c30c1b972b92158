package dev.evenkeel.sample.orders.prove;

import static org.awaitility.Awaitility.await;

import dev.evenkeel.sample.orders.crash.Child;
import dev.evenkeel.sample.orders.crash.ChildProcess;
import dev.evenkeel.sample.orders.crash.Journal;
import dev.evenkeel.testing.database.PostgresServer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;
import org.awaitility.core.ConditionTimeoutException;
import org.jspecify.annotations.Nullable;
import org.springframework.dao.DataAccessException;

/**
 * Hurts what a round's schedule says, each fault on a thread of its own; one target one at a time.
 */
final class Injector {

  private static final String OWNED = "SELECT count(*) FROM evenkeel.saga_wake WHERE owner = ?";
  private static final String LIVE =
      "SELECT count(*) FROM evenkeel.saga_wake WHERE owner IS NOT NULL";
  private static final Duration LOOK = Duration.ofMillis(50);
  private static final Duration BETWEEN_RESETS = Duration.ofMillis(300);

  /** A kill waits so long for the process to have sagas under way. */
  private static final Duration LONGEST_AIM = Duration.ofSeconds(4);

  private static final int AIM = 3;
  private static final Duration TAKEN_OVER = Duration.ofSeconds(60);

  private final Servers servers;
  private final Installation installation;
  private final Schedule.Round round;
  private final List<Node> nodes;
  private final List<String> places;
  private final Journal journal;
  private final long runBegan;

  /** An upgrade goes from one process to the next, however long each takes. */
  private final ReentrantLock rolling = new ReentrantLock(true);

  private final List<ReentrantLock> databases =
      Stream.generate(() -> new ReentrantLock(true)).limit(3).toList();

  /**
   * Makes one.
   *
   * @param places a key for each database
   * @param runBegan {@link System#nanoTime()} that incidents are counted from
   */
  Injector(
      Servers servers,
      Installation installation,
      Schedule.Round round,
      List<Node> nodes,
      List<String> places,
      Journal journal,
      long runBegan) {
    this.servers = servers;
    this.installation = installation;
    this.round = round;
    this.nodes = nodes;
    this.places = places;
    this.journal = journal;
    this.runBegan = runBegan;
  }

  /** Has all of them happen; returns when the last one is over. */
  List<Incident> run(ExecutorService threads) throws Exception {
    long began = System.nanoTime();
    List<Future<Incident>> all = new ArrayList<>();
    for (Fault fault : round.faults()) {
      all.add(threads.submit(() -> hurt(fault, began)));
    }
    List<Incident> incidents = new ArrayList<>();
    for (Future<Incident> each : all) {
      incidents.add(each.get());
    }
    return incidents;
  }

  private Incident hurt(Fault fault, long began) throws InterruptedException {
    Pause.of(Duration.ofNanos(began - System.nanoTime()).plus(fault.at()));
    if (fault.kind() == FaultKind.UPGRADE) {
      return alone(rolling, fault);
    }
    return alone(target(fault), fault);
  }

  private ReentrantLock target(Fault fault) {
    return fault.kind().hurtsProcess()
        ? nodes.get(fault.target()).lock()
        : databases.get(fault.target());
  }

  private Incident alone(ReentrantLock lock, Fault fault) throws InterruptedException {
    lock.lock();
    try {
      if (lock == rolling) {
        return alone(target(fault), fault);
      }
      return fault.kind().hurtsProcess() ? hurtProcess(fault) : hurtDatabase(fault);
    } finally {
      lock.unlock();
    }
  }

  private Incident hurtProcess(Fault fault) throws InterruptedException {
    Node node = nodes.get(fault.target());
    ChildProcess process = node.process();
    if (fault.kind() == FaultKind.KILL) {
      aim(process.node());
    }
    long sagas = count(OWNED, process.node());
    Duration begun = note(fault, "begins");
    Duration takenOver = null;
    switch (fault.kind()) {
      case KILL -> {
        long at = process.kill();
        CompletableFuture<@Nullable Duration> takeover =
            CompletableFuture.supplyAsync(() -> awaitTakeover(process.node(), at));
        Pause.of(fault.lasts());
        node.restart();
        takenOver = takeover.join();
      }
      case SUSPEND -> {
        process.suspend();
        Pause.of(fault.lasts());
        process.wake();
      }
      case CLOCK -> {
        node.tell(Child.Command.AHEAD, String.valueOf(fault.amount()));
        Pause.of(fault.lasts());
        node.tell(Child.Command.AHEAD, "0");
      }
      case POOL -> {
        List<String> words = new ArrayList<>(List.of(String.valueOf(fault.lasts().toMillis())));
        words.addAll(places);
        node.tell(Child.Command.TAKE_CONNECTIONS, words.toArray(String[]::new));
        Pause.of(fault.lasts());
      }
      case UPGRADE -> {
        node.upgrade();
        process.end();
        node.restart();
      }
      default -> throw new IllegalArgumentException(fault + " hurts no process");
    }
    return incident(fault, begun, note(fault, "ends"), sagas, takenOver);
  }

  private Incident hurtDatabase(Fault fault) {
    PostgresServer server = servers.server(fault.target());
    TcpProxy proxy = servers.proxy(fault.target());
    long sagas = 0;
    if (fault.kind() == FaultKind.CRASH) {
      sagas = countIn(fault.target(mode()), LIVE);
    }
    Duration begun = note(fault, "begins");
    switch (fault.kind()) {
      case CRASH -> {
        server.stop(PostgresServer.Mode.IMMEDIATE);
        Pause.of(fault.lasts());
        server.start();
      }
      case RESET -> {
        for (int i = 0; i < fault.amount(); i++) {
          proxy.reset();
          Pause.of(BETWEEN_RESETS);
        }
      }
      case LATENCY -> {
        proxy.delay(Duration.ofMillis(fault.amount()));
        Pause.of(fault.lasts());
        proxy.delay(Duration.ZERO);
      }
      case BLACKHOLE -> {
        proxy.block();
        Pause.of(fault.lasts());
        if (fault.amount() == 1) {
          proxy.reset();
        }
        proxy.unblock();
      }
      case DROP_SLOT -> {
        String database = fault.target(mode());
        String name =
            installation.sql(database).queryForObject("SELECT current_database()", String.class);
        new ReplicationSlot(installation.sql(database), name).drop();
      }
      default -> throw new IllegalArgumentException(fault + " hurts no database");
    }
    return incident(fault, begun, note(fault, "ends"), sagas, null);
  }

  private Mode mode() {
    return round.mode();
  }

  private Incident incident(
      Fault fault, Duration begun, Duration ended, long sagas, @Nullable Duration takenOver) {
    return new Incident(
        round.number(), mode(), fault, fault.target(mode()), begun, ended, sagas, takenOver, null);
  }

  private Duration note(Fault fault, String what) {
    journal.process(
        Journal.Kind.FAULT, "%s/%s/%s".formatted(fault.kind(), fault.target(mode()), what));
    return Duration.ofNanos(System.nanoTime() - runBegan);
  }

  /** Waits until a process has sagas under way, if that is soon. */
  private void aim(String owner) {
    if (mode() == Mode.SPLIT && !owner.startsWith("orders")) {
      return;
    }
    try {
      await()
          .atMost(LONGEST_AIM)
          .pollDelay(Duration.ZERO)
          .pollInterval(LOOK)
          .until(() -> count(OWNED, owner) >= AIM);
    } catch (ConditionTimeoutException e) {
      // What it has is hit all the same, and the run says whether anything was.
    }
  }

  private @Nullable Duration awaitTakeover(String dead, long at) {
    try {
      await()
          .atMost(TAKEN_OVER)
          .pollInterval(LOOK)
          .ignoreExceptions() // databases come and go
          .until(() -> installation.count(OWNED, dead) == 0);
      return Duration.ofNanos(System.nanoTime() - at);
    } catch (ConditionTimeoutException e) {
      return null;
    }
  }

  /** In those databases that answer. */
  private long count(String query, Object... parameters) {
    return mode().databases().stream()
        .mapToLong(database -> countIn(database, query, parameters))
        .sum();
  }

  private long countIn(String database, String query, Object... parameters) {
    try {
      return installation.sql(database).queryForObject(query, Long.class, parameters);
    } catch (DataAccessException e) {
      return 0;
    }
  }
}
