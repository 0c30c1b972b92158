package dev.evenkeel.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PgSnapshotTest {

  @ParameterizedTest
  @CsvSource({
    "10:10:, 9, true",
    "10:10:, 10, false",
    "10:10:, 11, false",
    "10:20:, 10, true", // not in progress, below xmax
    "10:20:, 19, true",
    "10:20:, 20, false",
    "'10:20:10,15', 9, true",
    "'10:20:10,15', 10, false",
    "'10:20:10,15', 14, true",
    "'10:20:10,15', 15, false",
    "'10:20:10,15', 16, true",
    "4294967300:4294967310:4294967305, 4294967305, false", // beyond 32 bits
    "4294967300:4294967310:4294967305, 4294967306, true",
  })
  void seesWhatHadEnded(String text, long xid, boolean visible) {
    assertThat(PgSnapshot.parse(text).sees(xid)).isEqualTo(visible);
  }

  @Test
  void keepsItsText() {
    PgSnapshot snapshot = PgSnapshot.parse("10:20:12,15");
    assertThat(snapshot).hasToString("10:20:12,15");
    assertThat(snapshot.xmin()).isEqualTo(10);
    assertThat(snapshot.xmax()).isEqualTo(20);
    assertThat(snapshot.inProgress()).containsExactly(12, 15);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "10", "10:20", "10:20:30:40", "a:b:c", "10:20:x"})
  void refusesWhatIsNoSnapshot(String text) {
    assertThatThrownBy(() -> PgSnapshot.parse(text)).isInstanceOf(IllegalArgumentException.class);
  }
}
