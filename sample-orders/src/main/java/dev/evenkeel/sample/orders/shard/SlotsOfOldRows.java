package dev.evenkeel.sample.orders.shard;

import dev.evenkeel.outbox.SlotHash;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.flywaydb.core.api.MigrationVersion;
import org.flywaydb.core.api.migration.Context;
import org.flywaydb.core.api.migration.JavaMigration;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * Migration 3: gives the rows from before the shards their slots, customer by customer. In Java,
 * because the hash is. Locks: the rows it updates.
 */
@Component
class SlotsOfOldRows implements JavaMigration {

  private static final String CUSTOMERS =
      """
      SELECT customer_id FROM orders WHERE slot IS NULL
       UNION
      SELECT customer_id FROM customer_summary WHERE slot IS NULL
      """;

  private static final String LINES =
      """
      UPDATE order_line SET slot = ?
       WHERE order_id IN (SELECT id FROM orders WHERE customer_id = ?)
      """;

  private static final String ORDERS =
      """
      UPDATE orders SET slot = ? WHERE customer_id = ?
      """;

  private static final String SUMMARIES =
      """
      UPDATE customer_summary SET slot = ? WHERE customer_id = ?
      """;

  @Override
  public MigrationVersion getVersion() {
    return MigrationVersion.fromVersion("3");
  }

  @Override
  public String getDescription() {
    return "slots of old rows";
  }

  @Override
  public @Nullable Integer getChecksum() {
    return null;
  }

  @Override
  public boolean canExecuteInTransaction() {
    return true;
  }

  @Override
  public void migrate(Context context) throws SQLException {
    Connection connection = context.getConnection(); // Flyway's
    try (Statement statement = connection.createStatement();
        ResultSet customers = statement.executeQuery(CUSTOMERS);
        PreparedStatement lines = connection.prepareStatement(LINES);
        PreparedStatement orders = connection.prepareStatement(ORDERS);
        PreparedStatement summaries = connection.prepareStatement(SUMMARIES)) {
      while (customers.next()) {
        long customer = customers.getLong(1);
        int slot = SlotHash.slotOf(String.valueOf(customer));
        for (PreparedStatement update : new PreparedStatement[] {lines, orders, summaries}) {
          update.setInt(1, slot);
          update.setLong(2, customer);
          update.executeUpdate();
        }
      }
    }
  }
}
