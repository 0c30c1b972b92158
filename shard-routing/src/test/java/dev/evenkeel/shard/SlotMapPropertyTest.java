package dev.evenkeel.shard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.evenkeel.outbox.SlotHash;
import dev.evenkeel.shard.id.SlotIds;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** What holds of every slot map and every key. */
class SlotMapPropertyTest {

  /** A slot goes to another shard, or is on its way to one. */
  record Change(int slot, String shard, SlotMap.State state) {

    SlotMap.Entry entry(long version) {
      String target = state == SlotMap.State.SETTLED ? null : "d";
      return new SlotMap.Entry(slot, shard, state, target, version, version, false);
    }
  }

  @Provide
  Arbitrary<List<Change>> changes() {
    return Combinators.combine(
            Arbitraries.integers().between(0, SlotHash.SLOTS - 1),
            Arbitraries.of("a", "b", "c"),
            Arbitraries.of(SlotMap.State.class))
        .as(Change::new)
        .list()
        .ofMaxSize(40);
  }

  private static SlotMap with(SlotMap map, long version, List<SlotMap.Entry> entries) {
    Map<String, Integer> ordinals = new HashMap<>();
    List.of("a", "b", "c", "d").forEach(shard -> ordinals.put(shard, ordinals.size()));
    return map.with(version, ordinals, entries, List.of(), Map.of());
  }

  private static SlotMap changed(SlotMap map, List<Change> changes) {
    SlotMap changed = map;
    for (Change change : changes) {
      long version = changed.version() + 1;
      changed = with(changed, version, List.of(change.entry(version)));
    }
    return changed;
  }

  @Property(tries = 100)
  void nodeThatSawEveryChangeAndOneThatSawThemAtOnceRouteAlike(
      @ForAll("changes") List<Change> changes) {
    SlotMap begin = SlotMaps.dealt("a", "b", "c");
    List<SlotMap.Entry> entries = new ArrayList<>();
    changes.forEach(change -> entries.add(change.entry(begin.version() + 1 + entries.size())));
    SlotMap oneByOne = changed(begin, changes);
    SlotMap atOnce = with(begin, begin.version() + changes.size(), entries);

    assertThat(oneByOne.entries()).isEqualTo(atOnce.entries());
    assertThat(oneByOne.slotsByShard().values().stream().mapToInt(Integer::intValue).sum())
        .isEqualTo(SlotHash.SLOTS);
    // Whoever holds the earlier map goes on with it.
    assertThat(begin.entries()).isEqualTo(SlotMaps.dealt("a", "b", "c").entries());
  }

  @Property
  void keyKeepsItsSlotAndItsShardWhileNothingIsSaidOfItsSlot(
      @ForAll String key, @ForAll("changes") List<Change> changes) {
    SlotMap before = SlotMaps.dealt("a", "b", "c");
    SlotMap after = changed(before, changes);
    ShardRouter old = new ShardRouter(() -> before, Map.of());
    ShardRouter present = new ShardRouter(() -> after, Map.of());
    int slot = old.slotOf(SlotStrategy.HASH, key);

    assertThat(slot).isBetween(0, SlotHash.SLOTS - 1);
    assertThat(present.slotOf(SlotStrategy.HASH, key)).isEqualTo(slot);
    if (changes.stream().noneMatch(change -> change.slot() == slot)) {
      assertThat(present.shardOf(slot)).isEqualTo(old.shardOf(slot));
    }
  }

  @Property(tries = 100)
  void noTransactionGoesToASlotThatIsFenced(@ForAll("changes") List<Change> changes) {
    SlotMap map = changed(SlotMaps.dealt("a", "b", "c"), changes);
    ShardRouter router = new ShardRouter(() -> map, Map.of());
    for (SlotMap.Entry entry : map.entries()) {
      if (entry.state() == SlotMap.State.FENCED) {
        assertThatExceptionOfType(SlotMovingException.class)
            .isThrownBy(() -> router.shardOf(entry.slot()));
      } else {
        assertThat(router.shardOf(entry.slot())).isEqualTo(entry.shard());
      }
    }
  }

  @Provide
  Arbitrary<String> ids() {
    Arbitrary<UUID> any =
        Combinators.combine(Arbitraries.longs(), Arbitraries.longs()).as(UUID::new);
    Arbitrary<UUID> carrying = Arbitraries.integers().between(0, 4_095).map(SlotIds::next);
    return Arbitraries.oneOf(
        any.map(UUID::toString),
        carrying.map(UUID::toString),
        Arbitraries.strings().withChars("0123456789abcdefABCDEF-").ofMaxLength(50),
        Arbitraries.strings());
  }

  @Property(tries = 2_000)
  void textCarriesASlotOrIsRefusedInOneSentence(@ForAll("ids") String text) {
    ShardRouter router = new ShardRouter(() -> SlotMaps.dealt("a"), Map.of());
    try {
      assertThat(router.slotOf(SlotStrategy.CARRIED, text)).isBetween(0, SlotHash.SLOTS - 1);
    } catch (ShardKeyException e) {
      assertThat(e).hasMessageContaining("carries no slot");
    }
  }
}
