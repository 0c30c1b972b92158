package dev.evenkeel.testing.saga;

import dev.evenkeel.outbox.spi.MessageObserver;
import dev.evenkeel.outbox.spi.TransactionTarget;
import dev.evenkeel.saga.SagaEngine;
import dev.evenkeel.saga.SagaHistoryEntry;
import dev.evenkeel.saga.SagaOptions;
import dev.evenkeel.saga.SagaParticipants;
import dev.evenkeel.saga.SagaState;
import dev.evenkeel.saga.SagaStateException;
import dev.evenkeel.saga.SagaStatus;
import dev.evenkeel.saga.definition.SagaDefinition;
import dev.evenkeel.saga.definition.SagaDefinitions;
import dev.evenkeel.saga.spi.SagaObserver;
import dev.evenkeel.saga.spi.SagaShards;
import dev.evenkeel.testing.EvenkeelDatabase;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import javax.sql.DataSource;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionTimeoutException;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.datasource.DataSourceTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * Runs a scenario by two engines on one database. A node that crashes loses its sessions and gets
 * none any more; the other one takes its sagas over when the lease is over.
 */
final class DatabaseRun implements AutoCloseable {

  /** Longest wait for the end; takeovers take seconds. */
  private static final Duration SOON = Duration.ofSeconds(30);

  private static final Duration LEASE = Duration.ofSeconds(1);
  private static final Duration POLL = Duration.ofMillis(20);

  /** About the longest of the default policy. */
  private static final Duration BACKOFF = Duration.ofSeconds(90);

  private static final String SHARD = "s0";

  /** What can be had happen. */
  enum What {
    FAIL,
    CRASH_BEFORE,
    CRASH_AFTER,
    CANCEL,
    START_TWICE
  }

  /**
   * Something that happens at a step, whichever of its items comes first.
   *
   * @param undo whether at its compensation
   * @param times at its first attempts
   */
  record Disturbance(What what, String step, boolean undo, int times) {}

  /** What the attempt on this thread is about. */
  private record Current(String step, boolean undo) {}

  private static final ThreadLocal<@Nullable Current> CURRENT = new ThreadLocal<>();

  private final EvenkeelDatabase database = EvenkeelDatabase.create();
  private final DatabaseRows rows = new DatabaseRows(database.dataSource());

  SagaOutcome run(SagaScenario scenario, List<Disturbance> disturbances) {
    rows.clear(database.schema());
    scenario.store().moveTo(rows);
    Run run = new Run(scenario, disturbances);
    try {
      return run.toEnd();
    } finally {
      run.nodes.forEach(Node::stop);
    }
  }

  @Override
  public void close() {
    database.close();
  }

  /** One case. */
  private final class Run {

    private final SagaScenario scenario;
    private final List<Disturbance> disturbances;
    private final Map<Disturbance, AtomicInteger> counts = new ConcurrentHashMap<>();
    private final List<Node> nodes = new ArrayList<>();
    private volatile @Nullable UUID id;
    private volatile Duration ahead = Duration.ZERO;

    Run(SagaScenario scenario, List<Disturbance> disturbances) {
      this.scenario = scenario;
      this.disturbances = disturbances;
      nodes.add(new Node(this, "one"));
      nodes.add(new Node(this, "two"));
      nodes.add(new Node(this, "onlooker")); // owns nothing, and so is never killed
    }

    SagaOutcome toEnd() {
      Node first = nodes.get(0);
      first.engine.start();
      UUID started = first.start();
      id = started;
      if (disturbances.stream().anyMatch(d -> d.what() == What.START_TWICE)) {
        nodes.get(2).start();
      }
      SagaEngine observing = nodes.get(2).engine;
      for (Object signal : scenario.signals()) {
        try {
          observing.signal(started, signal);
        } catch (SagaStateException e) {
          break; // it has ended meanwhile, and needs no event
        }
      }
      nodes.get(1).engine.start();
      try {
        Awaitility.await()
            .atMost(SOON)
            .pollInterval(POLL)
            .until(() -> state(observing, started).map(SagaState::isEnded).orElse(false));
      } catch (ConditionTimeoutException e) {
        // the outcome says where it stands
      }
      return outcome(observing, started);
    }

    private java.util.Optional<SagaState> state(SagaEngine engine, UUID saga) {
      return engine.status(saga).map(SagaStatus::state);
    }

    private SagaOutcome outcome(SagaEngine engine, UUID saga) {
      List<String> effects = new ArrayList<>();
      List<String> lines = new ArrayList<>();
      for (SagaHistoryEntry entry : engine.history(saga)) {
        String key = entry.step() + "/" + (entry.item() == null ? 0 : entry.item());
        if (entry.kind() == SagaHistoryEntry.Kind.DONE) {
          effects.add(key);
        } else if (entry.kind() == SagaHistoryEntry.Kind.COMPENSATED) {
          effects.add("-" + key);
        }
        lines.add(
            "%s %s %s"
                .formatted(
                    entry.at(),
                    entry.kind(),
                    entry.step() == null ? entry.detail() : key + " " + entry.detail()));
      }
      SagaStatus status = engine.status(saga).orElseThrow();
      return new SagaOutcome(
          status.state(), status.failure(), null, effects, lines, scenario.store().faults());
    }

    // ---- what happens on the way

    private boolean isTime(What what) {
      Current now = CURRENT.get();
      for (Disturbance one : disturbances) {
        if (now != null
            && one.what() == what
            && one.step().equals(now.step())
            && one.undo() == now.undo()
            && counts.computeIfAbsent(one, d -> new AtomicInteger()).incrementAndGet()
                <= one.times()) {
          return true;
        }
      }
      return false;
    }

    synchronized void afterCode(Node node) {
      UUID saga = id;
      if (saga != null && isTime(What.CANCEL)) {
        cancel(saga);
      }
      if (isTime(What.FAIL)) {
        ahead = ahead.plus(BACKOFF); // nobody wants to wait for the next attempt
        throw new IllegalStateException("it fails because the test says so");
      }
      if (isTime(What.CRASH_BEFORE)) {
        node.crash();
      }
    }

    private void cancel(UUID saga) {
      Thread other = new Thread(() -> nodes.get(2).engine.cancel(saga, "the test says so"));
      other.start();
      try {
        other.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }

    SagaObserver observer(Node node) {
      return new SagaObserver() {
        @Override
        public Attempt attempt(
            String saga,
            UUID sagaId,
            String step,
            boolean compensation,
            int attempt,
            Map<String, String> headers) {
          CURRENT.set(new Current(step, compensation));
          return outcome -> {
            if (outcome.equals("DONE") && isTime(What.CRASH_AFTER)) {
              node.crash();
            }
            CURRENT.remove();
          };
        }
      };
    }
  }

  /** A process. */
  private final class Node {

    private final Run run;
    private final MortalDataSource dataSource = new MortalDataSource(database.dataSource());
    private final SagaEngine engine;

    Node(Run run, String name) {
      this.run = run;
      SagaDefinition definition = SagaTestKit.definition(run.scenario.saga());
      this.engine =
          new SagaEngine(
              options(name),
              SagaDefinitions.of(List.of(definition)),
              new SagaEngine.Context(
                  shards(),
                  SagaParticipants.of(
                      run.scenario.participants().stream()
                          .map(bean -> new SagaParticipants.Bean(bean, bean.getClass()))
                          .toList()),
                  MessageObserver.NONE,
                  DatabaseRows::currentSlot,
                  SimulatedStore.codec(),
                  List.of(),
                  List.of(() -> run.afterCode(this)),
                  run.observer(this),
                  () -> run.ahead));
    }

    private SagaOptions options(String name) {
      SagaOptions defaults = SagaOptions.defaults(database.schema(), name);
      return new SagaOptions(
          defaults.schema(),
          name,
          defaults.service(),
          defaults.remoteParticipants(),
          defaults.concurrency(),
          defaults.maxActive(),
          LEASE,
          POLL,
          defaults.stuckAfter(),
          defaults.retention(),
          defaults.keyRetention(),
          defaults.signalRetention(),
          defaults.maxPayloadBytes(),
          defaults.virtualThreads());
    }

    UUID start() {
      Object command = run.scenario.command();
      SagaDefinition definition = SagaTestKit.definition(run.scenario.saga());
      int slot =
          run.scenario
              .store()
              .slotOf(definition.shardStrategy(), String.valueOf(definition.shardKey(command)));
      TransactionTarget target = shards().target(slot, "the start");
      return target
          .scope()
          .call(
              () ->
                  new TransactionTemplate(target.transactionManager())
                      .execute(status -> engine.start(definition.name(), command).id()));
    }

    void crash() {
      dataSource.die();
    }

    void stop() {
      dataSource.die();
      engine.stop();
    }

    private SagaShards shards() {
      return new SagaShards() {
        @Override
        public List<String> names() {
          return List.of(SHARD);
        }

        @Override
        public int slotOf(String strategy, String key) {
          return run.scenario.store().slotOf(strategy, key);
        }

        @Override
        public String shardOf(int slot) {
          return SHARD;
        }

        @Override
        public TransactionTarget target(int slot, String key) {
          return new TransactionTarget(
              SHARD,
              slot,
              dataSource,
              dataSource,
              new DataSourceTransactionManager(dataSource),
              new TransactionTarget.Scope() {
                @Override
                public <T extends @Nullable Object> T call(Supplier<T> work) {
                  return DatabaseRows.inSlot(slot, dataSource, work);
                }
              });
        }

        @Override
        public DataSource dataSource(String shard) {
          return dataSource;
        }

        @Override
        public boolean isUp(String shard) {
          return true;
        }
      };
    }
  }
}
