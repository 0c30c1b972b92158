package dev.evenkeel.bench.dbos;

import dev.dbos.transact.txstep.JdbcStepFactory;
import dev.dbos.transact.workflow.Workflow;
import java.sql.SQLException;

/** Steps whose insert and output commit together, as the guide to transactional steps shows. */
public final class TransactionalSteps implements ThreeSteps {

  private final JdbcStepFactory steps;
  private final EffectTable table;

  TransactionalSteps(JdbcStepFactory steps, EffectTable table) {
    this.steps = steps;
    this.table = table;
  }

  @Override
  @Workflow(name = "threeSteps")
  public void run(long number) throws SQLException {
    step(number, "first");
    step(number, "second");
    step(number, "third");
  }

  private void step(long number, String name) throws SQLException {
    steps.<Long, SQLException>txStep(
        connection -> {
          table.insert(connection, number, name);
          return number;
        },
        name);
  }
}
