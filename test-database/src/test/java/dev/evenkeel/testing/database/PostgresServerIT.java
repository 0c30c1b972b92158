package dev.evenkeel.testing.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.evenkeel.testing.database.PostgresServer.Mode;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("postgres-matrix")
class PostgresServerIT {

  @TempDir Path folder;

  @Test
  void hasTheVersionThatTheRunAsksFor() {
    try (PostgresServer server = PostgresServer.builder().start()) {
      assertThat(server.major()).isEqualTo(ServerVersion.expectedMajor());
    }
  }

  @Test
  void settingsReachTheServerLiterally() throws SQLException {
    try (PostgresServer server =
        PostgresServer.builder()
            .setting("max_connections", "7")
            .setting("max_wal_senders", "2")
            .setting("cluster_name", "it's \\ odd")
            .start()) {
      assertThat(query(server, "SHOW max_connections")).isEqualTo("7");
      assertThat(query(server, "SHOW cluster_name")).isEqualTo("it's \\ odd");
    }
  }

  @Test
  void committedRowsSurviveAnImmediateStop() throws SQLException {
    try (PostgresServer server = PostgresServer.builder().dataDirectory(data()).start()) {
      int port = server.port();
      DatabaseInfo database = server.createDatabase("orders");
      execute(database, "CREATE TABLE kept (id int)");
      execute(database, "INSERT INTO kept VALUES (42)");

      server.stop(Mode.IMMEDIATE);
      assertThat(server.isRunning()).isFalse();
      assertThatThrownBy(database::connect).isInstanceOf(SQLException.class);
      server.start();

      assertThat(server.port()).isEqualTo(port);
      assertThat(query(database, "SELECT id FROM kept")).isEqualTo("42");
      assertThat(server.logFile()).content().contains("automatic recovery in progress");
    }
  }

  @Test
  void aRestartIsANewProcessOnTheSamePort() {
    try (PostgresServer server = PostgresServer.builder().dataDirectory(data()).start()) {
      long pid = server.pid();
      int port = server.port();

      server.restart();

      assertThat(server.pid()).isNotEqualTo(pid);
      assertThat(server.port()).isEqualTo(port);
    }
  }

  @Test
  void aServerWhoseMainProcessWasKilledStartsAgain() throws SQLException {
    try (PostgresServer server = PostgresServer.builder().dataDirectory(data()).start()) {
      ProcessHandle process = ProcessHandle.of(server.pid()).orElseThrow();

      process.destroyForcibly();
      process.onExit().join();
      server.start();

      assertThat(query(server, "SELECT 1")).isEqualTo("1");
    }
  }

  @Test
  void aKeptFolderIsUsedAgain() throws SQLException {
    try (PostgresServer server = PostgresServer.builder().dataDirectory(data()).start()) {
      execute(server.createDatabase("orders"), "CREATE TABLE kept (id int)");
    }
    try (PostgresServer server = PostgresServer.builder().dataDirectory(data()).start()) {
      assertThat(query(server.createDatabase("orders"), "SELECT count(*) FROM kept"))
          .isEqualTo("0");
    }
  }

  @Test
  void aStandbyFollowsAndIsPromoted() throws SQLException {
    try (PostgresServer primary = PostgresServer.builder().start()) {
      DatabaseInfo database = primary.createDatabase("orders");
      execute(database, "CREATE TABLE kept (id int)");
      try (PostgresServer standby =
          PostgresServer.builder().standbyOf(primary, "standby").start()) {
        assertThat(query(standby, "SELECT pg_is_in_recovery()")).isEqualTo("t");
        execute(
            primary.maintenanceDatabase(),
            "ALTER SYSTEM SET synchronous_standby_names = 'standby'");
        execute(primary.maintenanceDatabase(), "SELECT pg_reload_conf()");
        execute(database, "SET synchronous_commit = remote_apply; INSERT INTO kept VALUES (42)");
        primary.stop(Mode.IMMEDIATE);

        standby.promote();

        assertThat(query(standby, "SELECT pg_is_in_recovery()")).isEqualTo("f");
        assertThat(query(standby.database("orders"), "SELECT id FROM kept")).isEqualTo("42");
        execute(standby.database("orders"), "INSERT INTO kept VALUES (43)");
      }
    }
  }

  @Test
  void aTemporaryFolderIsDeleted() {
    PostgresServer server = PostgresServer.builder().start();
    Path dataDirectory = server.dataDirectory();

    server.close();

    assertThat(dataDirectory).doesNotExist();
    assertThat(DirectoryLock.fileFor(dataDirectory)).doesNotExist();
    assertThat(server.logFile()).doesNotExist();
  }

  @Test
  void twoServersNeverShareAFolder() {
    try (PostgresServer owner = PostgresServer.builder().dataDirectory(data()).start()) {
      PostgresServer.Builder second = PostgresServer.builder().dataDirectory(data());

      assertThatThrownBy(second::start)
          .isInstanceOf(PostgresException.class)
          .hasMessageContaining("is in use by a running JVM");
      assertThat(owner.isRunning()).isTrue();
    }
  }

  @Test
  void aRefusedSettingIsReportedWithTheServersOwnWords() {
    PostgresServer.Builder builder =
        PostgresServer.builder().dataDirectory(data()).setting("wal_level", "telepathy");

    assertThatThrownBy(builder::start)
        .isInstanceOf(PostgresException.class)
        .hasMessageContaining("telepathy");
    try (PostgresServer server = PostgresServer.builder().dataDirectory(data()).start()) {
      assertThat(server.isRunning()).isTrue();
    }
  }

  @Test
  void aKilledJvmsServerIsReplacedOnTheSameFolder() throws Exception {
    String[] killed = startAndKillJvm(data().toString());
    ProcessHandle leftBehind = ProcessHandle.of(Long.parseLong(killed[0])).orElseThrow();

    try (PostgresServer server = PostgresServer.builder().dataDirectory(data()).start()) {
      leftBehind.onExit().get(60, TimeUnit.SECONDS);
      assertThat(server.pid()).isNotEqualTo(leftBehind.pid());
      assertThat(query(server, "SELECT 1")).isEqualTo("1");
    }
  }

  @Test
  void aKilledJvmsTemporaryServerIsRemovedByTheNextOne() throws Exception {
    String[] killed = startAndKillJvm();
    ProcessHandle leftBehind = ProcessHandle.of(Long.parseLong(killed[0])).orElseThrow();

    try (PostgresServer server = PostgresServer.builder().start()) {
      leftBehind.onExit().get(60, TimeUnit.SECONDS);
      assertThat(Path.of(killed[1])).doesNotExist();
      assertThat(server.isRunning()).isTrue();
    }
  }

  @Test
  void aProcessFileWhoseProcessIdWasReusedIsIgnored() throws Exception {
    try (PostgresServer server = PostgresServer.builder().dataDirectory(data()).start()) {
      server.stop(Mode.FAST);
    }
    Files.writeString(
        data().resolve("postmaster.pid"), ProcessHandle.current().pid() + System.lineSeparator());

    try (PostgresServer server = PostgresServer.builder().dataDirectory(data()).start()) {
      assertThat(server.isRunning()).isTrue();
    }
  }

  private Path data() {
    return folder.resolve("data");
  }

  /** The process id and the data folder of the server that the killed JVM has left behind. */
  private static String[] startAndKillJvm(String... arguments) throws Exception {
    ProcessBuilder builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp",
            System.getProperty("java.class.path"),
            ServerProcess.class.getName());
    builder.command().addAll(List.of(arguments));
    Process jvm = builder.redirectError(ProcessBuilder.Redirect.INHERIT).start();
    try {
      return ready(jvm).split(" ");
    } finally {
      jvm.destroyForcibly().waitFor();
    }
  }

  private static String ready(Process jvm) throws IOException {
    BufferedReader output = jvm.inputReader(StandardCharsets.UTF_8);
    for (String line = output.readLine(); line != null; line = output.readLine()) {
      if (line.startsWith(ServerProcess.READY)) {
        return line.substring(ServerProcess.READY.length());
      }
    }
    throw new AssertionError("The JVM ended before its server was ready");
  }

  private static void execute(DatabaseInfo database, String sql) throws SQLException {
    try (Connection connection = database.connect();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private static String query(PostgresServer server, String sql) throws SQLException {
    return query(server.maintenanceDatabase(), sql);
  }

  private static String query(DatabaseInfo database, String sql) throws SQLException {
    try (Connection connection = database.connect();
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      rows.next();
      return rows.getString(1);
    }
  }
}
