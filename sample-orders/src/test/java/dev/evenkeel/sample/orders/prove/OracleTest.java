package dev.evenkeel.sample.orders.prove;

import static dev.evenkeel.sample.orders.prove.Evidence.TraceKind.*;
import static org.assertj.core.api.Assertions.assertThat;

import dev.evenkeel.sample.orders.crash.Journal;
import dev.evenkeel.sample.orders.crash.Shopper;
import dev.evenkeel.sample.orders.crash.Shopper.Wish;
import dev.evenkeel.sample.orders.order.PlaceOrderSagaWithReceipt;
import dev.evenkeel.sample.orders.prove.Evidence.Account;
import dev.evenkeel.sample.orders.prove.Evidence.Level;
import dev.evenkeel.sample.orders.prove.Evidence.Stored;
import dev.evenkeel.sample.orders.prove.Evidence.Trace;
import dev.evenkeel.sample.orders.prove.Evidence.TraceKind;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A round in which everything holds, and in it each violation, planted and reported. */
class OracleTest {

  private static final UUID SHIPPED_ORDER = new UUID(1, 1);
  private static final UUID CANCELLED_ORDER = new UUID(1, 2);
  private static final UUID WAITING_ORDER = new UUID(1, 3);

  private final Evidence evidence = new Evidence();
  private long clock;

  @BeforeEach
  void soundRound() {
    evidence.stocked.put("here", 100L);
    evidence.stocked.put("there", 100L);
    shipped(SHIPPED_ORDER, 2);
    placed(CANCELLED_ORDER, Wish.NO_STOCK, 2, "1.00");
    evidence.orders.put(CANCELLED_ORDER, ended("CANCELLED", "COMPENSATED", 2));
    traces(CANCELLED_ORDER, REGISTERED, CANCELLED, CREDIT_RESERVED, CREDIT_RELEASED);
    lines(CANCELLED_ORDER, 1, STOCK_RESERVED, STOCK_RELEASED);
    placed(WAITING_ORDER, Wish.FORGOTTEN, 3, "600.00");
    evidence.orders.put(
        WAITING_ORDER, new Stored("AWAITING_APPROVAL", 2, "RUNNING", false, false, false));
    traces(WAITING_ORDER, REGISTERED, CREDIT_RESERVED, APPROVAL_ASKED);
    lines(WAITING_ORDER, 2, STOCK_RESERVED);
    evidence.accounts.put(1L, account("0.00", "2.00", "2.00", 1, "2.00"));
    evidence.accounts.put(3L, account("1200.00", "0", "0", 0, "0"));
    evidence.stock.put("here", new Level(99, 1));
    evidence.stock.put("there", new Level(99, 1));
    evidence.tallies.put("k", 2L);
    evidence.effects.put("k", new TreeMap<>(Map.of(1L, 1L, 2L, 1L)));
    for (long version = 1; version <= 2; version++) {
      line(Journal.Kind.SENT, new UUID(2, version) + "/k/" + version);
      line(Journal.Kind.ATTEMPT, "k/" + version);
      line(Journal.Kind.ACKNOWLEDGED, "k/" + version);
    }
  }

  private void shipped(UUID order, int version) {
    placed(order, Wish.PLAIN, 1, "1.00");
    evidence.orders.put(order, ended("SHIPPED", "COMPLETED", version));
    traces(order, REGISTERED, CREDIT_RESERVED, CHARGED, CONFIRMED, CREDIT_USED, SHIPPED);
    lines(order, 2, STOCK_RESERVED, STOCK_SHIPPED);
  }

  private void placed(UUID order, Wish wish, long customer, String price) {
    evidence.placed.put(order, new Shopper.Placed(wish, customer, List.of("here", "there"), price));
  }

  private static Stored ended(String status, String saga, int version) {
    return new Stored(status, version, saga, true, false, false);
  }

  private static Account account(
      String reserved, String used, String charged, long counted, String total) {
    return new Account(
        new BigDecimal(reserved),
        new BigDecimal(used),
        new BigDecimal(charged),
        counted,
        new BigDecimal(total));
  }

  private void traces(UUID order, TraceKind... kinds) {
    for (TraceKind kind : kinds) {
      evidence.trace(order, Trace.of(kind), 1);
    }
  }

  private void lines(UUID order, int lines, TraceKind... kinds) {
    for (int line = 0; line < lines; line++) {
      for (TraceKind kind : kinds) {
        evidence.trace(order, new Trace(kind, line), 1);
      }
    }
  }

  private void line(Journal.Kind kind, String detail) {
    evidence.journal.add(
        Journal.Line.parse("%d node %s - 0 NEXT//0 %s".formatted(clock++, kind, detail)));
  }

  private void remove(UUID order, Trace trace) {
    evidence.traces.get(order).remove(trace);
  }

  private Set<Law> broken() {
    return Oracle.judge(evidence).entrySet().stream()
        .filter(law -> !law.getValue().isEmpty())
        .map(Map.Entry::getKey)
        .collect(Collectors.toSet());
  }

  @Test
  void soundRoundBreaksNoLaw() {
    assertThat(Oracle.judge(evidence))
        .containsOnlyKeys(Law.values())
        .allSatisfy((law, broken) -> assertThat(broken).isEmpty());
  }

  @Test
  void unrestIsReported() {
    evidence.unrest = "sagas move";
    assertThat(broken()).containsExactly(Law.COMES_TO_REST);
  }

  @Test
  void orderThatWasTakenAndIsGoneIsLost() {
    evidence.placed.put(new UUID(9, 9), new Shopper.Placed(Wish.PLAIN, 1, List.of("here"), "1.00"));
    assertThat(broken()).containsExactly(Law.NOTHING_ACKNOWLEDGED_IS_LOST);
  }

  @Test
  void countThatWasAcknowledgedAndIsGoneIsLost() {
    line(Journal.Kind.ACKNOWLEDGED, "k/3");
    assertThat(broken()).containsExactly(Law.NOTHING_ACKNOWLEDGED_IS_LOST);
  }

  @Test
  void eventWithoutItsEffectIsLost() {
    evidence.effects.get("k").remove(1L);
    assertThat(broken()).containsExactly(Law.NOTHING_ACKNOWLEDGED_IS_LOST);
  }

  @Test
  void orderThatNobodyPlacedIsInvented() {
    evidence.orders.put(new UUID(9, 9), ended("SHIPPED", "COMPLETED", 2));
    assertThat(broken()).containsExactly(Law.NOTHING_IS_INVENTED);
  }

  @Test
  void effectOfNoOrderIsInvented() {
    evidence.trace(new UUID(9, 9), Trace.of(CHARGED), 1);
    assertThat(broken()).containsExactly(Law.NOTHING_IS_INVENTED);
  }

  @Test
  void effectOfNoCountIsInvented() {
    evidence.effects.get("k").put(3L, 1L);
    assertThat(broken()).containsExactly(Law.NOTHING_IS_INVENTED);
  }

  @Test
  void secondEffectOfAnEventIsReported() {
    evidence.effects.get("k").put(2L, 2L);
    assertThat(broken()).containsExactly(Law.EFFECTS_AT_MOST_ONCE);
  }

  @ParameterizedTest
  @EnumSource(
      names = {"CREDIT_RESERVED", "CHARGED", "CONFIRMED", "CREDIT_USED", "SHIPPED", "REGISTERED"})
  void secondEffectOfAStepIsReported(TraceKind kind) {
    evidence.trace(SHIPPED_ORDER, Trace.of(kind), 1);
    assertThat(broken()).contains(Law.EFFECTS_AT_MOST_ONCE);
  }

  @Test
  void firstSendingBeforeItsPredecessorsIsReported() {
    line(Journal.Kind.SENT, new UUID(2, 4) + "/k/4");
    assertThat(broken()).containsExactly(Law.FIRST_DELIVERIES_IN_ORDER);
  }

  @Test
  void firstAttemptBeforeItsPredecessorsIsReportedThoughTheSendingsAreInOrder() {
    line(Journal.Kind.SENT, new UUID(2, 3) + "/k/3");
    line(Journal.Kind.SENT, new UUID(2, 4) + "/k/4");
    line(Journal.Kind.ATTEMPT, "k/4");
    assertThat(broken()).containsExactly(Law.FIRST_DELIVERIES_IN_ORDER);
  }

  @Test
  void repetitionOfAnEarlierOneIsAllowed() {
    line(Journal.Kind.SENT, new UUID(2, 1) + "/k/1");
    line(Journal.Kind.ATTEMPT, "k/1");
    assertThat(broken()).isEmpty();
  }

  @Test
  void moneyThatIsHeldForNoOrderIsReported() {
    evidence.accounts.put(1L, account("5.00", "2.00", "2.00", 1, "2.00"));
    assertThat(broken()).containsExactly(Law.MONEY_IS_CONSERVED);
  }

  @Test
  void chargeForNoOrderIsReported() {
    evidence.accounts.put(2L, account("0", "0", "1.00", 0, "0"));
    assertThat(broken()).containsExactly(Law.MONEY_IS_CONSERVED);
  }

  @Test
  void orderThatIsCountedTwiceOrNeverIsReported() {
    evidence.accounts.put(1L, account("0", "2.00", "2.00", 2, "4.00"));
    assertThat(broken()).containsExactly(Law.EFFECTS_AT_MOST_ONCE);
    evidence.accounts.put(1L, account("0", "2.00", "2.00", 0, "0"));
    assertThat(broken()).containsExactly(Law.NOTHING_ACKNOWLEDGED_IS_LOST);
  }

  @Test
  void stockThatIsGoneOrHeldIsReported() {
    evidence.stock.put("here", new Level(98, 1));
    assertThat(broken()).containsExactly(Law.STOCK_IS_CONSERVED);
    evidence.stock.put("here", new Level(99, 2));
    assertThat(broken()).containsExactly(Law.STOCK_IS_CONSERVED);
  }

  @Test
  void sagaThatGoesOnIsReported() {
    evidence.orders.put(
        WAITING_ORDER, new Stored("AWAITING_APPROVAL", 2, "RUNNING", false, false, true));
    assertThat(broken()).contains(Law.SAGAS_END);
  }

  @Test
  void sagaThatIsMarkedAsStuckMayStayOpen() {
    evidence.orders.put(
        WAITING_ORDER, new Stored("AWAITING_APPROVAL", 2, "RUNNING", false, true, true));
    assertThat(broken()).isEmpty();
  }

  @Test
  void shippedOrderThatLacksAnEffectIsReported() {
    remove(SHIPPED_ORDER, new Trace(STOCK_SHIPPED, 1));
    assertThat(broken()).containsExactly(Law.WHOLLY_FORWARD_OR_UNDONE);
  }

  @Test
  void cancelledOrderThatHoldsSomethingIsReported() {
    remove(CANCELLED_ORDER, Trace.of(CREDIT_RELEASED));
    assertThat(broken()).containsExactly(Law.WHOLLY_FORWARD_OR_UNDONE);
  }

  @Test
  void cancelledOrderThatIsChargedIsReported() {
    evidence.trace(CANCELLED_ORDER, Trace.of(CHARGED), 1);
    assertThat(broken()).containsExactly(Law.WHOLLY_FORWARD_OR_UNDONE);
  }

  @Test
  void orderAndSagaThatEndDifferentlyAreReported() {
    evidence.orders.put(SHIPPED_ORDER, ended("SHIPPED", "COMPENSATED", 2));
    assertThat(broken()).containsExactly(Law.WHOLLY_FORWARD_OR_UNDONE);
  }

  @Test
  void nextVersionWithoutItsReceiptIsReported() {
    evidence.orders.put(
        SHIPPED_ORDER, ended("SHIPPED", "COMPLETED", PlaceOrderSagaWithReceipt.VERSION));
    assertThat(broken()).containsExactly(Law.WHOLLY_FORWARD_OR_UNDONE);
    evidence.trace(SHIPPED_ORDER, Trace.of(RECEIPT), 1);
    assertThat(broken()).isEmpty();
  }

  @ParameterizedTest
  @EnumSource(names = {"CREDIT_RELEASED", "STOCK_RELEASED", "REFUNDED", "CANCELLED"})
  void undoingAfterThePivotIsReported(TraceKind kind) {
    evidence.trace(SHIPPED_ORDER, Trace.of(kind), 1);
    assertThat(broken()).contains(Law.NEVER_UNDONE_AFTER_PIVOT);
  }

  @Test
  void endThatNobodyWishedIsReported() {
    placed(SHIPPED_ORDER, Wish.NO_CREDIT, 1, "1.00");
    assertThat(broken()).containsExactly(Law.ENDS_AS_WISHED);
  }

  @Test
  void deadLetterIsReported() {
    evidence.parked.add("tally k/1 is DEAD");
    assertThat(broken()).containsExactly(Law.NOTHING_STAYS_PARKED);
  }

  @Test
  void whatTheAuditFindsIsReported() {
    evidence.audit.add("TWICE: order 1");
    assertThat(broken()).containsExactly(Law.AUDIT_AGREES);
  }
}
