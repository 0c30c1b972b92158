package dev.evenkeel.testing.database;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ShardsCommandIT {

  @TempDir Path temporary;

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  private Path directory() {
    return temporary.resolve("my shards");
  }

  @AfterEach
  void stop() {
    new ShardServers(directory()).stop(ShardServers.names(2));
  }

  @Test
  void serversOutliveTheirStarterAndKeepPortsAndData() throws Exception {
    assertThat(runAsProgram("start", "--count", "2")).isZero();

    assertThat(run("status")).isZero();
    List<ShardServers.Status> first = statuses();
    assertThat(first).extracting(ShardServers.Status::name).containsExactly("a", "b");
    assertThat(first).allMatch(ShardServers.Status::up);
    assertThat(out.toString(StandardCharsets.UTF_8))
        .contains(
            "a  up    port %d  pid %d"
                .formatted(first.get(0).port().getAsInt(), first.get(0).pid()));
    Properties properties = properties();
    assertThat(properties)
        .containsEntry("evenkeel.catalogue", "a")
        .containsEntry("evenkeel.sharding.instances", "3")
        .containsEntry("evenkeel.shards.b.username", "postgres")
        .containsEntry("evenkeel.shards.b.password", "postgres")
        .hasSize(8);
    for (String name : List.of("a", "b")) {
      execute(properties, name, "CREATE TABLE kept AS SELECT '%s' AS name".formatted(name));
      assertThat(query(properties, name, "SHOW wal_level")).isEqualTo("logical");
      assertThat(query(properties, name, "SHOW max_connections")).isEqualTo("200");
    }

    terminate(first.get(1));
    assertThat(run("status")).isEqualTo(ShardsCommand.FAILED);
    assertThat(run("start")).isZero();

    List<ShardServers.Status> second = statuses();
    assertThat(second.get(0)).as("what ran is left alone").isEqualTo(first.get(0));
    assertThat(second.get(1).port()).isEqualTo(first.get(1).port());
    assertThat(second.get(1).up()).isTrue();
    assertThat(properties()).isEqualTo(properties);
    assertThat(query(properties, "b", "SELECT name FROM kept")).isEqualTo("b");
    assertThat(out.toString(StandardCharsets.UTF_8))
        .contains("'--spring.config.import=file:%s'".formatted(propertiesFile()));

    assertThat(run("start", "--count", "1")).isEqualTo(ShardsCommand.MISUSED);
    assertThat(err.toString(StandardCharsets.UTF_8)).contains("--count must be at least 2");

    assertThat(run("stop")).isZero();
    assertThat(run("stop")).as("again").isZero();
    assertThat(statuses()).noneMatch(ShardServers.Status::up);
    assertThat(run("status")).isEqualTo(ShardsCommand.FAILED);
  }

  @Test
  void aPortThatSomebodyTookIsNamed() throws Exception {
    assertThat(run("start", "--count", "1")).isZero();
    int port = statuses().get(0).port().orElseThrow();
    assertThat(run("stop")).isZero();

    try (ServerSocket other = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
      assertThat(other.isBound()).isTrue();
      assertThat(run("start")).isEqualTo(ShardsCommand.FAILED);
    }

    assertThat(err.toString(StandardCharsets.UTF_8))
        .isEqualTo(
            "shards: Shard a had port %d, and another process listens there now: end that process, or delete %s and another port is taken%n"
                .formatted(port, directory().resolve("a").resolve("evenkeel.conf")));
  }

  private int run(String... arguments) {
    return new ShardsCommand(
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8))
        .run(withDirectory(arguments));
  }

  private int runAsProgram(String... arguments) throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                ShardsCommand.class.getName()));
    command.addAll(withDirectory(arguments));
    Process program = new ProcessBuilder(command).inheritIO().start();
    assertThat(program.waitFor(60, TimeUnit.SECONDS)).isTrue();
    return program.exitValue();
  }

  private List<String> withDirectory(String... arguments) {
    List<String> all = new ArrayList<>(List.of(arguments));
    all.addAll(List.of("--dir", directory().toString()));
    return all;
  }

  private List<ShardServers.Status> statuses() {
    ShardServers servers = new ShardServers(directory());
    return servers.statuses(servers.known());
  }

  private static void terminate(ShardServers.Status server) throws Exception {
    ProcessHandle process = ProcessHandle.of(server.pid()).orElseThrow();
    process.destroy();
    process.onExit().get(60, TimeUnit.SECONDS);
  }

  private Path propertiesFile() {
    return directory().resolve("shards.properties");
  }

  private Properties properties() throws IOException {
    Properties properties = new Properties();
    properties.load(Files.newBufferedReader(propertiesFile()));
    return properties;
  }

  private static Connection connect(Properties properties, String name) throws SQLException {
    String prefix = "evenkeel.shards." + name;
    return DriverManager.getConnection(
        properties.getProperty(prefix + ".url"),
        properties.getProperty(prefix + ".username"),
        properties.getProperty(prefix + ".password"));
  }

  private static void execute(Properties properties, String name, String sql) throws SQLException {
    try (Connection connection = connect(properties, name);
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private static String query(Properties properties, String name, String sql) throws SQLException {
    try (Connection connection = connect(properties, name);
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      rows.next();
      return rows.getString(1);
    }
  }
}
