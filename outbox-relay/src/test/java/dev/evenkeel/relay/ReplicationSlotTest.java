package dev.evenkeel.relay;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.postgresql.replication.LogSequenceNumber;

class ReplicationSlotTest {

  @Test
  void nameCarriesDatabaseAndSchema() {
    assertThat(ReplicationSlot.name("orders", "evenkeel")).isEqualTo("evenkeel_orders_evenkeel");
  }

  @ParameterizedTest
  @CsvSource({
    "Orders, evenkeel",
    "my-orders, evenkeel",
    "b\u00fccher, evenkeel",
    "a_database_whose_name_is_as_long_as_postgresql_allows_it_to_be_63, evenkeel",
  })
  void nameIsOneThatPostgresqlTakes(String database, String schema) {
    assertThat(ReplicationSlot.name(database, schema))
        .matches("[a-z0-9_]{1,63}")
        .startsWith("evenkeel_");
  }

  @Test
  void bentAndCutNamesDoNotCollide() {
    String longName = "a".repeat(62);
    Set<String> names =
        Stream.of(
                ReplicationSlot.name("my-orders", "s"),
                ReplicationSlot.name("my.orders", "s"),
                ReplicationSlot.name("my_orders", "s"),
                ReplicationSlot.name("My_orders", "s"),
                ReplicationSlot.name(longName + "a", "s"),
                ReplicationSlot.name(longName + "b", "s"),
                ReplicationSlot.name(longName + "a", "t"))
            .collect(Collectors.toSet());
    assertThat(names).hasSize(7);
  }

  @Test
  void nameNeverChanges() {
    // A replication slot under another name would be a gap in every installation.
    assertThat(ReplicationSlot.name("my-orders", "evenkeel"))
        .isEqualTo(ReplicationSlot.name("my-orders", "evenkeel"))
        .startsWith("evenkeel_my_orders_evenkeel_");
  }

  @Test
  void standsBeyondAWitnessThatIsMissingOrOlder() {
    assertThat(at("0/100").beyond(null)).isTrue();
    assertThat(at("0/100").beyond(LogSequenceNumber.valueOf("0/FF"))).isTrue();
    assertThat(at("0/100").beyond(LogSequenceNumber.valueOf("0/100"))).isFalse();
    assertThat(at("0/100").beyond(LogSequenceNumber.valueOf("1/0"))).isFalse();
    assertThat(at(null).beyond(LogSequenceNumber.valueOf("1/0"))).isTrue();
  }

  private static ReplicationSlot at(String confirmed) {
    return new ReplicationSlot(
        "evenkeel_a_b",
        ReplicationSlot.PLUGIN,
        "a",
        confirmed == null ? null : LogSequenceNumber.valueOf(confirmed),
        "reserved",
        0,
        0,
        null,
        false,
        false);
  }
}
