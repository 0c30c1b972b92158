package dev.evenkeel.transport.kafka.crash;

import dev.evenkeel.testing.database.DatabaseInfo;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.List;

/** A process that is there to be killed. It ends with its standard input, so with its parent. */
final class Child {

  /** A line on the standard input: write nothing more. */
  static final String QUIET = "quiet";

  /** Followed by an arm. */
  static final String ARM = "arm";

  /** Nobody is hurt any more. */
  static final String DISARM = "disarm";

  private Child() {}

  /**
   * What a child is told.
   *
   * @param folder with the journal, and where processes agree on who is hurt
   * @param writes whether it writes, beside relaying and handling
   * @param premature its transport acknowledges before the broker does
   */
  record Orders(
      DatabaseInfo database,
      String brokers,
      String node,
      Path folder,
      long seed,
      boolean writes,
      boolean premature) {

    List<String> arguments() {
      return List.of(
          database.name(),
          database.jdbcUrl(),
          database.username(),
          database.password(),
          brokers,
          node,
          folder.toString(),
          Long.toString(seed),
          Boolean.toString(writes),
          Boolean.toString(premature));
    }

    static Orders parse(String[] arguments) {
      return new Orders(
          new DatabaseInfo(arguments[0], arguments[1], arguments[2], arguments[3]),
          arguments[4],
          arguments[5],
          Path.of(arguments[6]),
          Long.parseLong(arguments[7]),
          Boolean.parseBoolean(arguments[8]),
          Boolean.parseBoolean(arguments[9]));
    }

    Path journal() {
      return folder.resolve("journal");
    }
  }

  /** Runs until the standard input ends. */
  public static void main(String[] arguments)
      throws IOException, InterruptedException, SQLException {
    Orders orders = Orders.parse(arguments);
    Journal journal = new Journal(orders.journal());
    Tripwire tripwire = new Tripwire(journal, orders.node(), orders.folder());
    Tripwire.install(tripwire);
    WatchedDriver.install(orders.database().jdbcUrl());
    Application application =
        new Application(
            orders.database(), orders.brokers(), orders.node(), journal, orders.premature());
    application.start();
    Writers writers = new Writers(application, orders.seed());
    if (orders.writes()) {
      writers.start();
    }
    journal.process(Journal.Kind.STARTED, orders.node(), "-");
    obey(writers, tripwire);
    Runtime.getRuntime().halt(0);
  }

  private static void obey(Writers writers, Tripwire tripwire)
      throws IOException, InterruptedException {
    BufferedReader orders =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = orders.readLine(); line != null; line = orders.readLine()) {
      List<String> words = Arrays.asList(line.split(" ", -1));
      switch (words.get(0)) {
        case ARM -> tripwire.arm(Arm.parse(words.subList(1, words.size())));
        case DISARM -> tripwire.arm(null);
        case QUIET -> writers.stop();
        default -> throw new IllegalArgumentException(line);
      }
    }
  }
}
