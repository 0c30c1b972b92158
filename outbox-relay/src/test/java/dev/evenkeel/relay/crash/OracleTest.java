package dev.evenkeel.relay.crash;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.evenkeel.relay.crash.Journal.Kind;
import dev.evenkeel.relay.crash.Oracle.Violation;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Violations that were planted are reported; a run that proves nothing does not count. */
class OracleTest {

  private final Oracle oracle = new Oracle();
  private long clock;

  @Test
  void wholeRunIsSoundAndCounts() {
    deliver(1);
    line(Kind.SENT, 2);
    line(Kind.ATTEMPT, 2);
    line(Kind.FAULT, 0);
    deliver(2);
    deliver(3);

    assertThat(oracle.judge(Map.of("k", 3L)).sound().counting())
        .extracting(Oracle.Verdict::faultsThatHit, Oracle.Verdict::redelivered)
        .containsExactly(1L, 1L);
  }

  @Test
  void missingEffectIsALoss() {
    deliver(1);
    deliver(2);

    assertThat(violations(3)).containsExactly(Violation.LOST);
  }

  @Test
  void secondEffectOfAMessageIsADuplicate() {
    UUID message = effect(1, UUID.randomUUID());
    effect(1, message);

    assertThat(violations(1)).containsExactly(Violation.DUPLICATED);
  }

  @Test
  void secondMessageOfAVersionIsADuplicate() {
    effect(1, UUID.randomUUID());
    effect(1, UUID.randomUUID());

    assertThat(violations(1)).containsExactly(Violation.DUPLICATED);
  }

  @Test
  void effectWithoutCommittedStateIsInvented() {
    deliver(1);
    deliver(2);

    assertThat(violations(1)).containsExactly(Violation.INVENTED);
  }

  @Test
  void attemptBeforeItsPredecessorsIsAnInversionEvenIfTheEffectsAreInOrder() {
    line(Kind.ATTEMPT, 2);
    line(Kind.ATTEMPT, 1);
    effect(1, UUID.randomUUID());
    effect(2, UUID.randomUUID());

    assertThat(violations(2)).containsExactly(Violation.OVERTAKEN);
  }

  @Test
  void repeatOfAnEarlierMessageIsNoInversion() {
    deliver(1);
    deliver(2);
    line(Kind.SENT, 1);
    line(Kind.ATTEMPT, 1);

    assertThat(violations(2)).isEmpty();
  }

  @Test
  void runWhoseFaultsHitNothingDoesNotCount() {
    deliver(1);
    line(Kind.FAULT, 0);
    deliver(2);

    Oracle.Verdict verdict = oracle.judge(Map.of("k", 2L)).sound();
    assertThatThrownBy(verdict::counting).hasMessageContaining("does not count");
  }

  @Test
  void brokenInvariantFailsNamingItsPlace() {
    deliver(1);

    Oracle.Verdict verdict = oracle.judge(Map.of("k", 2L));
    assertThatThrownBy(verdict::sound).hasMessageContaining("LOST 1 times, such as [k/2]");
  }

  private Iterable<Violation> violations(long committed) {
    return oracle.judge(Map.of("k", committed)).violations().keySet();
  }

  private void deliver(long version) {
    line(Kind.SENT, version);
    line(Kind.ATTEMPT, version);
    effect(version, UUID.randomUUID());
  }

  private UUID effect(long version, UUID message) {
    oracle.effect(new BusinessTables.Effect(message, "k", version));
    return message;
  }

  private void line(Kind kind, long version) {
    oracle.line(new Journal.Line(clock++, kind, "node", UUID.randomUUID(), "k", version));
  }
}
