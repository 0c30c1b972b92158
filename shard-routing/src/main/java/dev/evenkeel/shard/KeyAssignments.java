package dev.evenkeel.shard;

import dev.evenkeel.shard.SlotCatalogue.Assignments;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A directory or the ranges of one strategy: which slot an assigned key has. A key without an
 * assignment has no slot, so that an assignment made later changes nobody's place. Immutable.
 */
final class KeyAssignments implements SlotStrategy {

  /**
   * One row: a key of a directory, or a range from {@code lower} up to, and without, {@code upper}.
   */
  record Row(String strategy, String lower, @Nullable String upper, int slot) {}

  private record Range<K>(K lower, K upper, int slot) {}

  private final String name;
  private final Assignments kind;
  private final Map<String, Integer> directory;
  private final NavigableMap<String, Range<String>> texts;
  private final NavigableMap<Long, Range<Long>> numbers;

  private KeyAssignments(
      String name,
      Assignments kind,
      Map<String, Integer> directory,
      NavigableMap<String, Range<String>> texts,
      NavigableMap<Long, Range<Long>> numbers) {
    this.name = name;
    this.kind = kind;
    this.directory = directory;
    this.texts = texts;
    this.numbers = numbers;
  }

  static KeyAssignments none(String name, Assignments kind) {
    return new KeyAssignments(name, kind, Map.of(), new TreeMap<>(), new TreeMap<>());
  }

  KeyAssignments with(List<Row> added) {
    if (added.isEmpty()) {
      return this;
    }
    Map<String, Integer> newDirectory = new HashMap<>(directory);
    TreeMap<String, Range<String>> newTexts = new TreeMap<>(texts);
    TreeMap<Long, Range<Long>> newNumbers = new TreeMap<>(numbers);
    for (Row row : added) {
      String upper = row.upper();
      if (kind == Assignments.DIRECTORY || upper == null) {
        newDirectory.put(row.lower(), row.slot());
      } else if (kind == Assignments.TEXT_RANGE) {
        newTexts.put(row.lower(), new Range<>(row.lower(), upper, row.slot()));
      } else {
        long lower = number(row.lower());
        newNumbers.put(lower, new Range<>(lower, number(upper), row.slot()));
      }
    }
    return new KeyAssignments(name, kind, newDirectory, newTexts, newNumbers);
  }

  /**
   * Refuses a row that overlaps with what is there, or is malformed.
   *
   * @throws ShardKeyException saying what is wrong
   */
  void requireAssignable(Row row) {
    String upper = row.upper();
    if ((kind == Assignments.DIRECTORY) != (upper == null)) {
      throw new ShardKeyException(
          "Strategy \"%s\" is of kind %s, which takes %s"
              .formatted(name, kind, kind == Assignments.DIRECTORY ? "single keys" : "ranges"));
    }
    boolean taken;
    if (upper == null) {
      taken = directory.containsKey(row.lower());
    } else if (kind == Assignments.TEXT_RANGE) {
      taken = overlaps(texts, row.lower(), upper);
    } else {
      taken = overlaps(numbers, number(row.lower()), number(upper));
    }
    if (taken) {
      throw new ShardKeyException(
          "Strategy \"%s\" has an assignment for %s already; what is assigned stays, move its slot instead"
              .formatted(name, upper == null ? row.lower() : row.lower() + " to " + upper));
    }
  }

  private <K extends Comparable<K>> boolean overlaps(
      NavigableMap<K, Range<K>> ranges, K lower, K upper) {
    if (lower.compareTo(upper) >= 0) {
      throw new ShardKeyException(
          "Strategy \"%s\": a range must begin before its end, was %s to %s"
              .formatted(name, lower, upper));
    }
    Map.Entry<K, Range<K>> before = ranges.lowerEntry(upper);
    return before != null && before.getValue().upper().compareTo(lower) > 0;
  }

  int size() {
    return directory.size() + texts.size() + numbers.size();
  }

  @Override
  public int slotOf(String key) {
    Integer slot =
        switch (kind) {
          case DIRECTORY -> directory.get(key);
          case TEXT_RANGE -> find(texts.floorEntry(key), key);
          case NUMBER_RANGE -> {
            long number = number(key);
            yield find(numbers.floorEntry(number), number);
          }
        };
    if (slot == null) {
      throw new ShardKeyException(
          "Strategy \"%s\" has no slot for the key \"%s\"; assign one before its first row is written"
              .formatted(name, key));
    }
    return slot;
  }

  private static <K extends Comparable<K>> @Nullable Integer find(
      Map.@Nullable Entry<K, Range<K>> floor, K key) {
    return floor != null && key.compareTo(floor.getValue().upper()) < 0
        ? floor.getValue().slot()
        : null;
  }

  private long number(String key) {
    try {
      return Long.parseLong(key);
    } catch (NumberFormatException e) {
      throw new ShardKeyException(
          "Strategy \"%s\" has ranges of whole numbers, the key was \"%s\"".formatted(name, key));
    }
  }
}
