package dev.evenkeel.migrations;

import static org.assertj.core.api.Assertions.assertThat;

import dev.evenkeel.testing.database.DatabaseInfo;
import dev.evenkeel.testing.database.TestDatabase;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The script for administrators makes the same schema as Flyway. */
class SchemaScriptIT {

  private record Run(int exit, String output) {}

  @Test
  void theScriptMakesTheSchemaThatFlywayMakes() throws Exception {
    DatabaseInfo byScript = TestDatabase.shared().createDatabase();
    DatabaseInfo byFlyway = TestDatabase.shared().createDatabase();
    try {
      Sql.execute(byScript, script("--schema", "evenkeel"));
      new SchemaMigration("evenkeel").migrate(byFlyway.dataSource());

      assertThat(Catalogue.of(byScript)).isEqualTo(Catalogue.of(byFlyway)).hasSizeGreaterThan(100);
    } finally {
      TestDatabase.shared().dropDatabase(byScript);
      TestDatabase.shared().dropDatabase(byFlyway);
    }
  }

  @Test
  void theScriptMakesThePollingIndexThatFlywayMakes() throws Exception {
    DatabaseInfo byScript = TestDatabase.shared().createDatabase();
    DatabaseInfo byFlyway = TestDatabase.shared().createDatabase();
    try {
      Sql.execute(byScript, script("--schema", "evenkeel", "--polling", "true"));
      new SchemaMigration("evenkeel", "", "", true).migrate(byFlyway.dataSource());

      assertThat(Catalogue.of(byScript)).isEqualTo(Catalogue.of(byFlyway));
      assertThat(String.join("\n", Catalogue.of(byScript))).contains("outbox_xid");
    } finally {
      TestDatabase.shared().dropDatabase(byScript);
      TestDatabase.shared().dropDatabase(byFlyway);
    }
  }

  @Test
  void theScriptGrantsWhatFlywayGrants() throws Exception {
    try (TestRoles roles = TestRoles.create()) {
      roles.makeRelayMemberOfApplication();
      Sql.execute(
          roles.as(roles.owner()),
          script(
              "--schema",
              "evenkeel",
              "--application-role",
              roles.application(),
              "--relay-role",
              roles.relay()));
      List<String> byScript = Catalogue.of(roles.database());

      Sql.execute(
          roles.database(),
          "DROP SCHEMA evenkeel CASCADE",
          "DROP PUBLICATION evenkeel_outbox"); // publications belong to no schema
      new SchemaMigration("evenkeel", roles.application(), roles.relay())
          .migrate(roles.as(roles.owner()).dataSource());

      assertThat(byScript).isEqualTo(Catalogue.of(roles.database()));
      assertThat(String.join("\n", byScript)).contains(roles.application(), roles.relay());
    }
  }

  @Test
  void theScriptRefusesWhatSchemaMigrationRefuses() throws Exception {
    assertThat(run("--schema", "Even-Keel"))
        .isEqualTo(
            new Run(
                2,
                "schema-sql: --schema must be 1 to 40 lower-case letters, digits or underscores and"
                    + " not start with a digit, was \"Even-Keel\"\n"));
    assertThat(run("--schema", "evenkeel", "--relay-role", "it's").output())
        .isEqualTo("schema-sql: a role must be a name without quotes or $, was \"it's\"\n");
    assertThat(run().output()).startsWith("usage: bin/schema-sql --schema SCHEMA");
    assertThat(run("--schema").exit()).isEqualTo(2);
  }

  private static String script(String... arguments) throws Exception {
    Run run = run(arguments);
    assertThat(run.exit()).as(run.output()).isZero();
    return run.output();
  }

  private static Run run(String... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add("bash");
    command.add(Path.of("..", "bin", "schema-sql").toString());
    command.addAll(List.of(arguments));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Run(process.waitFor(), output);
  }
}
