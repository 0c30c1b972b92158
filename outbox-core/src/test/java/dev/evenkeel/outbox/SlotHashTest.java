package dev.evenkeel.outbox;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SlotHashTest {

  /**
   * Slots are stored in rows: whoever has to change a line here breaks every installation. The
   * first line is the published XXH3 vector of no input, 0x2D06800538D394C2.
   */
  @ParameterizedTest
  @CsvSource({
    "'', 720",
    "0, 2115",
    "1, 4060",
    "42, 3359",
    "order-1, 89",
    "order-2, 3419",
    "customer/ACME, 3260",
    "00000000-0000-0000-0000-000000000000, 1530",
    "018f4e5a-7c3b-7000-8000-0123456789ab, 3030",
    "Zürich, 4020",
    "東京, 3962",
    "😀, 1269"
  })
  void theFunctionIsPinned(String key, int slot) {
    assertThat(SlotHash.slotOf(key)).isEqualTo(slot);
  }

  @Test
  void aLongKeyIsPinnedToo() {
    assertThat(SlotHash.slotOf("abcdefghij".repeat(100))).isEqualTo(2458);
  }

  @Test
  void keysSpreadEvenlyOverTheSlots() {
    int perSlot = 100;
    int[] counts = new int[SlotHash.SLOTS];
    IntStream.range(0, SlotHash.SLOTS * perSlot)
        .forEach(i -> counts[SlotHash.slotOf(Integer.toString(i))]++);

    // A binomial with mean 100 has a standard deviation of 10; six of them are beyond any luck.
    assertThat(IntStream.of(counts).min().orElseThrow()).isGreaterThan(40);
    assertThat(IntStream.of(counts).max().orElseThrow()).isLessThan(160);
  }

  @Test
  void identifiersSpreadTooThoughTheyShareAPrefix() {
    int keys = 40_000;
    long slots =
        IntStream.range(0, keys)
            .map(i -> SlotHash.slotOf(new UUID(0x018f4e5a7c3b7000L, i).toString()))
            .distinct()
            .count();

    assertThat(slots).isGreaterThan(4_080);
  }
}
