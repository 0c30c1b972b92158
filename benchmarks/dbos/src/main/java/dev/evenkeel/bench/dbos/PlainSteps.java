package dev.evenkeel.bench.dbos;

import dev.dbos.transact.DBOS;
import dev.dbos.transact.workflow.Workflow;
import java.sql.Connection;
import java.sql.SQLException;
import javax.sql.DataSource;

/** Steps as the programming guide shows them: after a crash one may insert its row again. */
public final class PlainSteps implements ThreeSteps {

  private final DBOS dbos;
  private final DataSource dataSource;
  private final EffectTable table;

  PlainSteps(DBOS dbos, DataSource dataSource, EffectTable table) {
    this.dbos = dbos;
    this.dataSource = dataSource;
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
    dbos.<Long, SQLException>runStep(
        () -> {
          try (Connection connection = dataSource.getConnection()) {
            table.insert(connection, number, name);
          }
          return number;
        },
        name);
  }
}
