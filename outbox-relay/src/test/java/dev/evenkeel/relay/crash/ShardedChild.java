package dev.evenkeel.relay.crash;

import com.zaxxer.hikari.HikariDataSource;
import dev.evenkeel.relay.Relay;
import dev.evenkeel.relay.RelayGroup;
import dev.evenkeel.testing.database.DatabaseInfo;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.springframework.jdbc.core.JdbcTemplate;

/**
 * A process that runs the relays of several shards, and is there to be killed. It ends with its
 * standard input, so with its parent.
 */
final class ShardedChild {

  /** On the first shard: who runs relays. A dead process stays in it for some seconds. */
  static final String LIVING =
      "CREATE TABLE living (node text PRIMARY KEY, seen_at timestamptz NOT NULL)";

  private static final int PER_DATABASE = 4;

  private ShardedChild() {}

  /** What a child is told. */
  record Orders(String node, Path journal, Set<Role> roles, List<DatabaseInfo> shards) {

    List<String> arguments() {
      List<String> arguments =
          new ArrayList<>(
              List.of(
                  node,
                  journal.toString(),
                  roles.stream().map(Role::name).collect(Collectors.joining(","))));
      for (DatabaseInfo shard : shards) {
        arguments.addAll(
            List.of(shard.name(), shard.jdbcUrl(), shard.username(), shard.password()));
      }
      return arguments;
    }

    static Orders parse(String[] arguments) {
      List<DatabaseInfo> shards = new ArrayList<>();
      for (int n = 3; n < arguments.length; n += PER_DATABASE) {
        shards.add(
            new DatabaseInfo(arguments[n], arguments[n + 1], arguments[n + 2], arguments[n + 3]));
      }
      Set<Role> roles = EnumSet.noneOf(Role.class);
      Arrays.stream(arguments[2].split(",", -1)).map(Role::valueOf).forEach(roles::add);
      return new Orders(arguments[0], Path.of(arguments[1]), roles, shards);
    }
  }

  /** Runs until the standard input ends. */
  public static void main(String[] arguments) throws IOException {
    Orders orders = Orders.parse(arguments);
    Journal journal = new Journal(orders.journal());
    Map<String, Relay> relays = new LinkedHashMap<>();
    List<HikariDataSource> pools = new ArrayList<>();
    for (DatabaseInfo shard : orders.shards()) {
      Application application =
          new Application(shard, orders.node(), journal, orders.roles(), relays.size());
      relays.put(shard.name(), application.relay());
      pools.add(application.dataSource());
    }
    JdbcTemplate first = new JdbcTemplate(pools.get(0));
    new RelayGroup(relays, () -> living(first, orders.node())).start();
    journal.process(Journal.Kind.STARTED, orders.node());
    System.in.read();
    Runtime.getRuntime().halt(0);
  }

  private static Set<String> living(JdbcTemplate sql, String node) {
    sql.update(
        """
        INSERT INTO living VALUES (?, clock_timestamp())
        ON CONFLICT (node) DO UPDATE SET seen_at = excluded.seen_at
        """,
        node);
    return new HashSet<>(
        sql.queryForList(
            "SELECT node FROM living WHERE seen_at > clock_timestamp() - interval '6 s'",
            String.class));
  }
}
