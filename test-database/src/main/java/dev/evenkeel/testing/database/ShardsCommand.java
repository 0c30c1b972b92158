package dev.evenkeel.testing.database;

import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The program behind {@code bin/shards}. */
final class ShardsCommand {

  static final int DONE = 0;
  static final int FAILED = 1;
  static final int MISUSED = 2;

  private static final int DEFAULT_COUNT = 3;

  private final PrintStream out;
  private final PrintStream err;

  ShardsCommand(PrintStream out, PrintStream err) {
    this.out = out;
    this.err = err;
  }

  /** Ends the JVM with the exit code. */
  public static void main(String[] arguments) {
    System.exit(
        new ShardsCommand(
                new PrintStream(System.out, true, StandardCharsets.UTF_8),
                new PrintStream(System.err, true, StandardCharsets.UTF_8))
            .run(List.of(arguments)));
  }

  /** Runs one command; returns the exit code. */
  int run(List<String> arguments) {
    if (arguments.contains("--help")) {
      out.print(usage());
      return DONE;
    }
    try {
      return run(Request.of(arguments));
    } catch (MisuseException e) {
      err.println("shards: " + e.getMessage());
      return MISUSED;
    } catch (PostgresException e) {
      err.println("shards: " + e.getMessage());
      return FAILED;
    }
  }

  private int run(Request request) {
    ShardServers servers = new ShardServers(request.directory());
    return switch (request.command()) {
      case "start" -> start(servers, request);
      case "stop" -> stop(servers, request);
      default -> status(servers, request);
    };
  }

  private int start(ShardServers servers, Request request) {
    int known = servers.known().size();
    Integer count = request.count();
    if (count != null && count < known) {
      throw new MisuseException(
          ("--count must be at least %d, the number of shards in %s whose slot map names them all,"
                  + " was %d: leave it out, or choose another --dir")
              .formatted(known, request.directory(), count));
    }
    List<String> names =
        ShardServers.names(count != null ? count : known > 0 ? known : DEFAULT_COUNT);
    servers.start(names);
    servers.writeProperties(names);
    print(servers.statuses(names));
    out.printf(
        "%nWritten: %s%nA copy of the sample on these shards:%n"
            + "  java -jar sample-orders/target/sample-orders.jar --server.port=8081 %s%n",
        servers.propertiesFile(),
        quoted("--spring.config.import=file:" + servers.propertiesFile()));
    return DONE;
  }

  private int stop(ShardServers servers, Request request) {
    List<String> names = names(servers, request);
    servers.stop(names);
    print(servers.statuses(names));
    return DONE;
  }

  private int status(ShardServers servers, Request request) {
    List<ShardServers.Status> statuses = servers.statuses(names(servers, request));
    print(statuses);
    boolean allUp = statuses.stream().allMatch(ShardServers.Status::up);
    return allUp && !statuses.isEmpty() ? DONE : FAILED;
  }

  private List<String> names(ShardServers servers, Request request) {
    Integer count = request.count();
    List<String> names = count == null ? servers.known() : ShardServers.names(count);
    if (names.isEmpty()) {
      out.printf("No shards in %s%n", request.directory());
    }
    return names;
  }

  private void print(List<ShardServers.Status> statuses) {
    for (ShardServers.Status status : statuses) {
      Long pid = status.pid();
      out.printf(
          "%s  %-4s  port %-5s  pid %s%n",
          status.name(),
          status.up() ? "up" : "down",
          status.port().isPresent() ? status.port().getAsInt() : "-",
          pid == null ? "-" : pid);
    }
  }

  private static String usage() {
    return """
      usage: bin/shards start|stop|status [--count N] [--dir D]

      PostgreSQL servers outside the application, one for each shard, for several copies of it to share.

        start    starts those that are down, each on the port it had before, and writes D/shards.properties
        stop     stops them; their data stay
        status   prints each with port and process id

        --count  1 to 26; shards are named a, b, c and so on. Default: all that D holds; a first start makes 3
        --dir    where their data are, default %s

      Exit code: 0 done, for status all up; 1 a server failed, for status one is down or there is none; 2 misused.
      """
        .formatted(defaultDirectory());
  }

  private static String quoted(String argument) {
    return argument.matches("[\\w./:=@%+-]+")
        ? argument
        : "'" + argument.replace("'", "'\\''") + "'";
  }

  /** Survives {@code mvn clean} and a restart of the machine. */
  private static Path defaultDirectory() {
    String cache = System.getenv("XDG_CACHE_HOME");
    Path base =
        cache == null || cache.isBlank()
            ? Path.of(System.getProperty("user.home"), ".cache")
            : Path.of(cache);
    return base.resolve("evenkeel").resolve("shards");
  }

  /**
   * What is asked for.
   *
   * @param count null for all there are
   */
  private record Request(String command, @Nullable Integer count, Path directory) {

    static Request of(List<String> arguments) {
      Deque<String> rest = new ArrayDeque<>(arguments);
      String command = rest.isEmpty() ? "" : rest.removeFirst();
      if (!List.of("start", "stop", "status").contains(command)) {
        throw new MisuseException(
            "the command must be start, stop or status, was \"%s\": see bin/shards --help"
                .formatted(command));
      }
      Map<String, String> options = new HashMap<>();
      while (!rest.isEmpty()) {
        String option = rest.removeFirst();
        if (!List.of("--count", "--dir").contains(option) || options.containsKey(option)) {
          throw new MisuseException(
              "options are --count and --dir, each once, was \"%s\": see bin/shards --help"
                  .formatted(option));
        }
        if (rest.isEmpty() || rest.peekFirst().isBlank()) {
          throw new MisuseException("%s needs a value".formatted(option));
        }
        options.put(option, rest.removeFirst());
      }
      String count = options.get("--count");
      String directory = options.get("--dir");
      return new Request(
          command,
          count == null ? null : count(count),
          directory == null ? defaultDirectory() : Path.of(directory).toAbsolutePath().normalize());
    }

    private static int count(String text) {
      if (!text.matches("[1-9]|1\\d|2[0-6]")) {
        throw new MisuseException(
            "--count must be between 1 and %d, was %s".formatted(ShardServers.MAX_COUNT, text));
      }
      return Integer.parseInt(text);
    }
  }

  /** Arguments that make no command. */
  private static final class MisuseException extends RuntimeException {

    MisuseException(String message) {
      super(message);
    }
  }
}
