package dev.evenkeel.shard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.evenkeel.shard.KeyAssignments.Row;
import dev.evenkeel.shard.SlotCatalogue.Assignments;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiPredicate;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;

/** Directories and ranges beside a list that is searched from its begin to its end. */
class KeyAssignmentsPropertyTest {

  /** What somebody asks to be assigned; without an upper bound, a single key. */
  record Wish(String lower, String upper, int slot) {}

  /** Few texts, so that ranges meet; some are numbers, some are anything. */
  @Provide
  Arbitrary<String> texts() {
    return Arbitraries.frequencyOf(
        Tuple.of(8, Arbitraries.integers().between(-12, 12).map(String::valueOf)),
        Tuple.of(2, Arbitraries.strings().withChars("abc").ofMaxLength(2)),
        Tuple.of(1, Arbitraries.longs().map(String::valueOf)),
        Tuple.of(1, Arbitraries.strings().ofMaxLength(5)));
  }

  @Provide
  Arbitrary<List<Wish>> wishes() {
    return Combinators.combine(
            texts(), texts().injectNull(0.1), Arbitraries.integers().between(0, 4_095))
        .as(Wish::new)
        .list()
        .ofMaxSize(30);
  }

  @Property(tries = 200)
  void keyHasTheSlotOfTheOneAssignmentThatHoldsIt(
      @ForAll Assignments kind,
      @ForAll("wishes") List<Wish> wishes,
      @ForAll("texts") String probe) {
    KeyAssignments assigned = KeyAssignments.none("of-a-test", kind);
    List<Row> accepted = new ArrayList<>();
    for (Wish wish : wishes) {
      Row row = new Row("of-a-test", wish.lower(), wish.upper(), wish.slot());
      boolean fits = fits(kind, row, accepted);
      assertThat(isAssignable(assigned, row)).as("%s beside %s", row, accepted).isEqualTo(fits);
      if (fits) {
        accepted.add(row);
        assigned = assigned.with(List.of(row));
      }
    }

    List<Integer> expected =
        accepted.stream().filter(row -> holds(kind, row, probe)).map(Row::slot).toList();
    assertThat(expected).hasSizeLessThan(2);
    assertThat(find(assigned, probe)).isEqualTo(expected.isEmpty() ? null : expected.get(0));
    assertThat(find(KeyAssignments.none("of-a-test", kind).with(accepted), probe))
        .as("read at once, as a node does at its start")
        .isEqualTo(find(assigned, probe));
    assertThat(assigned.size()).isEqualTo(accepted.size());
  }

  private static boolean isAssignable(KeyAssignments assigned, Row row) {
    try {
      assigned.requireAssignable(row);
      return true;
    } catch (ShardKeyException e) {
      return false;
    }
  }

  private static Integer find(KeyAssignments assigned, String key) {
    try {
      return assigned.slotOf(key);
    } catch (ShardKeyException e) {
      return null;
    }
  }

  private static boolean fits(Assignments kind, Row row, List<Row> accepted) {
    if (kind == Assignments.DIRECTORY) {
      return row.upper() == null
          && accepted.stream().noneMatch(other -> other.lower().equals(row.lower()));
    }
    BiPredicate<String, String> less = (a, b) -> isLess(kind, a, b);
    return row.upper() != null
        && (kind != Assignments.NUMBER_RANGE || (isNumber(row.lower()) && isNumber(row.upper())))
        && less.test(row.lower(), row.upper())
        && accepted.stream()
            .noneMatch(
                other ->
                    less.test(row.lower(), other.upper()) && less.test(other.lower(), row.upper()));
  }

  private static boolean holds(Assignments kind, Row row, String key) {
    if (kind == Assignments.DIRECTORY) {
      return row.lower().equals(key);
    }
    return (kind != Assignments.NUMBER_RANGE || isNumber(key))
        && !isLess(kind, key, row.lower())
        && isLess(kind, key, row.upper());
  }

  private static boolean isLess(Assignments kind, String a, String b) {
    return kind == Assignments.NUMBER_RANGE
        ? Long.parseLong(a) < Long.parseLong(b)
        : a.compareTo(b) < 0;
  }

  private static boolean isNumber(String text) {
    try {
      Long.parseLong(text);
      return true;
    } catch (NumberFormatException e) {
      return false;
    }
  }
}
