package dev.evenkeel.saga;

import dev.evenkeel.outbox.JsonPayloadCodec;
import dev.evenkeel.saga.definition.SagaBuilder;
import dev.evenkeel.saga.definition.SagaDefinition;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import tools.jackson.databind.json.JsonMapper;

/** The coordinator's decisions about a saga of three steps, without the rows and the threads. */
@State(Scope.Benchmark)
public class CoordinatorBenchmark {

  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
  private static final int STUCK_AFTER = 10;
  private static final List<String> STEPS = List.of("first", "second", "third");

  /** The start, each step's end, and with the last one the saga's. */
  private static final int DECISIONS = 4;

  private final SagaCoordinator coordinator =
      new SagaCoordinator(new JsonPayloadCodec(JsonMapper.builder().build()), STUCK_AFTER);
  private final SagaDefinition definition = definition();
  private final List<SagaNews> ended =
      STEPS.stream()
          .<SagaNews>map(
              step -> new SagaNews.Ended(new StepKey(step, 0), Outcome.DONE, null, null, NOW))
          .toList();

  /** The command. */
  record Transfer(long number) {}

  private static SagaDefinition definition() {
    SagaBuilder<Transfer> saga =
        SagaBuilder.saga("transfer", 1, Transfer.class).key("number").shardKey("number");
    String[] after = {};
    for (String step : STEPS) {
      String[] before = after;
      saga.step(
          step,
          s -> s.after(before).shardKey("number").run(context -> null).compensation(context -> {}));
      after = new String[] {step};
    }
    return saga.build();
  }

  /** One decision, on average over those that a saga takes from its start to its end. */
  @Benchmark
  @OperationsPerInvocation(DECISIONS)
  public Object decide() {
    InstanceState state =
        new InstanceState(
            definition,
            new UUID(0, 1),
            new Transfer(1),
            NOW,
            null,
            SagaState.RUNNING,
            false,
            null,
            Set.of(),
            Map.of(),
            List.of());
    Decision decision = coordinator.decide(state, List.of(), NOW);
    for (SagaNews news : ended) {
      decision = coordinator.decide(decision.state(), List.of(news), NOW);
    }
    return decision;
  }
}
