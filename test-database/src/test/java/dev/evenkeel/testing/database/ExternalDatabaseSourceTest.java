package dev.evenkeel.testing.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class ExternalDatabaseSourceTest {

  @Test
  void anotherDatabaseKeepsServerParametersAndCredentials() {
    ExternalDatabaseSource source =
        ExternalDatabaseSource.of("jdbc:postgresql://db:6432/main?ssl=true", "me", "secret");

    assertThat(source.database("other"))
        .isEqualTo(
            new DatabaseInfo("other", "jdbc:postgresql://db:6432/other?ssl=true", "me", "secret"));
    assertThat(source.maintenance().name()).isEqualTo("main");
  }

  @Test
  void aUrlWithoutDatabaseIsRefused() {
    assertThatThrownBy(() -> ExternalDatabaseSource.of("jdbc:postgresql://db", "me", "secret"))
        .isInstanceOf(PostgresException.class)
        .hasMessage(
            "evenkeel.test.database must be jdbc:postgresql://<host>/<database>, `testcontainers`"
                + " or absent, was jdbc:postgresql://db");
  }

  @Test
  void thePasswordIsNotPrinted() {
    assertThat(ExternalDatabaseSource.of("jdbc:postgresql://db/main", "me", "secret").toString())
        .doesNotContain("secret");
  }
}
