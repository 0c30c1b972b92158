package dev.evenkeel.shard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.evenkeel.outbox.SlotHash;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("postgres-matrix")
class SlotCatalogueIT {

  private final Catalogue database = new Catalogue();
  private final SlotCatalogue catalogue = database.slots();

  @AfterEach
  void close() {
    database.close();
  }

  @Test
  void processesThatStartAtOnceMakeOneMap() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(4);
    try {
      List<Future<?>> starts = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        starts.add(threads.submit(() -> database.slots().initialize("a", List.of("b", "a", "c"))));
      }
      for (Future<?> start : starts) {
        start.get();
      }
    } finally {
      threads.shutdownNow();
    }

    SlotMap map = catalogue.load();
    assertThat(map.version()).isEqualTo(1);
    assertThat(map.slotsByShard().values().stream().mapToInt(Integer::intValue).sum())
        .isEqualTo(SlotHash.SLOTS);
    assertThat(map.ordinalOf("a")).isZero();
    assertThat(map.ordinalOf("c")).isEqualTo(2);
  }

  @Test
  void newShardIsRegisteredWithoutSlots() {
    catalogue.initialize("a", List.of("a", "b"));
    catalogue.initialize("a", List.of("0", "a", "b"));

    SlotMap map = catalogue.load();
    assertThat(map.slotsByShard()).containsEntry("0", 0).containsEntry("a", SlotHash.SLOTS / 2);
    assertThat(map.ordinalOf("0")).isEqualTo(2); // the others keep theirs
  }

  @Test
  void shardWithSlotsMustBeConfigured() {
    catalogue.initialize("a", List.of("a", "b"));
    assertThatIllegalStateException()
        .isThrownBy(() -> catalogue.initialize("a", List.of("a")))
        .withMessageContaining("slots on [b]")
        .withMessageContaining("evenkeel.shards");
  }

  @Test
  void changesAreReadByVersion() {
    catalogue.initialize("a", List.of("a", "b"));
    SlotMap before = catalogue.load();
    assertThat(catalogue.refresh(before)).isSameAs(before);

    database.settle(0, "b");
    catalogue.pin(5, true);

    SlotMap after = catalogue.refresh(before);
    assertThat(after.version()).isEqualTo(before.version() + 2);
    assertThat(after.entry(0)).isEqualTo(catalogue.load().entry(0));
    assertThat(after.entry(0).shard()).isEqualTo("b");
    assertThat(after.entry(0).epoch()).isEqualTo(2);
    assertThat(after.entry(5).pinned()).isTrue();
    assertThat(before.entry(0).shard()).as("a map never changes").isEqualTo("a");
  }

  @Test
  void movingSlotIsNotPinned() {
    catalogue.initialize("a", List.of("a", "b"));
    database
        .jdbc()
        .execute("UPDATE evenkeel.slot SET state = 'COPYING', target = 'b' WHERE slot = 0");
    assertThatIllegalStateException()
        .isThrownBy(() -> catalogue.pin(0, true))
        .withMessageContaining("moving");
    assertThat(catalogue.load().version()).as("nothing is kept of it").isEqualTo(1);
  }

  @Test
  void restoredOrExchangedCatalogueIsRefused() {
    catalogue.initialize("a", List.of("a", "b"));
    catalogue.pin(1, true);
    SlotMap known = catalogue.load();
    database.jdbc().execute("UPDATE evenkeel.slot_map SET version = 1");
    assertThatIllegalStateException()
        .isThrownBy(() -> catalogue.refresh(known))
        .withMessageContaining("version 1, and this node knows");
  }

  @Test
  void exchangedUrlsAreRefused() {
    try (Catalogue other = new Catalogue()) {
      catalogue.initialize("a", List.of("a", "b"));
      SlotMap map = catalogue.load();
      catalogue.identify(database.dataSource(), "a", map);
      catalogue.identify(other.dataSource(), "b", map);
      catalogue.identify(other.dataSource(), "b", map); // knows it by now

      assertThatIllegalStateException()
          .isThrownBy(() -> catalogue.identify(other.dataSource(), "a", map))
          .withMessageContaining("evenkeel.shards.a.url")
          .withMessageContaining("is shard \"b\"");
    }
  }

  @Test
  void shardOfAnotherMapIsNoCatalogueAndStaysAsItIs() {
    try (Catalogue other = new Catalogue()) {
      catalogue.initialize("a", List.of("a", "b"));
      catalogue.identify(database.dataSource(), "a", catalogue.load());
      catalogue.identify(other.dataSource(), "b", catalogue.load());

      assertThatIllegalStateException()
          .isThrownBy(() -> other.slots().initialize("b", List.of("a", "b")))
          .withMessageContaining("evenkeel.catalogue");
      assertThatIllegalStateException()
          .isThrownBy(() -> other.slots().initialize("a", List.of("a", "b")))
          .withMessageContaining("is shard \"b\"");
      assertThat(other.jdbc().queryForObject("SELECT count(*) FROM evenkeel.slot", Integer.class))
          .isZero();
    }
  }

  @Test
  void assignmentsAreForEver() {
    catalogue.initialize("a", List.of("a", "b"));
    catalogue.createStrategy("tenants", SlotCatalogue.Assignments.DIRECTORY);
    catalogue.createStrategy("tenants", SlotCatalogue.Assignments.DIRECTORY);
    catalogue.assign("tenants", "acme", 17);
    catalogue.createStrategy("years", SlotCatalogue.Assignments.NUMBER_RANGE);
    catalogue.assignRange("years", "2000", "2010", 18);

    ShardRouter router = new ShardRouter(catalogue::load, Map.of());
    assertThat(router.slotOf("tenants", "acme")).isEqualTo(17);
    assertThat(router.slotOf("years", "2009")).isEqualTo(18);
    assertThatExceptionOfType(ShardKeyException.class)
        .isThrownBy(() -> catalogue.assign("tenants", "acme", 18));
    assertThatExceptionOfType(ShardKeyException.class)
        .isThrownBy(() -> catalogue.assignRange("years", "2009", "2012", 18));
    assertThatExceptionOfType(ShardKeyException.class)
        .isThrownBy(() -> catalogue.assign("nobody", "acme", 18))
        .withMessageContaining("create it first");
  }
}
