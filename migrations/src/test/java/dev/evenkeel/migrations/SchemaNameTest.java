package dev.evenkeel.migrations;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SchemaNameTest {

  @ParameterizedTest
  @ValueSource(
      strings = {"evenkeel", "_x", "a", "orders_2", "a123456789012345678901234567890123456789"})
  void plainNamesAreUsable(String schema) {
    assertThat(new SchemaMigration(schema).schema()).isEqualTo(schema);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "2orders",
        "Evenkeel",
        "even-keel",
        "even keel",
        "x\"; DROP SCHEMA public",
        "évenkeel",
        "a1234567890123456789012345678901234567890"
      })
  void namesThatNeedQuotingAreRefused(String schema) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new SchemaMigration(schema))
        .withMessage(
            "evenkeel.schema must be 1 to 40 lower-case letters, digits or underscores and not"
                + " start with a digit, was \"%s\"",
            schema);
  }

  @ParameterizedTest
  @ValueSource(strings = {"it's", "\"quoted\"", "${applicationRole}"})
  void roleNamesWithQuotesOrPlaceholdersAreRefused(String role) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new SchemaMigration("evenkeel", role, ""))
        .withMessage(
            "evenkeel.migration.application-role must be a role name without quotes or $, was \"%s\"",
            role);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new SchemaMigration("evenkeel", "", role))
        .withMessageStartingWith("evenkeel.migration.relay-role must be a role name");
  }

  @Test
  void rolesAreOptional() {
    assertThat(new SchemaMigration("evenkeel")).isEqualTo(new SchemaMigration("evenkeel", "", ""));
  }
}
