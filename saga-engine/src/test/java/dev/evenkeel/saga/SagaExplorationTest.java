package dev.evenkeel.saga;

import static org.assertj.core.api.Assertions.assertThat;

import dev.evenkeel.saga.ModelSagas.Command;
import dev.evenkeel.saga.definition.SagaDefinition;
import org.junit.jupiter.api.Test;

class SagaExplorationTest {

  private static SagaModel explore(SagaModel model, int bound) {
    SagaExploration exploration = new SagaExploration(model, bound);
    long begun = System.nanoTime();
    exploration.run();
    System.out.printf(
        "%s: %d worlds%s, %s, %s, %d ms%n",
        model.definition().name(),
        exploration.size(),
        exploration.isComplete() ? "" : " (bound)",
        exploration.found,
        model.sights,
        (System.nanoTime() - begun) / 1_000_000);
    return model;
  }

  private static SagaModel model(SagaDefinition definition) {
    return new SagaModel(definition, Command.of(2), false);
  }

  private static SagaModel cancelled(SagaDefinition definition) {
    return new SagaModel(definition, Command.of(2), true);
  }

  @Test void sequence() { explore(cancelled(ModelSagas.sequence()), 400_000); }
  @Test void deadline() { explore(model(ModelSagas.deadline()), 400_000); }
  @Test void fork() { explore(model(ModelSagas.fork()), 400_000); }
  @Test void items() { explore(model(ModelSagas.items()), 400_000); }
  @Test void noItems() { explore(new SagaModel(ModelSagas.noItems(), Command.of(0), false), 400_000); }
  @Test void await() { explore(model(ModelSagas.await()), 400_000); }
  @Test void awaitBeside() { explore(model(ModelSagas.awaitBeside()), 400_000); }
  @Test void awaitAfterPivot() { explore(model(ModelSagas.awaitAfterPivot()), 400_000); }
  @Test void noPivot() { explore(cancelled(ModelSagas.noPivot()), 400_000); }
  @Test void nothingToUndo() { explore(model(ModelSagas.nothingToUndo()), 400_000); }
  @Test void nowhere() { explore(model(ModelSagas.nowhere()), 400_000); }
}
