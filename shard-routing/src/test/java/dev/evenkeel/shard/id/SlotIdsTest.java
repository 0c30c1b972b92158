package dev.evenkeel.shard.id;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.evenkeel.outbox.SlotHash;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class SlotIdsTest {

  @Test
  void idSaysItsSlot() {
    for (int slot = 0; slot < SlotHash.SLOTS; slot++) {
      UUID id = SlotIds.next(slot);
      assertThat(SlotIds.slotOf(id)).isEqualTo(slot);
      assertThat(id.version()).isEqualTo(7);
      assertThat(id.variant()).isEqualTo(2);
    }
  }

  @Test
  void slotIsReadableInTheText() {
    assertThat(SlotIds.next(0x1a3).toString().substring(14, 18)).isEqualTo("71a3");
  }

  @Test
  void slotSurvivesTextAndBytes() {
    UUID id = SlotIds.next(4_095);

    assertThat(SlotIds.slotOf(UUID.fromString(id.toString()))).isEqualTo(4_095);
  }

  @Test
  void idsOfOneSlotAscend() {
    List<String> ids = new ArrayList<>();
    for (int n = 0; n < 100_000; n++) {
      ids.add(SlotIds.next(42).toString());
    }
    assertThat(ids).isSorted().doesNotHaveDuplicates();
  }

  @Test
  void idsOfAllSlotsSortByTime() {
    long last = 0;
    for (int n = 0; n < 100_000; n++) {
      long millis = SlotIds.next(n % SlotHash.SLOTS).getMostSignificantBits() >>> 16;
      assertThat(millis).isGreaterThanOrEqualTo(last);
      last = millis;
    }
  }

  @Test
  void whatIsNoSlotIsRefused() {
    assertThatThrownBy(() -> SlotIds.next(4_096))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("slot must be between 0 and 4095, was 4096");
    assertThatThrownBy(() -> SlotIds.next(-1)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void idOfAnotherVersionCarriesNoSlot() {
    UUID random = UUID.fromString("0b51a1f0-6a3e-4c1d-9c5e-0d4f8b9b7a11");

    assertThatThrownBy(() -> SlotIds.slotOf(random))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith(random + " carries no slot: it is a UUID of version 4");
  }

  @Test
  void timeOrderedIdsAscend() {
    List<String> ids = new ArrayList<>();
    for (int n = 0; n < 100_000; n++) {
      UUID id = TimeOrderedIds.next();
      assertThat(id.version()).isEqualTo(7);
      ids.add(id.toString());
    }
    assertThat(ids).isSorted().doesNotHaveDuplicates();
  }
}
