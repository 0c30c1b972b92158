package dev.evenkeel.shard;

import dev.evenkeel.outbox.SlotHash;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Where every slot lies, at one version. Immutable. */
public final class SlotMap {

  /** Where a slot is in its life; the table {@code slot} says what each state means. */
  public enum State {
    /** Its rows are on its shard, and nowhere else. */
    SETTLED,
    /** It is to move; nodes learn of it. */
    ANNOUNCED,
    /** It is being copied; transactions still go to its shard. */
    COPYING,
    /** No transaction begins until it is settled on its target. */
    FENCED
  }

  /**
   * One slot.
   *
   * @param slot 0 to 4,095
   * @param shard where transactions go
   * @param target where it moves to; null when settled
   * @param epoch counts its owners
   * @param version of the map in which this entry last changed
   * @param pinned whether no proposal may take it elsewhere
   */
  public record Entry(
      int slot,
      String shard,
      State state,
      @Nullable String target,
      long epoch,
      long version,
      boolean pinned) {}

  private final UUID id;
  private final long version;
  private final Map<String, Integer> ordinals;
  private final Entry[] entries;
  private final Map<String, KeyAssignments> assignments;

  SlotMap(
      UUID id,
      long version,
      Map<String, Integer> ordinals,
      Entry[] entries,
      Map<String, KeyAssignments> assignments) {
    this.id = id;
    this.version = version;
    this.ordinals = Map.copyOf(ordinals);
    this.entries = entries.clone();
    this.assignments = Map.copyOf(assignments);
  }

  /** Identity of the map: two maps never describe the same databases. */
  public UUID id() {
    return id;
  }

  /** Counts the changes. */
  public long version() {
    return version;
  }

  /**
   * The entry of a slot.
   *
   * @param slot 0 to 4,095
   */
  public Entry entry(int slot) {
    return entries[slot];
  }

  /** All entries, by slot. */
  public List<Entry> entries() {
    return List.of(entries);
  }

  /** Number of slots of each registered shard, by name. */
  public Map<String, Integer> slotsByShard() {
    Map<String, Integer> counts = new TreeMap<>();
    ordinals.keySet().forEach(shard -> counts.put(shard, 0));
    for (Entry entry : entries) {
      counts.merge(entry.shard(), 1, Integer::sum);
    }
    return counts;
  }

  /** The number that ids of a shard carry; null when the shard is not registered. */
  public @Nullable Integer ordinalOf(String shard) {
    return ordinals.get(shard);
  }

  /** The directory or the ranges of that name; null when there are none. */
  @Nullable KeyAssignments assignments(String strategy) {
    return assignments.get(strategy);
  }

  /** This map with what changed since. */
  SlotMap with(
      long newVersion,
      Map<String, Integer> newOrdinals,
      List<Entry> changed,
      List<KeyAssignments.Row> assigned,
      Map<String, SlotCatalogue.Assignments> strategies) {
    Entry[] next = entries.clone();
    changed.forEach(entry -> next[entry.slot()] = entry);
    return new SlotMap(id, newVersion, newOrdinals, next, merged(assigned, strategies));
  }

  private Map<String, KeyAssignments> merged(
      List<KeyAssignments.Row> assigned, Map<String, SlotCatalogue.Assignments> strategies) {
    Map<String, List<KeyAssignments.Row>> added = new HashMap<>();
    assigned.forEach(
        row -> added.computeIfAbsent(row.strategy(), name -> new ArrayList<>()).add(row));
    Map<String, KeyAssignments> merged = new HashMap<>();
    strategies.forEach(
        (name, kind) -> {
          KeyAssignments present = assignments.get(name);
          merged.put(
              name,
              (present == null ? KeyAssignments.none(name, kind) : present)
                  .with(added.getOrDefault(name, List.of())));
        });
    return merged;
  }

  /** A map before its first load. */
  static SlotMap empty(UUID id) {
    return new SlotMap(id, -1, Map.of(), new Entry[SlotHash.SLOTS], Map.of());
  }

  @Override
  public String toString() {
    return "slot map %s, version %d, %s".formatted(id, version, slotsByShard());
  }
}
