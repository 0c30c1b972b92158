package dev.evenkeel.testing.database;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Servers that outlive the JVM, one for each shard, with their data below one directory: the data
 * folder {@code <directory>/a}, its log {@code a.log}, and so on. What runs is read from the
 * folders each time, so one JVM starts what another one stops. Used by one thread.
 */
final class ShardServers {

  /** Names are single letters. */
  static final int MAX_COUNT = 26;

  private static final String DATABASE = "orders";
  private static final int MAX_AT_ONCE = 8;

  /** For how many copies of the application the budget of connections is reckoned. */
  private static final int INSTANCES = 3;

  private final Path directory;

  ShardServers(Path directory) {
    this.directory = directory.toAbsolutePath().normalize();
  }

  /**
   * How one server is.
   *
   * @param port where it listens, or last did; empty before its first start
   * @param pid of its main process; null when it is down
   */
  record Status(String name, OptionalInt port, @Nullable Long pid) {

    boolean up() {
      return pid != null;
    }
  }

  /** The first names: a, b, c and so on. */
  static List<String> names(int count) {
    return IntStream.range(0, count).mapToObj(i -> String.valueOf((char) ('a' + i))).toList();
  }

  /** The shards that were started here before, up or down. */
  List<String> known() {
    return names(MAX_COUNT).stream()
        .filter(name -> Files.exists(folder(name).resolve("PG_VERSION")))
        .toList();
  }

  List<Status> statuses(List<String> names) {
    return names.stream().map(this::status).toList();
  }

  /**
   * Starts those that are down, all at once and each on the port it had before, and creates what
   * databases are missing. Those that started stay up when another one fails.
   *
   * @throws PostgresException naming the first that did not start, or while another process starts
   *     or stops servers in this directory
   */
  void start(List<String> names) {
    alone(() -> each(names, this::start));
  }

  /** Stops those that are up, all at once; their data stay. */
  void stop(List<String> names) {
    alone(() -> each(names, this::stop));
  }

  /** Where {@link #writeProperties} writes. */
  Path propertiesFile() {
    return directory.resolve("shards.properties");
  }

  /** Writes what a Spring Boot application imports to use these shards; the first holds the map. */
  void writeProperties(List<String> names) {
    String lines =
        "evenkeel.catalogue=%s%nevenkeel.sharding.instances=%d%n".formatted(names.get(0), INSTANCES)
            + names.stream()
                .map(name -> properties(name, database(name)))
                .collect(Collectors.joining());
    try {
      Path complete = Files.createTempFile(directory, "shards", ".properties");
      Files.writeString(complete, lines);
      // A reader finds the old file or the new one.
      Files.move(complete, propertiesFile(), StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new PostgresException("%s could not be written".formatted(propertiesFile()), e);
    }
  }

  private static String properties(String name, DatabaseInfo database) {
    Map<String, String> values = new LinkedHashMap<>();
    values.put("url", database.jdbcUrl());
    values.put("username", database.username());
    values.put("password", database.password());
    return values.entrySet().stream()
        .map(
            value -> "evenkeel.shards.%s.%s=%s%n".formatted(name, value.getKey(), value.getValue()))
        .collect(Collectors.joining());
  }

  private Path folder(String name) {
    return directory.resolve(name);
  }

  private Status status(String name) {
    Path folder = folder(name);
    return new Status(
        name,
        new PostgresConfiguration(folder).port(),
        new PostmasterFile(folder).server().map(ProcessHandle::pid).orElse(null));
  }

  private DatabaseInfo database(String name) {
    int port =
        status(name)
            .port()
            .orElseThrow(() -> new PostgresException("Shard %s has no port yet".formatted(name)));
    return PostgresServer.database(port, DATABASE);
  }

  private void start(String name) {
    Status before = status(name);
    if (!before.up()) {
      before.port().ifPresent(port -> demandFree(name, port));
      // Its lock ends with this JVM, the server does not.
      PostgresServer.builder()
          .dataDirectory(folder(name))
          .port(before.port().orElse(0))
          .keepRunning()
          .start()
          .leave();
    }
    int port = status(name).port().orElseThrow();
    new DatabaseCatalogue(PostgresServer.maintenanceDatabase(port)).createIfMissing(DATABASE);
  }

  private void demandFree(String name, int port) {
    try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
      socket.getLocalPort();
    } catch (IOException e) {
      throw new PostgresException(
          ("Shard %s had port %d, and another process listens there now: end that process, or delete"
                  + " %s and another port is taken")
              .formatted(name, port, PostgresConfiguration.file(folder(name))),
          e);
    }
  }

  private void stop(String name) {
    if (status(name).up()) {
      Path folder = folder(name);
      new PostgresCommands(PostgresBinaries.unpacked(), folder, folder)
          .stop(PostgresServer.Mode.FAST);
    }
  }

  private void alone(Runnable work) {
    try (DirectoryLock lock =
        DirectoryLock.tryAcquire(directory.resolve("shards"))
            .orElseThrow(
                () ->
                    new PostgresException(
                        "Another process starts or stops the servers in %s: wait for it"
                            .formatted(directory)))) {
      work.run();
    }
  }

  private static void each(List<String> names, Consumer<String> work) {
    ExecutorService threads =
        Executors.newFixedThreadPool(Math.max(1, Math.min(names.size(), MAX_AT_ONCE)));
    try {
      List<Future<?>> ends = new ArrayList<>();
      names.forEach(name -> ends.add(threads.submit(() -> work.accept(name))));
      List<PostgresException> failures = ends.stream().flatMap(ShardServers::failure).toList();
      if (!failures.isEmpty()) {
        throw failures.get(0);
      }
    } finally {
      threads.shutdown();
    }
  }

  private static Stream<PostgresException> failure(Future<?> end) {
    try {
      end.get();
      return Stream.empty();
    } catch (ExecutionException e) {
      Throwable cause = e.getCause();
      return Stream.of(
          cause instanceof PostgresException known
              ? known
              : new PostgresException("A server failed: " + cause, cause));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new PostgresException("Interrupted while servers started or stopped", e);
    }
  }
}
