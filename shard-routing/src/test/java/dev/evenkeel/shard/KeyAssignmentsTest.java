package dev.evenkeel.shard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatNoException;

import dev.evenkeel.shard.KeyAssignments.Row;
import dev.evenkeel.shard.SlotCatalogue.Assignments;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KeyAssignmentsTest {

  private final KeyAssignments numbers =
      KeyAssignments.none("years", Assignments.NUMBER_RANGE)
          .with(List.of(new Row("years", "10", "20", 7), new Row("years", "-5", "3", 8)));
  private final KeyAssignments texts =
      KeyAssignments.none("names", Assignments.TEXT_RANGE)
          .with(List.of(new Row("names", "a", "m", 1), new Row("names", "m", "z", 2)));

  @ParameterizedTest
  @CsvSource({"10, 7", "19, 7", "-5, 8", "2, 8"})
  void numbersAreComparedAsNumbers(String key, int slot) {
    assertThat(numbers.slotOf(key)).isEqualTo(slot);
  }

  @ParameterizedTest
  @CsvSource({"a, 1", "lzzz, 1", "m, 2", "y, 2"})
  void textsAreComparedAsTexts(String key, int slot) {
    assertThat(texts.slotOf(key)).isEqualTo(slot);
  }

  @ParameterizedTest
  @CsvSource({"20", "9", "3", "-6"})
  void keyOutsideEveryRangeHasNoSlot(String key) {
    assertThatExceptionOfType(ShardKeyException.class)
        .isThrownBy(() -> numbers.slotOf(key))
        .withMessageContaining("\"years\" has no slot for the key \"%s\"", key);
  }

  @Test
  void textIsNoNumber() {
    assertThatExceptionOfType(ShardKeyException.class)
        .isThrownBy(() -> numbers.slotOf("soon"))
        .withMessageContaining("whole numbers");
  }

  @ParameterizedTest
  @CsvSource({"12, 13", "0, 11", "19, 30", "-9, 99", "10, 20"})
  void rangesNeverOverlapSoNobodysPlaceChanges(String lower, String upper) {
    assertThatExceptionOfType(ShardKeyException.class)
        .isThrownBy(() -> numbers.requireAssignable(new Row("years", lower, upper, 9)))
        .withMessageContaining("move its slot instead");
  }

  @ParameterizedTest
  @CsvSource({"20, 30", "3, 10", "-9, -5"})
  void neighboursAreNoOverlap(String lower, String upper) {
    assertThatNoException()
        .isThrownBy(() -> numbers.requireAssignable(new Row("years", lower, upper, 9)));
  }

  @Test
  void rangeBeginsBeforeItsEnd() {
    assertThatExceptionOfType(ShardKeyException.class)
        .isThrownBy(() -> texts.requireAssignable(new Row("names", "z", "z", 9)))
        .withMessageContaining("begin before its end");
  }

  @Test
  void kindsAreNotMixed() {
    assertThatExceptionOfType(ShardKeyException.class)
        .isThrownBy(() -> texts.requireAssignable(new Row("names", "z", null, 9)))
        .withMessageContaining("takes ranges");
  }
}
