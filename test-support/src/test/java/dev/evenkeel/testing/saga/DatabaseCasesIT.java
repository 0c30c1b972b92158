package dev.evenkeel.testing.saga;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.evenkeel.saga.SagaState;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** The cases on a database, some of them; {@code -Devenkeel.saga.test=database} runs all. */
class DatabaseCasesIT {

  private static final DatabaseRun DATABASE = new DatabaseRun();

  @AfterAll
  static void close() {
    DATABASE.close();
  }

  private static SagaOutcome run(Supplier<SagaScenario> scenarios, String name) {
    List<SagaCase> cases = DatabaseCases.of(scenarios, DATABASE);
    return cases.stream()
        .filter(tested -> tested.name().startsWith(name + ","))
        .findFirst()
        .orElseThrow(() -> new AssertionError("There is no such case among " + cases))
        .run();
  }

  @Test
  void completes() {
    assertThat(run(PlaceOrderScenario::new, "nothing happens").state())
        .isEqualTo(SagaState.COMPLETED);
  }

  @Test
  void startedTwiceIsOne() {
    assertThat(run(PlaceOrderScenario::new, "started twice").effects()).doesNotHaveDuplicates();
  }

  @Test
  void crashBeforeACommitIsTakenOver() {
    SagaOutcome end = run(PlaceOrderScenario::new, "crash before the commit of reserveStock");
    assertThat(end.state()).isEqualTo(SagaState.COMPLETED);
    assertThat(end.history()).anyMatch(line -> line.contains("TAKEN_OVER"));
  }

  @Test
  void compensationThatFailsIsRepeated() {
    SagaOutcome end = run(PlaceOrderScenario::new, "undo reserveStock fails 2 times");
    assertThat(end.state()).isEqualTo(SagaState.COMPENSATED);
  }

  @Test
  void wrongShardKeyIsFound() {
    assertThatThrownBy(() -> run(PlantedBugsTest.WrongShardScenario::new, "nothing happens"))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("its shard key is another one");
  }
}
