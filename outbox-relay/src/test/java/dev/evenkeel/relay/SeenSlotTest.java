package dev.evenkeel.relay;

import static org.assertj.core.api.Assertions.assertThat;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.postgresql.replication.LogSequenceNumber;

/** What two looks at a replication slot say of what happened in between. */
class SeenSlotTest {

  private static SeenSlot slot(String walsender, long confirmed, long decoded) {
    return new SeenSlot(walsender, LogSequenceNumber.valueOf(confirmed), decoded, false);
  }

  private static @Nullable String gap(SeenSlot now, SeenSlot before, long witness) {
    return SeenSlot.gap(now, before, LogSequenceNumber.valueOf(witness));
  }

  @Test
  void sameWalsenderProvesTheSameReplicationSlotHoweverFarItWent() {
    assertThat(gap(slot("7@1", 900, 50), slot("7@1", 100, 40), 150)).isNull();
    assertThat(gap(slot("7@1", 900, 50), slot("7@1", 100, 0), 150)).isNull();
  }

  @Test
  void processDecidesWhereItsStartCantBeSeen() {
    assertThat(gap(slot("7@", 900, 0), slot("7@1", 100, 0), 150)).isNull();
    assertThat(gap(slot("8@", 900, 0), slot("7@1", 100, 0), 150)).contains("beyond");
  }

  @Test
  void anotherWalsenderGoesOnWhereTheCountGoesOn() {
    assertThat(gap(slot("8@2", 900, 41), slot("7@1", 100, 40), 150)).isNull();
    assertThat(gap(slot("8@2", 900, 41), slot("", 100, 40), 150)).isNull();
    assertThat(gap(slot("", 900, 41), slot("7@1", 100, 40), 150)).isNull();
  }

  @Test
  void countThatBeginsAnewIsAnotherReplicationSlot() {
    assertThat(gap(slot("", 900, 0), slot("7@1", 100, 40), 950)).contains("dropped and made again");
    assertThat(gap(slot("8@2", 900, 3), slot("", 100, 40), 950)).contains("dropped and made again");
    assertThat(gap(slot("7@1", 900, 3), slot("7@1", 100, 40), 950))
        .contains("dropped and made again");
  }

  @Test
  void replicationSlotThatNobodyReadsMustNotMove() {
    assertThat(gap(slot("", 100, 40), slot("", 100, 40), 150)).isNull();
    assertThat(gap(slot("", 120, 40), slot("", 100, 40), 150)).contains("was advanced");
    assertThat(gap(slot("", 120, 0), slot("", 100, 0), 150)).contains("was advanced");
  }

  @Test
  void withoutACountPositionsDecide() {
    assertThat(gap(slot("8@2", 140, 5), slot("7@1", 100, 0), 150)).isNull();
    assertThat(gap(slot("8@2", 160, 5), slot("7@1", 100, 0), 150)).contains("beyond");
    assertThat(gap(slot("8@2", 100, 5), slot("", 100, 0), 150)).isNull();
    assertThat(gap(slot("8@2", 140, 5), slot("", 100, 0), 150)).contains("while nobody watched");
  }

  @Test
  void goneLostAndUnknownAreGaps() {
    assertThat(SeenSlot.gap(null, slot("", 1, 1), LogSequenceNumber.valueOf(1)))
        .contains("is gone");
    SeenSlot lost = new SeenSlot("", LogSequenceNumber.valueOf(1), 1, true);
    assertThat(gap(lost, slot("", 1, 1), 1)).contains("has lost its WAL");
    assertThat(SeenSlot.gap(slot("", 1, 1), null, LogSequenceNumber.valueOf(1)))
        .contains("not known");
    assertThat(SeenSlot.gap(slot("", 1, 1), slot("", 1, 1), null)).contains("not known");
  }
}
