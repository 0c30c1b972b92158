package dev.evenkeel.sample.orders.audit;

import static dev.evenkeel.sample.orders.audit.Ledger.WHOLE;

import dev.evenkeel.sample.orders.audit.Ledger.ArticleFacts;
import dev.evenkeel.sample.orders.audit.Ledger.Done;
import dev.evenkeel.sample.orders.audit.Ledger.Line;
import dev.evenkeel.sample.orders.audit.Ledger.OrderFacts;
import dev.evenkeel.sample.orders.audit.Ledger.SagaFacts;
import dev.evenkeel.sample.orders.audit.Ledger.StepDone;
import dev.evenkeel.sample.orders.audit.Violation.Rule;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The rules. For one thread, and one ledger. */
final class Judgement {

  private static final StepDone CHARGED = whole(Effect.CHARGED);
  private static final StepDone CHARGE_VOIDED = whole(Effect.CHARGE_VOIDED);

  private final Ledger ledger;
  private final List<Violation> violations = new ArrayList<>();

  Judgement(Ledger ledger) {
    this.ledger = ledger;
  }

  /**
   * Looks at everything.
   *
   * @param quiescent whether the shards were read while nothing moved; otherwise only those rules
   *     are looked at which hold at every moment
   */
  List<Violation> violations(boolean quiescent) {
    ledger.articles.forEach(this::onHand);
    ledger.orders.values().forEach(this::atAnyTime);
    if (quiescent) {
      ledger.orders.values().forEach(this::atRest);
      credit();
      reserved();
    }
    return violations;
  }

  private void atAnyTime(OrderFacts order) {
    boolean confirmed = order.has(WHOLE, Effect.CONFIRMED) || order.has(WHOLE, Effect.CREDIT_USED);
    order.effects.forEach(
        (line, effects) ->
            effects.forEach(
                (effect, done) -> {
                  if (done.times > 1) {
                    report(
                        Rule.TWICE, order, line, "has %s %d times".formatted(effect, done.times));
                  }
                  if (confirmed && effect.undoes() && done.times > 0) {
                    report(Rule.UNDONE_AFTER_PIVOT, order, line, "was confirmed and has " + effect);
                  }
                  amount(order, line, effect, done);
                }));
  }

  private void amount(OrderFacts order, int line, Effect effect, Done done) {
    if (order.status == null) {
      return; // its shard was read before it was there; at rest it has to be
    }
    if (effect.isOfLine()) {
      Line ordered = order.lines.get(line);
      boolean right =
          ordered != null
              && done.skus.equals(Set.of(ordered.sku()))
              && done.amount.longValueExact() == (long) ordered.quantity() * done.times;
      if (!right) {
        String what = ordered == null ? "nothing" : ordered.toString();
        report(
            Rule.AMOUNT,
            order,
            line,
            "ordered %s and has %s of %s pieces of %s"
                .formatted(what, effect, done.amount, done.skus));
      }
    } else if (effect.isOfMoney()
        && done.amount.compareTo(order.total.multiply(BigDecimal.valueOf(done.times))) != 0) {
      report(
          Rule.AMOUNT,
          order,
          line,
          "is of %s and has %s of %s".formatted(order.total, effect, done.amount));
    }
  }

  private void atRest(OrderFacts order) {
    if (order.status == null) {
      if (!order.effects.isEmpty()) {
        report(Rule.HELD_BY_CANCELLED, order, WHOLE, "was never stored and has effects");
      } else if (order.saga != null && !order.saga.state().equals("COMPENSATED")) {
        String state = order.saga.state();
        report(Rule.NOT_ENDED, order, WHOLE, "was never stored, and its saga is " + state);
      }
      return;
    }
    ended(order);
    if (order.cancelled()) {
      holdsNothing(order);
    } else {
      hasAll(order);
    }
    steps(order);
  }

  private void ended(OrderFacts order) {
    boolean live = order.saga != null && !order.saga.ended();
    String saga = order.saga == null ? "gone" : order.saga.state();
    boolean right =
        switch (String.valueOf(order.status)) {
          case "SHIPPED" -> order.saga == null || live || saga.equals("COMPLETED");
          case "CANCELLED" -> order.saga == null || live || saga.equals("COMPENSATED");
          case "PLACED" -> order.saga == null;
          default -> live || order.neverBegan();
        };
    if (!right) {
      report(Rule.NOT_ENDED, order, WHOLE, "has a saga that is " + saga);
    }
  }

  private void holdsNothing(OrderFacts order) {
    if (order.has(WHOLE, Effect.CREDIT_USED)
        || order.times(WHOLE, Effect.CREDIT_RESERVED)
            != order.times(WHOLE, Effect.CREDIT_RELEASED)) {
      report(Rule.HELD_BY_CANCELLED, order, WHOLE, "holds credit");
    }
    if (order.has(WHOLE, Effect.CHARGED) && !order.has(WHOLE, Effect.CHARGE_VOIDED)) {
      report(Rule.HELD_BY_CANCELLED, order, WHOLE, "holds a payment");
    }
    for (int line : order.lines.keySet()) {
      if (order.has(line, Effect.STOCK_SHIPPED)
          || order.times(line, Effect.STOCK_RESERVED) != order.times(line, Effect.STOCK_RELEASED)) {
        report(Rule.HELD_BY_CANCELLED, order, line, "holds stock");
      }
    }
  }

  private void hasAll(OrderFacts order) {
    if (order.is("AWAITING_APPROVAL", "CONFIRMED", "SHIPPED")
        && !(order.saga != null && order.saga.state().equals("COMPENSATING"))) {
      require(order, WHOLE, Effect.CREDIT_RESERVED);
      order.lines.keySet().forEach(line -> require(order, line, Effect.STOCK_RESERVED));
    }
    if (order.is("CONFIRMED", "SHIPPED")) {
      require(order, WHOLE, Effect.CONFIRMED);
      if (order.saga != null && order.saga.version() == SagaFacts.PRESENT) {
        require(order, WHOLE, Effect.CHARGED);
      }
    }
    if (order.is("SHIPPED")) {
      require(order, WHOLE, Effect.CREDIT_USED);
      order.lines.keySet().forEach(line -> require(order, line, Effect.STOCK_SHIPPED));
    }
    if (order.is("PLACED") && !order.effects.isEmpty()) {
      report(Rule.AMOUNT, order, WHOLE, "is from before the sagas and has effects");
    }
  }

  private void require(OrderFacts order, int line, Effect effect) {
    if (!order.has(line, effect)) {
      report(Rule.MISSING, order, line, "lacks " + effect);
    }
  }

  private static StepDone whole(Effect effect) {
    return new StepDone(effect.step(), 0, effect.direction());
  }

  /** While the framework keeps the saga, its steps are exactly the effects. */
  private void steps(OrderFacts order) {
    Set<StepDone> rows = ledger.steps(order);
    if (rows == null) {
      return;
    }
    Set<StepDone> effects = new HashSet<>();
    order.effects.forEach(
        (line, of) ->
            of.keySet()
                .forEach(
                    effect ->
                        effects.add(
                            new StepDone(effect.step(), Math.max(line, 0), effect.direction()))));
    for (StepDone row : rows) {
      if (Effect.isOf(row.step()) && !effects.contains(row)) {
        report(Rule.STEP, order, WHOLE, "has the row of %s and not its effect".formatted(row));
      }
    }
    for (StepDone effect : effects) {
      // A call of which nobody knew whether it arrived was voided, and has no row that it was done.
      boolean unknown = effect.equals(CHARGED) && rows.contains(CHARGE_VOIDED);
      if (!rows.contains(effect) && !unknown) {
        report(Rule.STEP, order, WHOLE, "has the effect of %s and not its row".formatted(effect));
      }
    }
  }

  private void onHand(String sku, ArticleFacts article) {
    if (article.onHand != article.set - article.shipped) {
      violations.add(
          new Violation(
              Rule.ON_HAND,
              "%s: %d on hand, %d set and %d shipped"
                  .formatted(sku, article.onHand, article.set, article.shipped)));
    }
  }

  private void credit() {
    Map<Long, BigDecimal> held = new HashMap<>();
    for (OrderFacts order : ledger.orders.values()) {
      if (order.status != null && !order.cancelled()) {
        held.merge(order.customerId, credit(order), BigDecimal::add);
      }
    }
    Set<Long> customers = new HashSet<>(ledger.customers.keySet());
    customers.addAll(held.keySet());
    for (long customer : customers) {
      BigDecimal spent =
          ledger.customers.containsKey(customer)
              ? ledger.customers.get(customer).spent()
              : BigDecimal.ZERO;
      BigDecimal orders = held.getOrDefault(customer, BigDecimal.ZERO);
      if (spent.compareTo(orders) != 0) {
        violations.add(
            new Violation(
                Rule.CREDIT,
                "customer %d: limit − available is %s, and orders hold %s"
                    .formatted(customer, spent, orders)));
      }
    }
  }

  /** By what the order says; where it says too little, because it is stuck, by its entries. */
  private static BigDecimal credit(OrderFacts order) {
    if (order.is("CONFIRMED", "SHIPPED")) {
      return order.total;
    }
    return order.amount(Effect.CREDIT_RESERVED).subtract(order.amount(Effect.CREDIT_RELEASED));
  }

  private void reserved() {
    Map<String, Long> held = new HashMap<>();
    for (OrderFacts order : ledger.orders.values()) {
      if (!order.cancelled() && !order.is("SHIPPED")) {
        order.lines.forEach(
            (number, line) -> {
              if (order.has(number, Effect.STOCK_RESERVED)
                  && !order.has(number, Effect.STOCK_RELEASED)
                  && !order.has(number, Effect.STOCK_SHIPPED)) {
                held.merge(line.sku(), (long) line.quantity(), Long::sum);
              }
            });
      }
    }
    Set<String> skus = new HashSet<>(ledger.articles.keySet());
    skus.addAll(held.keySet());
    for (String sku : skus) {
      long reserved = ledger.article(sku).reserved;
      long orders = held.getOrDefault(sku, 0L);
      if (reserved != orders) {
        violations.add(
            new Violation(
                Rule.RESERVED,
                "%s: %d reserved, and orders on their way hold %d"
                    .formatted(sku, reserved, orders)));
      }
    }
  }

  private void report(Rule rule, OrderFacts order, int line, String what) {
    String where = line == WHOLE ? order.toString() : "line %d of %s".formatted(line, order);
    violations.add(new Violation(rule, where + " " + what));
  }
}
