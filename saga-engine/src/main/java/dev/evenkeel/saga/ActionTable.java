package dev.evenkeel.saga;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** Statements on {@code saga_action}. */
final class ActionTable {

  private final String schema;
  private final TimedSql insert;

  ActionTable(String schema) {
    this.schema = schema;
    this.insert =
        new TimedSql(
            schema,
            """
            INSERT INTO @schema.saga_action (saga_id, action, step, item, acted_at, acted_by, because)
            VALUES (?, ?, ?, ?, @now, ?, ?)
            """);
  }

  void insert(Connection c, UUID sagaId, OperatorDecision decision, Duration ahead)
      throws SQLException {
    try (PreparedStatement statement = c.prepareStatement(insert.ahead(ahead))) {
      int i = 1;
      statement.setObject(i++, sagaId);
      statement.setString(i++, decision.kind().name());
      statement.setString(i++, decision.step());
      statement.setObject(i++, decision.step() == null ? null : decision.item(), Types.INTEGER);
      statement.setString(i++, decision.by());
      statement.setString(i, decision.because());
      statement.executeUpdate();
    }
  }

  /** What operators did to a saga, oldest first. */
  List<SagaAction> read(Connection c, UUID sagaId) throws SQLException {
    String sql =
        """
        SELECT action, step, item, acted_at, acted_by, because
          FROM %s.saga_action WHERE saga_id = ? ORDER BY position
        """
            .formatted(schema);
    try (PreparedStatement statement = c.prepareStatement(sql)) {
      statement.setObject(1, sagaId);
      try (ResultSet rows = statement.executeQuery()) {
        List<SagaAction> actions = new ArrayList<>();
        while (rows.next()) {
          actions.add(
              new SagaAction(
                  SagaAction.Kind.valueOf(rows.getString(1)),
                  rows.getString(2),
                  rows.getObject(3, Integer.class),
                  rows.getObject(4, OffsetDateTime.class).toInstant(),
                  rows.getString(5),
                  rows.getString(6)));
        }
        return actions;
      }
    }
  }
}
