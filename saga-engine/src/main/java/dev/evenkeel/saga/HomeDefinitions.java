package dev.evenkeel.saga;

import dev.evenkeel.outbox.ProtocolTransaction;
import dev.evenkeel.saga.definition.SagaDefinition;
import dev.evenkeel.saga.definition.SagaDefinitions;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.DataAccessException;

/**
 * This process's definitions at one home shard: which of them have the shape that the instances
 * there were started with. Only of those are instances started and claimed. Thread-safe.
 *
 * <p>The shape of a definition is changed only while it has no live instance. That no instance of
 * the old shape is born meanwhile, or claimed by a node with the other one, is seen to by the time
 * at which the shape was recorded, which stands for it:
 *
 * <ul>
 *   <li>Starts of a definition share an advisory lock, which whoever changes the shape takes alone:
 *       so it waits for the starts under way and sees their instances. A start that comes later
 *       reads, in a statement after the one that took the lock, a time that it does not know,
 *       starts nothing, and compares the shapes: one with the old shape is refused. Where a
 *       statement may see an older state, which is anywhere but in a READ COMMITTED transaction,
 *       the start takes the row itself.
 *   <li>Claims join the stored definitions by that time, so a node that has not seen the change
 *       claims nothing of what was started since.
 * </ul>
 */
final class HomeDefinitions {

  private static final Logger log = LoggerFactory.getLogger(HomeDefinitions.class);

  /** How many instances an error names. */
  private static final int NAMED = 10;

  /** How often what is wrong is looked at again: that reads every live instance. */
  private static final Duration LOOK_AGAIN = Duration.ofMinutes(1);

  /**
   * What is known.
   *
   * @param seen recording time at which a definition was compared; absent where none is stored
   * @param usable those of them whose shape is the stored one
   * @param conflicts why others can't be used, though instances of theirs live
   */
  private record State(
      Map<SagaDefinitions.Id, Instant> seen,
      Map<SagaDefinitions.Id, Instant> usable,
      Map<SagaDefinitions.Id, String> conflicts) {}

  private final SagaEngine engine;
  private final HomeShard home;
  private final DefinitionTable table;
  private final SagaNodeTable nodes;
  private volatile State state = new State(Map.of(), Map.of(), Map.of());

  /** Versions with live instances that nothing here runs, each with a sentence. */
  private volatile Map<SagaDefinitions.Id, String> stranded = Map.of();

  private volatile InstanceTable.Runnables claimable =
      new InstanceTable.Runnables(List.of(), List.of(), List.of(), List.of());

  /** Changed by another process while this one used them, which does not change them back. */
  private final Set<SagaDefinitions.Id> lost = new HashSet<>();

  private boolean isChecked;
  private volatile boolean isFailing;
  private long allCheckedAt;

  HomeDefinitions(SagaEngine engine, HomeShard home) {
    this.engine = engine;
    this.home = home;
    this.table = new DefinitionTable(engine.options().schema());
    this.nodes = new SagaNodeTable(engine.options().schema());
  }

  /** Those whose instances may be claimed. */
  InstanceTable.Runnables claimable() {
    return claimable;
  }

  /** What is wrong, each in a sentence. */
  List<String> findings() {
    List<String> findings = new ArrayList<>(state.conflicts().values());
    findings.addAll(stranded.values());
    return findings;
  }

  /**
   * What keeps this process from starting, each in a sentence.
   *
   * @param runs whether it is going to run sagas; one that only starts them leaves none behind
   */
  List<String> mistakes(boolean runs) {
    check();
    seekStranded();
    List<String> mistakes = new ArrayList<>(state.conflicts().values());
    if (runs && !stranded.isEmpty() && !othersLive()) {
      stranded.forEach(
          (id, sentence) -> {
            // A saga that is not known at all may be that of another application.
            if (engine.definitions().newest(id.saga()).isPresent()) {
              mistakes.add(sentence);
            }
          });
    }
    return mistakes;
  }

  private boolean othersLive() {
    return engine.onHome(
        home, "Looking for the nodes of " + home, c -> nodes.othersLive(c, home.node()));
  }

  // ---- comparing

  /** {@link #check()} for a process that holds the lease, whose sagas must not wait for it. */
  void checkAgain() {
    try {
      check();
      isFailing = false;
    } catch (DataAccessException e) {
      if (!isFailing) {
        log.warn("The definitions of {} can't be compared now: {}", home, e.toString());
      }
      isFailing = true; // what is usable is asked for by every claim and every start
    }
  }

  /** Compares what has changed; what is not stored yet is stored. Fails as the database does. */
  synchronized void check() {
    boolean all = !isChecked || System.nanoTime() - allCheckedAt > LOOK_AGAIN.toNanos();
    Map<SagaDefinitions.Id, Instant> stored =
        engine.onHome(home, "Reading the definitions of " + home, table::recorded);
    State before = state;
    Map<SagaDefinitions.Id, Instant> seen = new LinkedHashMap<>();
    Map<SagaDefinitions.Id, Instant> usable = new LinkedHashMap<>();
    Map<SagaDefinitions.Id, String> conflicts = new LinkedHashMap<>();
    for (SagaDefinition definition : engine.definitions().all()) {
      SagaDefinitions.Id id = id(definition);
      Instant known = before.usable().get(id);
      Instant recorded = stored.get(id);
      if (known != null && known.equals(recorded)) {
        seen.put(id, known);
        usable.put(id, known);
      } else if (Objects.equals(recorded, before.seen().get(id))
          && (!all || (before.conflicts().containsKey(id) && isLive(id)))) {
        if (recorded != null) {
          seen.put(id, recorded);
        }
        String conflict = before.conflicts().get(id);
        if (conflict != null) {
          conflicts.put(id, conflict);
        }
      } else {
        if (known != null) {
          lost.add(id);
        }
        compare(definition, seen, usable, conflicts);
      }
    }
    state = new State(seen, usable, conflicts);
    claimable =
        new InstanceTable.Runnables(
            usable.keySet().stream().map(SagaDefinitions.Id::saga).toList(),
            usable.keySet().stream().map(SagaDefinitions.Id::version).toList(),
            List.copyOf(usable.values()),
            engine.context().participants().names());
    tellNew(before.conflicts(), conflicts);
    isChecked = true;
    if (all) {
      allCheckedAt = System.nanoTime();
    }
  }

  private static void tellNew(
      Map<SagaDefinitions.Id, String> before, Map<SagaDefinitions.Id, String> now) {
    now.forEach(
        (id, sentence) -> {
          if (!before.containsKey(id)) {
            log.error(sentence);
          }
        });
    before.keySet().stream()
        .filter(id -> !now.containsKey(id))
        .forEach(
            id -> log.info("Saga \"{}\" version {} can be run again", id.saga(), id.version()));
  }

  private boolean isLive(SagaDefinitions.Id id) {
    return scan(
        "Looking for an instance of " + id + " on " + home,
        c -> table.isLive(c, id.saga(), id.version()));
  }

  private static SagaDefinitions.Id id(SagaDefinition definition) {
    return new SagaDefinitions.Id(definition.name(), definition.version());
  }

  /** Without a lock as long as there is nothing to change: the rows of others do not wait. */
  private void compare(
      SagaDefinition definition,
      Map<SagaDefinitions.Id, Instant> seen,
      Map<SagaDefinitions.Id, Instant> usable,
      Map<SagaDefinitions.Id, String> conflicts) {
    SagaDefinitions.Id id = id(definition);
    DefinitionShape shape = DefinitionShape.of(definition);
    boolean isOwn = definition.codeVersion() == definition.version();
    String what = "Comparing saga %s with the instances of %s".formatted(definition, home);
    Optional<DefinitionTable.Row> row =
        engine.onHome(
            home,
            what,
            c -> {
              Optional<DefinitionTable.Row> found = table.find(c, id.saga(), id.version());
              if (found.isPresent() || (!isOwn && !table.isLive(c, id.saga(), id.version()))) {
                return found;
              }
              table.insert(c, id.saga(), id.version(), shape.json());
              return table.find(c, id.saga(), id.version());
            });
    if (row.isEmpty()) {
      return; // an earlier version that has no instances yet, and gets its shape with the first
    }
    DefinitionTable.Row stored = row.get();
    List<String> differences = differences(shape, stored);
    Optional<Instant> fits =
        differences.isEmpty() ? Optional.of(stored.recordedAt()) : Optional.empty();
    if (fits.isEmpty() && isOwn && !lost.contains(id) && !isLive(id)) {
      fits = scan(what, c -> replace(c, id, shape)).map(DefinitionTable.Row::recordedAt);
    }
    if (fits.isPresent()) {
      seen.put(id, fits.get());
      usable.put(id, fits.get());
      lost.remove(id);
      return;
    }
    DefinitionTable.Live live = scan(what, c -> live(c, id));
    if (live.count() > 0) {
      conflicts.put(id, conflict(definition, differences, live));
    } else if (lost.contains(id)) {
      conflicts.put(id, changed(definition, stored, differences));
    } else if (isOwn) {
      return; // what was in the way has ended meanwhile: at the next look
    }
    seen.put(id, stored.recordedAt());
  }

  /** Not planned as a queue: where many live, all of them are read. */
  private <T> T scan(String what, ProtocolTransaction.Work<T> work) {
    return ProtocolTransaction.inTransaction(home.dataSource(), what, work);
  }

  /** Gives it this shape unless it has live instances; empty where it has. */
  private Optional<DefinitionTable.Row> replace(
      Connection c, SagaDefinitions.Id id, DefinitionShape shape) throws SQLException {
    table.keepStartsOut(c, id.saga(), id.version());
    Optional<DefinitionTable.Row> row = table.lock(c, id.saga(), id.version());
    if (row.isPresent() && differences(shape, row.get()).isEmpty()) {
      return row; // another node of this version was faster
    }
    if (table.isLive(c, id.saga(), id.version())) {
      return Optional.empty();
    }
    table.replace(c, id.saga(), id.version(), shape.json());
    return table.find(c, id.saga(), id.version());
  }

  private DefinitionTable.Live live(Connection c, SagaDefinitions.Id id) throws SQLException {
    return table.live(c, id.saga(), id.version(), NAMED);
  }

  private static List<String> differences(DefinitionShape shape, DefinitionTable.Row row) {
    return shape.since(DefinitionShape.read(row.shape()));
  }

  private String conflict(
      SagaDefinition definition, List<String> differences, DefinitionTable.Live live) {
    boolean isOwn = definition.codeVersion() == definition.version();
    return "saga \"%s\" version %d%s can't go on with the live instances of %s: %s; %s; %s"
        .formatted(
            definition.name(),
            definition.version(),
            isOwn ? "" : ", as version %d continues it,".formatted(definition.codeVersion()),
            home,
            String.join(", ", differences),
            text(live),
            isOwn
                ? "give what has changed a version of its own, or let them end first"
                : "name steps as they were with formerly and new ones with since, keep the definition of"
                    + " version %d, or let them end first".formatted(definition.version()));
  }

  private String changed(
      SagaDefinition definition, DefinitionTable.Row stored, List<String> differences) {
    return "saga \"%s\" version %d is another on %s since %s: %s; give what has changed a version of its own"
        .formatted(
            definition.name(),
            definition.version(),
            home,
            stored.recordedAt(),
            String.join(", ", differences));
  }

  private static String text(DefinitionTable.Live live) {
    long more = live.count() - live.first().size();
    return "it has %d: %s%s"
        .formatted(
            live.count(),
            String.join(", ", live.first()),
            more > 0 ? " and %d more".formatted(more) : "");
  }

  /**
   * Looks for versions with live instances that nothing here runs, of which there can be none that
   * is not stored. May read every live instance, so not by the thread that keeps the lease.
   */
  void seekStranded() {
    Map<SagaDefinitions.Id, Instant> stored =
        engine.onHome(home, "Reading the definitions of " + home, table::recorded);
    Map<SagaDefinitions.Id, String> found = new LinkedHashMap<>();
    for (SagaDefinitions.Id id : stored.keySet()) {
      if (engine.definitions().find(id.saga(), id.version()).isEmpty()) {
        DefinitionTable.Live live =
            scan("Looking for the instances of " + id + " on " + home, c -> live(c, id));
        if (live.count() > 0) {
          found.put(
              id,
              ("saga \"%s\" version %d has live instances on %s and no definition in this process; %s;"
                      + " keep its definition beside the newest, or have that continue version %d")
                  .formatted(id.saga(), id.version(), home, text(live), id.version()));
        }
      }
    }
    found.forEach(
        (id, sentence) -> {
          if (!stranded.containsKey(id)) {
            log.warn(sentence);
          }
        });
    stranded = Map.copyOf(found);
  }

  // ---- starting

  /**
   * Starts in the transaction of the connection, if instances of the definition have its shape.
   *
   * @throws SagaException if live instances on this shard have another; nothing has happened then
   */
  KeyTable.Started start(
      Connection c, SagaDefinition definition, KeyTable keys, KeyTable.Start start)
      throws SQLException {
    SagaDefinitions.Id id = id(definition);
    String conflict = state.conflicts().get(id);
    if (conflict != null) {
      throw new SagaException(
          "No instance of %s can be started: %s".formatted(definition, conflict));
    }
    Instant known = state.usable().get(id);
    Optional<KeyTable.Started> started = Optional.empty();
    if (known != null) {
      started = keys.start(c, start, known, false, home.clock().ahead());
    }
    if (started.isEmpty()) {
      started = keys.start(c, start, held(c, definition), true, home.clock().ahead());
    }
    return started.orElseThrow(
        () -> new SagaException("No instance of %s could be started".formatted(definition)));
  }

  /** The time at which the definition's shape was recorded, which from now on is not changed. */
  private Instant held(Connection c, SagaDefinition definition) throws SQLException {
    DefinitionShape shape = DefinitionShape.of(definition);
    String saga = definition.name();
    table.announceStart(c, saga, definition.version());
    DefinitionTable.@Nullable Row row = table.hold(c, saga, definition.version()).orElse(null);
    if (row == null) {
      table.insert(c, saga, definition.version(), shape.json());
      row = table.hold(c, saga, definition.version()).orElseThrow();
    }
    List<String> differences = differences(shape, row);
    if (!differences.isEmpty()) {
      throw new SagaException(
          "No instance of %s can be started: %s"
              .formatted(definition, changed(definition, row, differences)));
    }
    return row.recordedAt();
  }
}
