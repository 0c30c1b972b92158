package dev.evenkeel.outbox;

import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Collection;
import java.util.HashSet;
import java.util.Set;
import javax.sql.DataSource;

/**
 * The consumers of an installation, in its database: who must have seen a message before it may be
 * acknowledged.
 *
 * <p>Registering only adds. It locks {@code relay_state} and raises its registry version; the
 * leader checks that version under the same lock each time before it confirms a position, and steps
 * down when it does not serve the whole set. So a new consumer gets every event committed after its
 * registration. Each method is a transaction of its own. Thread-safe.
 */
public final class ConsumerRegistry {

  private final DataSource dataSource;
  private final String lock;
  private final String bump;
  private final String insert;
  private final String retire;
  private final String all;

  /** Makes the registry of an installation. */
  public ConsumerRegistry(DataSource dataSource, String schema) {
    this.dataSource = dataSource;
    lock = "SELECT FROM %s.relay_state FOR NO KEY UPDATE".formatted(schema);
    bump = "UPDATE %s.relay_state SET registry_version = registry_version + 1".formatted(schema);
    insert =
        """
        INSERT INTO %s.consumer AS c (name, type, version) VALUES (?, ?, ?)
        ON CONFLICT (name, type, version) DO UPDATE SET retired_at = NULL WHERE c.retired_at IS NOT NULL
        """
            .formatted(schema);
    retire =
        """
        UPDATE %s.consumer SET retired_at = clock_timestamp()
         WHERE name = ANY (?) AND retired_at IS NULL
        """
            .formatted(schema);
    all = "SELECT name, type, version FROM %s.consumer WHERE retired_at IS NULL".formatted(schema);
  }

  /** Adds what is missing. Called by each process before it may lead. */
  public void register(Collection<Subscription> subscriptions) {
    if (registered().containsAll(subscriptions)) {
      return; // spares the lock: this is every start but the first
    }
    change(
        c -> {
          int added = 0;
          try (PreparedStatement statement = c.prepareStatement(insert)) {
            for (Subscription subscription : subscriptions) {
              statement.setString(1, subscription.consumer());
              statement.setString(2, subscription.type());
              statement.setInt(3, subscription.version());
              added += statement.executeUpdate();
            }
          }
          return added;
        });
  }

  /**
   * Takes consumers out of the set: nobody waits for them any more.
   *
   * @return how many subscriptions ended
   */
  public int retire(Collection<String> consumers) {
    return consumers.isEmpty()
        ? 0
        : change(
            c -> {
              try (PreparedStatement statement = c.prepareStatement(retire)) {
                Array names = c.createArrayOf("text", consumers.toArray());
                statement.setArray(1, names);
                return statement.executeUpdate();
              }
            });
  }

  /** The whole set. */
  public Set<Subscription> registered() {
    return ProtocolTransaction.inTransaction(
        dataSource,
        "Reading the consumers",
        c -> {
          try (PreparedStatement statement = c.prepareStatement(all);
              ResultSet rows = statement.executeQuery()) {
            Set<Subscription> result = new HashSet<>();
            while (rows.next()) {
              result.add(new Subscription(rows.getString(1), rows.getString(2), rows.getInt(3)));
            }
            return result;
          }
        });
  }

  private int change(ProtocolTransaction.Work<Integer> change) {
    return ProtocolTransaction.inTransaction(
        dataSource,
        "Changing the consumers",
        c -> {
          execute(c, lock);
          int changed = change.in(c);
          if (changed > 0) {
            execute(c, bump);
          }
          return changed;
        });
  }

  private static void execute(Connection connection, String sql) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      statement.execute();
    }
  }
}
