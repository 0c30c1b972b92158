package dev.evenkeel.relay;

import java.io.PrintStream;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * {@code bin/doctor}: says how an installation's relay is, what is wrong with it and what to do.
 * Reads only, by a session that can't write.
 */
final class DoctorCommand {

  static final int HEALTHY = 0;
  static final int WARNING = 1;
  static final int BROKEN = 2;

  /** As sysexits.h has it. */
  static final int USAGE = 64;

  private static final Pattern SCHEMA = Pattern.compile("[a-z_][a-z0-9_]{0,62}");

  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss 'UTC'").withZone(ZoneOffset.UTC);

  private static final String HELP =
      """
      Says how the relay of an installation is, what is wrong and what to do about it. Changes nothing.

        bin/doctor <jdbc url> [--schema S] [--user U] [--password-env VAR]

        <jdbc url>          jdbc:postgresql://host:port/database, the database that has the outbox; with several
                            hosts the primary among them
        --schema S          the installation's schema, default evenkeel
        --user U            role to connect as; best the relay's. Default: the URL's, PGUSER, the system's user
        --password-env VAR  environment variable that has its password; default PGPASSWORD
        --retained-wal B    bytes of retained WAL that are worth a warning, default 1073741824
        --retained-share F  share of max_slot_wal_keep_size that is, default 0.5

      Ends with 0 (healthy), 1 (a warning, or something the role may not see), 2 (broken, or the database
      can't be reached), 64 (these arguments are wrong).
      """;

  private final Map<String, String> environment;
  private final PrintStream out;
  private final PrintStream err;

  DoctorCommand(Map<String, String> environment, PrintStream out, PrintStream err) {
    this.environment = environment;
    this.out = out;
    this.err = err;
  }

  /** Runs from a shell. */
  public static void main(String[] arguments) {
    System.exit(new DoctorCommand(System.getenv(), System.out, System.err).run(arguments));
  }

  /** Returns how the process is to end. */
  int run(String... arguments) {
    if (List.of(arguments).contains("--help")) {
      out.print(HELP);
      return HEALTHY;
    }
    Orders orders;
    try {
      orders = Orders.parse(arguments, environment);
    } catch (IllegalArgumentException e) {
      err.println(e.getMessage());
      err.print(HELP);
      return USAGE;
    }
    return examine(orders);
  }

  private int examine(Orders orders) {
    out.println("Evenkeel doctor: %s, schema %s".formatted(orders.shownUrl(), orders.schema()));
    try (Connection c = orders.connect()) {
      return report(Examination.of(c, orders.schema(), orders.options()));
    } catch (SQLException e) {
      out.println();
      print(
          RelayFinding.broken(
              "the database can't be asked: " + e.getMessage(),
              "look whether the server runs and is the primary, and at host, port, database, role and password"));
      return verdict(BROKEN);
    }
  }

  private int report(Examination examination) {
    out.println();
    examination.state().forEach((name, value) -> out.println("  %-17s %s".formatted(name, value)));
    out.println();
    examination.findings().stream().filter(RelayFinding::broken).forEach(this::print);
    examination.findings().stream().filter(f -> !f.broken()).forEach(this::print);
    for (String unseen : examination.unseen()) {
      out.println("NOT SEEN  " + unseen);
    }
    if (!examination.gaps().isEmpty()) {
      out.println("Gaps, newest first");
      examination.gaps().forEach(this::print);
    }
    if (examination.findings().stream().anyMatch(RelayFinding::broken)) {
      return verdict(BROKEN);
    }
    return verdict(
        examination.findings().isEmpty() && examination.unseen().isEmpty() ? HEALTHY : WARNING);
  }

  private void print(RelayFinding finding) {
    out.println("%-8s  %s".formatted(finding.severity(), finding.what()));
    out.println("          -> " + finding.remedy());
  }

  private void print(RelayStatus.Gap gap) {
    out.println("  %s  %s".formatted(TIME.format(gap.recognisedAt()), gap.what()));
    out.println(
        gap.repairedAt() == null
            ? "     found by %s, not repaired yet".formatted(gap.node())
            : "     repaired %s: %s".formatted(TIME.format(gap.repairedAt()), gap.repair()));
  }

  private int verdict(int exit) {
    String word = exit == HEALTHY ? "HEALTHY" : exit == WARNING ? "WARNING" : "BROKEN";
    out.println();
    out.println(word);
    return exit;
  }

  /** What the command was asked for. */
  private record Orders(
      String url,
      String schema,
      @Nullable String user,
      @Nullable String password,
      DoctorOptions options) {

    static Orders parse(String[] arguments, Map<String, String> environment) {
      String url = null;
      String schema = "evenkeel";
      String user = environment.get("PGUSER");
      String password = environment.get("PGPASSWORD");
      DoctorOptions options = DoctorOptions.defaults();
      Iterator<String> rest = Arrays.asList(arguments).iterator();
      while (rest.hasNext()) {
        String argument = rest.next();
        switch (argument) {
          case "--schema" -> schema = schema(value(argument, rest));
          case "--user" -> user = value(argument, rest);
          case "--password-env" -> password = password(value(argument, rest), environment);
          case "--retained-wal" ->
              options =
                  new DoctorOptions(
                      bytes(argument, value(argument, rest)), options.retainedShare());
          case "--retained-share" ->
              options =
                  new DoctorOptions(options.retainedWal(), share(argument, value(argument, rest)));
          default -> {
            if (url != null || !argument.startsWith("jdbc:postgresql:")) {
              throw new IllegalArgumentException(
                  "unknown argument %s; one URL that starts with jdbc:postgresql: and the options below are allowed"
                      .formatted(argument));
            }
            url = argument;
          }
        }
      }
      if (url == null) {
        throw new IllegalArgumentException(
            "the JDBC URL is missing; name it as the first argument");
      }
      return new Orders(url, schema, user, password, options);
    }

    private static String value(String option, Iterator<String> rest) {
      if (!rest.hasNext()) {
        throw new IllegalArgumentException(option + " must be followed by its value");
      }
      return rest.next();
    }

    private static long bytes(String option, String text) {
      try {
        return Long.parseLong(text);
      } catch (NumberFormatException e) {
        throw new IllegalArgumentException(
            "%s must be a whole number of bytes, was %s".formatted(option, text), e);
      }
    }

    private static double share(String option, String text) {
      try {
        return Double.parseDouble(text);
      } catch (NumberFormatException e) {
        throw new IllegalArgumentException(
            "%s must be a number, was %s".formatted(option, text), e);
      }
    }

    private static String schema(String name) {
      if (!SCHEMA.matcher(name).matches()) {
        throw new IllegalArgumentException(
            "--schema must be lower-case letters, digits and underscores, at most 63, was " + name);
      }
      return name;
    }

    private static String password(String variable, Map<String, String> environment) {
      String value = environment.get(variable);
      if (value == null) {
        throw new IllegalArgumentException(
            "--password-env names the environment variable %s, which is not set"
                .formatted(variable));
      }
      return value;
    }

    /** Without parameters, which may have a password. */
    String shownUrl() {
      return url.split("\\?", 2)[0];
    }

    Connection connect() throws SQLException {
      Properties properties = new Properties();
      if (user != null) {
        properties.setProperty("user", user);
      }
      if (password != null) {
        properties.setProperty("password", password);
      }
      properties.setProperty("ApplicationName", "evenkeel-doctor");
      properties.setProperty("connectTimeout", "5");
      properties.setProperty("socketTimeout", "30");
      if (new ConnectionSettings(url, "", "").severalHosts()) {
        properties.setProperty("targetServerType", "preferPrimary");
      }
      Connection connection = DriverManager.getConnection(url, properties);
      try {
        connection.setReadOnly(true);
        RelayConnections.execute(
            connection,
            "SET default_transaction_read_only = on; SET statement_timeout = '10s'; SET lock_timeout = '2s'");
        return connection;
      } catch (SQLException e) {
        connection.close();
        throw e;
      }
    }
  }
}
