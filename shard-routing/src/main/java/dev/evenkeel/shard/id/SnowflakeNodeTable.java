package dev.evenkeel.shard.id;

import dev.evenkeel.outbox.ProtocolTransaction;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import javax.sql.DataSource;

/**
 * Statements on {@code snowflake_node}. Each runs in a durable transaction of its own and judges
 * leases by the database's clock alone. Milliseconds count from 1970.
 */
final class SnowflakeNodeTable {

  private final DataSource dataSource;
  private final String table;
  private final String take;
  private final String renew;
  private final String giveBack;
  private final String shortage;

  SnowflakeNodeTable(DataSource dataSource, String schema) {
    this.dataSource = dataSource;
    this.table = schema + ".snowflake_node";
    // One reading of the clock per statement: lease, ceiling and answer have to agree. millis is
    // the time of ids, which may be ahead of the database's when its clock went back.
    String clock =
        """
        WITH clock AS MATERIALIZED (
            SELECT now, micros, greatest(micros / 1000, ?) AS millis
              FROM (SELECT now, floor(extract(epoch FROM now) * 1000000)::bigint AS micros
                      FROM (SELECT clock_timestamp() AS now) AS reading) AS reading)
        """;
    take =
        clock
            + """
            , free AS (
                SELECT n.id, n.ceiling
                  FROM %1$s n, clock
                 WHERE n.lease_until < clock.now AND n.ceiling < clock.millis
                   AND clock.millis BETWEEN %2$d AND %3$d
                 ORDER BY n.ceiling, n.id
                 LIMIT 1
                   FOR UPDATE OF n SKIP LOCKED)
            UPDATE %1$s n
               SET holder = ?, epoch = n.epoch + 1,
                   lease_until = clock.now + ? * interval '1 millisecond', ceiling = clock.millis + ?
              FROM free, clock
             WHERE n.id = free.id
            RETURNING n.id, n.epoch, free.ceiling AS floor, n.ceiling, clock.micros
            """
                .formatted(table, SnowflakeIds.FIRST_MILLIS, SnowflakeIds.LAST_MILLIS);
    renew =
        clock
            + """
            UPDATE %s n
               SET lease_until = clock.now + ? * interval '1 millisecond',
                   ceiling = greatest(n.ceiling, clock.millis + ?)
              FROM clock
             WHERE n.id = ? AND n.holder = ? AND n.epoch = ?
            RETURNING n.ceiling, clock.micros
            """
                .formatted(table);
    giveBack =
        """
        UPDATE %s SET holder = NULL, lease_until = '-infinity', ceiling = ?
         WHERE id = ? AND holder = ? AND epoch = ?
        """
            .formatted(table);
    shortage =
        """
        SELECT now, count(id) AS nodes, count(id) FILTER (WHERE lease_until >= now) AS leased,
               min(lease_until) FILTER (WHERE lease_until >= now) AS next_end,
               min(ceiling) FILTER (WHERE lease_until < now) AS lowest_ceiling
          FROM (SELECT clock_timestamp() AS now) AS reading LEFT JOIN %s ON true
         GROUP BY now
        """
            .formatted(table);
  }

  /** Whose a node id is, as the statements repeat it. */
  record Tenure(int id, String holder, long epoch) {}

  /**
   * A node id, taken.
   *
   * @param floor the ceiling as it was: ids carry later milliseconds only
   * @param micros the database's clock at that moment, in microseconds since 1970
   */
  record Taken(Tenure tenure, long floor, long ceiling, long micros) {}

  /** A lease, renewed. */
  record Renewed(long ceiling, long micros) {}

  /**
   * Takes a free node id; empty when there is none.
   *
   * @param millis time of this process's ids, 0 when it has issued none
   */
  Optional<Taken> take(String holder, Duration lease, long millis) {
    return inTransaction(
        "Taking a Snowflake node id",
        c -> {
          try (PreparedStatement statement = c.prepareStatement(take)) {
            statement.setLong(1, millis);
            statement.setString(2, holder);
            statement.setLong(3, lease.toMillis());
            statement.setLong(4, lease.toMillis());
            try (ResultSet row = statement.executeQuery()) {
              return row.next()
                  ? Optional.of(
                      new Taken(
                          new Tenure(row.getInt("id"), holder, row.getLong("epoch")),
                          row.getLong("floor"),
                          row.getLong("ceiling"),
                          row.getLong("micros")))
                  : Optional.empty();
            }
          }
        });
  }

  /** Renews a lease and raises its ceiling; empty when the node id is somebody else's by now. */
  Optional<Renewed> renew(Tenure tenure, Duration lease, long millis) {
    return inTransaction(
        "Renewing the lease of a Snowflake node id",
        c -> {
          try (PreparedStatement statement = c.prepareStatement(renew)) {
            statement.setLong(1, millis);
            statement.setLong(2, lease.toMillis());
            statement.setLong(3, lease.toMillis());
            setTenure(statement, 4, tenure);
            try (ResultSet row = statement.executeQuery()) {
              return row.next()
                  ? Optional.of(new Renewed(row.getLong("ceiling"), row.getLong("micros")))
                  : Optional.empty();
            }
          }
        });
  }

  /**
   * Ends a lease. If the node id is somebody else's by now, nothing happens.
   *
   * @param ceiling no issued id carries a later millisecond
   */
  void giveBack(Tenure tenure, long ceiling) {
    inTransaction(
        "Giving a Snowflake node id back",
        c -> {
          try (PreparedStatement statement = c.prepareStatement(giveBack)) {
            statement.setLong(1, ceiling);
            setTenure(statement, 2, tenure);
            return statement.executeUpdate();
          }
        });
  }

  /** Why none could be taken, and what helps: the end of a sentence. */
  String shortage() {
    return inTransaction(
        "Looking for free Snowflake node ids",
        c -> {
          try (PreparedStatement statement = c.prepareStatement(shortage);
              ResultSet row = statement.executeQuery()) {
            row.next();
            return describe(row);
          }
        });
  }

  private String describe(ResultSet row) throws SQLException {
    Instant now = row.getTimestamp("now").toInstant();
    long nodes = row.getLong("nodes");
    if (nodes == 0) {
      return table + " has no rows; name the database where they are as the catalogue";
    }
    if (now.toEpochMilli() < SnowflakeIds.FIRST_MILLIS
        || now.toEpochMilli() > SnowflakeIds.LAST_MILLIS) {
      return "the database's clock says %s, and ids reach from %s to %s; correct the clock"
          .formatted(
              now,
              Instant.ofEpochMilli(SnowflakeIds.FIRST_MILLIS),
              Instant.ofEpochMilli(SnowflakeIds.LAST_MILLIS));
    }
    if (row.getLong("leased") == nodes) {
      return "all %d node ids of %s are leased, the next until %s; stop processes that need none, or wait until then"
          .formatted(nodes, table, row.getTimestamp("next_end").toInstant());
    }
    return "the %d node ids of %s that nobody has leased have issued ids up to %s and later, and the database's clock says %s; correct the clock if it went back, or wait until then"
        .formatted(
            nodes - row.getLong("leased"),
            table,
            Instant.ofEpochMilli(row.getLong("lowest_ceiling")),
            now);
  }

  private static void setTenure(PreparedStatement statement, int first, Tenure tenure)
      throws SQLException {
    statement.setInt(first, tenure.id());
    statement.setString(first + 1, tenure.holder());
    statement.setLong(first + 2, tenure.epoch());
  }

  private <T> T inTransaction(String what, ProtocolTransaction.Work<T> work) {
    return ProtocolTransaction.inTransaction(dataSource, what, (Connection c) -> work.in(c));
  }
}
