package dev.evenkeel.sample.orders.prove;

import dev.evenkeel.migrations.SchemaMigration;
import dev.evenkeel.sample.orders.audit.AuditReport;
import dev.evenkeel.sample.orders.audit.SagaAudit;
import dev.evenkeel.sample.orders.crash.Shards;
import dev.evenkeel.sample.orders.split.Broker;
import dev.evenkeel.testing.database.DatabaseInfo;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.IntStream;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.JdbcTemplate;

/**
 * What the processes of one round have in common: new databases, and a broker where they need it.
 */
final class Installation implements AutoCloseable {

  /** The longest there is: a process's in the slot map, which no property changes. */
  static final Duration LONGEST_LEASE = Duration.ofSeconds(5);

  private static final int LOWEST_PORT = 20_000;
  private static final int HIGHEST_PORT = 30_000;
  private static final int PORT_TRIALS = 100;

  /**
   * What the round counts with. Not of the application: who migrates that finds an empty schema.
   */
  private static final String TABLES =
      """
      CREATE SCHEMA prove;
      CREATE TABLE prove.tally (key text PRIMARY KEY, version bigint NOT NULL);
      CREATE TABLE prove.effect (consumer text NOT NULL, key text NOT NULL, version bigint NOT NULL);
      CREATE TABLE prove.receipt (order_id uuid NOT NULL)
      """;

  /** Sixteen buckets of two seconds: each is emptied many times in a round, or the run is short. */
  private static final String NARROW_RINGS =
      """
      CREATE OR REPLACE FUNCTION evenkeel.outbox_ring_width_seconds() RETURNS integer
        LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT 2';
      CREATE OR REPLACE FUNCTION evenkeel.inbox_ring_width_seconds() RETURNS integer
        LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT 60';
      ALTER TABLE evenkeel.outbox ALTER COLUMN bucket
        SET DEFAULT ((floor(extract(epoch FROM clock_timestamp()))::bigint / 2) % 16)::smallint
      """;

  private static final Map<String, String> ANYWAY =
      Map.ofEntries(
          Map.entry("spring.datasource.hikari.maximum-pool-size", "16"),
          Map.entry("spring.datasource.hikari.minimum-idle", "2"),
          Map.entry("evenkeel.inbox.lanes", "8"),
          Map.entry("evenkeel.saga.lease", "2s"),
          Map.entry("evenkeel.relay.lease", "4s"),
          Map.entry("evenkeel.relay.contend-interval", "200ms"),
          Map.entry("evenkeel.inbox.handler-timeout", "2s"),
          Map.entry("evenkeel.inbox.outage-budget", "2s"),
          Map.entry("evenkeel.inbox.retry.first-backoff", "200ms"),
          Map.entry("evenkeel.inbox.retry.max-backoff", "2s"),
          Map.entry("evenkeel.inbox.retry.max-attempts", "1000"));

  private static final Map<String, String> HURRIED =
      Map.of(
          "evenkeel.janitor.interval", "100ms",
          "evenkeel.outbox.retention", "0s",
          "evenkeel.inbox.window", "10m");

  /**
   * The shortest that are allowed; not of every process, because three of them on a laptop starve.
   */
  private static final Map<String, String> AT_FULL_SPEED =
      Map.of(
          "evenkeel.relay.contend-interval", "50ms",
          "evenkeel.relay.heartbeat-interval", "50ms",
          "evenkeel.saga.poll", "10ms");

  private final Mode mode;
  private final boolean hurried;
  private final Servers servers;
  private final List<DatabaseInfo> databases = new ArrayList<>();
  private final Map<String, DatabaseInfo> proxied = new LinkedHashMap<>();
  private final Map<String, DataSource> sources = new LinkedHashMap<>();
  private final Map<String, JdbcTemplate> sql = new LinkedHashMap<>();
  private final @Nullable Broker broker;
  private final int customersPort;

  Installation(Servers servers, Schedule.Round round) {
    this.servers = servers;
    this.mode = round.mode();
    this.hurried = round.hurried();
    List<DatabaseInfo> made =
        IntStream.range(0, mode.databases().size())
            .parallel()
            .mapToObj(number -> create(number, "round_" + round.number()))
            .toList();
    for (int number = 0; number < made.size(); number++) {
      String name = mode.databases().get(number);
      databases.add(made.get(number));
      sources.put(name, made.get(number).dataSource());
      sql.put(name, new JdbcTemplate(sources.get(name)));
      proxied.put(name, servers.proxied(number, made.get(number)));
    }
    broker = mode == Mode.SHARDS ? null : new Broker();
    customersPort = mode == Mode.SPLIT ? port(new Random(round.seed())) : 0;
  }

  private DatabaseInfo create(int number, String name) {
    DatabaseInfo database = servers.server(number).createDatabase(name);
    new SchemaMigration("evenkeel").migrate(database.dataSource());
    JdbcTemplate template = new JdbcTemplate(database.dataSource());
    template.execute(TABLES);
    if (hurried) {
      template.execute(NARROW_RINGS);
    }
    return database;
  }

  /** A port that the kernel gives to nobody of itself, so that it is there after a restart. */
  private static int port(Random random) {
    for (int trial = 0; trial < PORT_TRIALS; trial++) {
      int port = LOWEST_PORT + random.nextInt(HIGHEST_PORT - LOWEST_PORT);
      try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
        return socket.getLocalPort();
      } catch (IOException e) {
        // Taken: the next one.
      }
    }
    throw new IllegalStateException(
        "None of %d ports between %d and %d is free"
            .formatted(PORT_TRIALS, LOWEST_PORT, HIGHEST_PORT));
  }

  Mode mode() {
    return mode;
  }

  /**
   * What a process is given.
   *
   * @param node one of the mode's
   * @param name of the process, unique
   */
  List<String> arguments(String node, String name) {
    Map<String, String> properties = new TreeMap<>(ANYWAY);
    if (hurried) {
      properties.putAll(HURRIED);
    }
    if (hurried && mode.nodes().indexOf(node) == 1) {
      properties.putAll(AT_FULL_SPEED);
    }
    properties.put("evenkeel.relay.node", name);
    properties.put("server.port", "0");
    List<String> arguments = new ArrayList<>();
    if (mode == Mode.SPLIT) {
      DatabaseInfo database = proxied.get(node);
      properties.put("spring.profiles.active", node);
      if (node.equals("customers")) {
        properties.put("server.port", String.valueOf(customersPort));
      }
      properties.put("spring.datasource.url", database.jdbcUrl());
      properties.put("spring.datasource.username", database.username());
      properties.put("spring.datasource.password", database.password());
      properties.put("orders.payments.url", "http://localhost:" + customersPort);
    } else {
      properties.put("evenkeel.sharding.instances", "3");
      arguments.addAll(new Shards(proxied).properties());
    }
    if (mode == Mode.KAFKA) {
      properties.put("spring.profiles.active", "kafka");
    }
    if (broker != null) {
      properties.put("spring.kafka.bootstrap-servers", broker.address());
    }
    properties.forEach((key, value) -> arguments.add("--%s=%s".formatted(key, value)));
    return arguments;
  }

  /** The databases by name, reached directly. */
  Map<String, DataSource> sources() {
    return sources;
  }

  /** One of them. */
  JdbcTemplate sql(String database) {
    return sql.get(database);
  }

  /** Sum over all. */
  long count(String query, Object... parameters) {
    return sql.values().stream()
        .mapToLong(each -> each.queryForObject(query, Long.class, parameters))
        .sum();
  }

  /** By the application's own audit. */
  AuditReport audit() throws SQLException {
    return new SagaAudit(sources, "evenkeel").run();
  }

  /** Where keys lie, once a process is ready; only where there are shards. */
  Shards shards() {
    Map<String, DatabaseInfo> named = new LinkedHashMap<>();
    mode.databases().forEach(name -> named.put(name, databases.get(named.size())));
    return new Shards(named);
  }

  /** Call it when all processes have ended. */
  @Override
  public void close() {
    if (broker != null) {
      broker.close();
    }
    for (int number = 0; number < databases.size(); number++) {
      String name = databases.get(number).name();
      JdbcTemplate template =
          new JdbcTemplate(servers.server(number).maintenanceDatabase().dataSource());
      new ReplicationSlot(template, name).drop();
      template.execute("DROP DATABASE %s WITH (FORCE)".formatted(name));
    }
  }
}
