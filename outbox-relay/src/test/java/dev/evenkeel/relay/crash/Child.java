package dev.evenkeel.relay.crash;

import dev.evenkeel.testing.database.DatabaseInfo;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A process that is there to be killed. It ends with its standard input, so with its parent. */
final class Child {

  /** A line on the standard input: write nothing more. */
  static final String QUIET = "quiet";

  private Child() {}

  /**
   * What a child is told.
   *
   * @param journal where it notes what it does
   * @param pauseMillis longest pause of a writer between two transactions
   * @param trap where it ends itself; null: nowhere
   * @param row which of the rows sent, where the trap is one of those
   */
  record Orders(
      DatabaseInfo database,
      String node,
      Path journal,
      long seed,
      int pauseMillis,
      Set<Role> roles,
      @Nullable Boundary trap,
      int row) {

    List<String> arguments() {
      return List.of(
          database.name(),
          database.jdbcUrl(),
          database.username(),
          database.password(),
          node,
          journal.toString(),
          Long.toString(seed),
          Integer.toString(pauseMillis),
          roles.stream().map(Role::name).collect(Collectors.joining(",")),
          trap == null ? "" : trap.name(),
          Integer.toString(row));
    }

    static Orders parse(String[] arguments) {
      Set<Role> roles = EnumSet.noneOf(Role.class);
      Arrays.stream(arguments[8].split(",", -1)).map(Role::valueOf).forEach(roles::add);
      return new Orders(
          new DatabaseInfo(arguments[0], arguments[1], arguments[2], arguments[3]),
          arguments[4],
          Path.of(arguments[5]),
          Long.parseLong(arguments[6]),
          Integer.parseInt(arguments[7]),
          roles,
          arguments[9].isEmpty() ? null : Boundary.valueOf(arguments[9]),
          Integer.parseInt(arguments[10]));
    }

    Writers.Load load() {
      return new Writers.Load(pauseMillis, roles.contains(Role.HUGE_TRANSACTION));
    }
  }

  /** Runs until the standard input ends. */
  public static void main(String[] arguments) throws Exception {
    Orders orders = Orders.parse(arguments);
    Journal journal = new Journal(orders.journal());
    Trap trap = orders.trap() == null ? null : Trap.set(orders.trap(), orders.row());
    Application application =
        new Application(
            orders.database(),
            orders.node(),
            journal,
            orders.roles(),
            orders.seed(),
            trap == null ? () -> {} : trap::sent);
    if (orders.roles().contains(Role.RELAY)) {
      application.startRelay();
    }
    List<Writers> writers = writers(orders, application);
    writers.forEach(Writers::start);
    journal.process(Journal.Kind.STARTED, orders.node());
    obey(writers);
    Runtime.getRuntime().halt(0);
  }

  private static List<Writers> writers(Orders orders, Application application) {
    List<Writers> writers = new ArrayList<>();
    if (orders.roles().contains(Role.WRITER)) {
      writers.add(new Writers(WritePath.outbox(application), orders.load(), orders.seed()));
    }
    if (orders.roles().contains(Role.DUAL_WRITER)) {
      writers.add(new Writers(WritePath.dualWrite(application), orders.load(), orders.seed()));
    }
    return writers;
  }

  private static void obey(List<Writers> writers) throws IOException, InterruptedException {
    BufferedReader orders =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = orders.readLine(); line != null; line = orders.readLine()) {
      if (line.equals(QUIET)) {
        for (Writers each : writers) {
          each.stop();
        }
      }
    }
  }
}
