package dev.evenkeel.transport.kafka.crash;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.evenkeel.transport.kafka.crash.Journal.Kind;
import dev.evenkeel.transport.kafka.crash.Oracle.Violation;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Violations that were planted are reported; a run that proves nothing does not count. */
class OracleTest {

  private final Oracle oracle = new Oracle();
  private String node = "one";
  private long clock;

  @Test
  void wholeRunIsSoundAndCounts() {
    deliver(1);
    line(Kind.SENT, 2);
    oracle.record(0, "k", 2);
    line(Kind.ATTEMPT, 2);
    line(Kind.FAULT, 0);
    node = "other";
    deliver(2);
    deliver(3);

    assertThat(oracle.judge(Map.of("k", 3L)).sound().counting())
        .extracting(
            Oracle.Verdict::faultsThatHit, Oracle.Verdict::redelivered, Oracle.Verdict::takeovers)
        .containsExactly(1L, 2L, 1L);
  }

  @Test
  void committedMessageWithoutRecordIsMissingEvenIfItTookEffect() {
    deliver(1);
    effect(2);

    assertThat(violations(2)).containsExactly(Violation.MISSING_IN_TOPIC);
  }

  @Test
  void firstRecordBeforeItsPredecessorsIsAnInversion() {
    oracle.record(0, "k", 2);
    oracle.record(0, "k", 1);
    effect(1);
    effect(2);

    assertThat(violations(2)).containsExactly(Violation.OVERTAKEN_IN_TOPIC);
  }

  @Test
  void repeatedRecordIsNoInversion() {
    deliver(1);
    deliver(2);
    oracle.record(0, "k", 1);
    oracle.record(0, "k", 2);

    assertThat(violations(2)).isEmpty();
  }

  @Test
  void keyInTwoPartitionsIsScattered() {
    deliver(1);
    effect(2);
    oracle.record(1, "k", 2);

    assertThat(violations(2)).containsExactly(Violation.SCATTERED);
  }

  @Test
  void missingEffectIsALoss() {
    deliver(1);
    oracle.record(0, "k", 2);

    assertThat(violations(2)).containsExactly(Violation.LOST);
  }

  @Test
  void secondEffectIsADuplicate() {
    deliver(1);
    effect(1);

    assertThat(violations(1)).containsExactly(Violation.DUPLICATED);
  }

  @Test
  void recordAndEffectWithoutCommittedStateAreInvented() {
    deliver(1);
    deliver(2);

    assertThat(violations(1)).containsExactly(Violation.INVENTED);
  }

  @Test
  void attemptBeforeItsPredecessorsIsAnInversionEvenIfTheEffectsAreInOrder() {
    oracle.record(0, "k", 1);
    oracle.record(0, "k", 2);
    line(Kind.ATTEMPT, 2);
    line(Kind.ATTEMPT, 1);
    effect(1);
    effect(2);

    assertThat(violations(2)).containsExactly(Violation.OVERTAKEN);
  }

  @Test
  void runInWhichNobodyTookOverDoesNotCount() {
    deliver(1);
    line(Kind.FAULT, 0);
    deliver(1);

    Oracle.Verdict verdict = oracle.judge(Map.of("k", 1L));
    assertThatThrownBy(verdict::counting).hasMessageContaining("does not count");
  }

  @Test
  void runWhoseFaultsHitNothingDoesNotCount() {
    deliver(1);
    line(Kind.FAULT, 0);
    node = "other";
    deliver(2);

    Oracle.Verdict verdict = oracle.judge(Map.of("k", 2L)).sound();
    assertThatThrownBy(verdict::counting).hasMessageContaining("does not count");
  }

  @Test
  void brokenInvariantFailsNamingItsPlace() {
    deliver(1);
    oracle.record(0, "k", 2);

    Oracle.Verdict verdict = oracle.judge(Map.of("k", 2L));
    assertThatThrownBy(verdict::sound).hasMessageContaining("LOST 1 times, such as [k/2]");
  }

  private Iterable<Violation> violations(long committed) {
    return oracle.judge(Map.of("k", committed)).violations().keySet();
  }

  private void deliver(long version) {
    line(Kind.SENT, version);
    oracle.record(0, "k", version);
    line(Kind.ATTEMPT, version);
    effect(version);
  }

  private void effect(long version) {
    oracle.effect(new BusinessTables.Effect(UUID.randomUUID(), "k", version));
  }

  private void line(Kind kind, long version) {
    oracle.line(new Journal.Line(clock++, kind, node, "k", version));
  }
}
