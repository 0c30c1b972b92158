package dev.evenkeel.sample.orders.prove;

import dev.evenkeel.sample.orders.crash.Journal;
import dev.evenkeel.sample.orders.crash.Shopper;
import dev.evenkeel.sample.orders.order.PlaceOrderSagaWithReceipt;
import dev.evenkeel.sample.orders.prove.Evidence.Account;
import dev.evenkeel.sample.orders.prove.Evidence.Level;
import dev.evenkeel.sample.orders.prove.Evidence.Stored;
import dev.evenkeel.sample.orders.prove.Evidence.Trace;
import dev.evenkeel.sample.orders.prove.Evidence.TraceKind;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;

/**
 * Judges a round. Knows nothing of the framework, and shares no code with it nor with the
 * application: where the application's audit compares its tables with each other, this compares
 * them with what clients wished and were told. For one thread, and one round.
 */
final class Oracle {

  private static final Set<TraceKind> UNDOING =
      Set.of(
          TraceKind.CREDIT_RELEASED,
          TraceKind.STOCK_RELEASED,
          TraceKind.REFUNDED,
          TraceKind.CANCELLED);

  private final Evidence evidence;
  private final Map<Law, List<String>> violations = new EnumMap<>(Law.class);

  private Oracle(Evidence evidence) {
    this.evidence = evidence;
  }

  /**
   * Judges.
   *
   * @return every law, each with what breaks it
   */
  static Map<Law, List<String>> judge(Evidence evidence) {
    Oracle oracle = new Oracle(evidence);
    for (Law law : Law.values()) {
      oracle.violations.put(law, new ArrayList<>());
    }
    if (evidence.unrest != null) {
      oracle.violate(Law.COMES_TO_REST, evidence.unrest);
    }
    oracle.orders();
    oracle.tallies();
    oracle.deliveries();
    oracle.books();
    evidence.parked.forEach(what -> oracle.violate(Law.NOTHING_STAYS_PARKED, what));
    evidence.audit.forEach(what -> oracle.violate(Law.AUDIT_AGREES, what));
    return oracle.violations;
  }

  private void violate(Law law, String what) {
    violations.get(law).add(what);
  }

  private void orders() {
    for (UUID id : evidence.placed.keySet()) {
      if (!evidence.orders.containsKey(id)) {
        violate(Law.NOTHING_ACKNOWLEDGED_IS_LOST, "order %s was taken and is gone".formatted(id));
      }
    }
    Set<UUID> strangers = new HashSet<>(evidence.orders.keySet());
    strangers.addAll(evidence.traces.keySet());
    strangers.removeAll(evidence.placed.keySet());
    strangers.forEach(
        id -> violate(Law.NOTHING_IS_INVENTED, "order %s was placed by nobody".formatted(id)));
    evidence.traces.forEach(
        (id, traces) ->
            traces.forEach(
                (trace, times) -> {
                  if (times > 1) {
                    violate(
                        Law.EFFECTS_AT_MOST_ONCE,
                        "order %s has %s %d times".formatted(id, trace, times));
                  }
                }));
    evidence.orders.forEach(
        (id, order) -> {
          Shopper.Placed placed = evidence.placed.get(id);
          if (placed != null) {
            end(id, order, placed);
            effects(id, order, placed.articles().size());
          }
        });
  }

  private void end(UUID id, Stored order, Shopper.Placed placed) {
    if (!placed.wish().ends().contains(order.status())) {
      violate(
          Law.ENDS_AS_WISHED,
          "order %s was wished %s and is %s".formatted(id, placed.wish(), order.status()));
    }
    boolean waits =
        order.status().equals("AWAITING_APPROVAL")
            && order.saga().equals("RUNNING")
            && !order.owned();
    if (!order.ended() && !order.stuck() && !waits) {
      violate(
          Law.SAGAS_END,
          "order %s is %s, and its saga %s goes on".formatted(id, order.status(), order.saga()));
    }
    boolean agrees =
        switch (order.status()) {
          case "SHIPPED" -> order.saga().equals("COMPLETED");
          case "CANCELLED" -> order.saga().equals("COMPENSATED");
          default -> waits || order.stuck();
        };
    if (!agrees) {
      violate(
          Law.WHOLLY_FORWARD_OR_UNDONE,
          "order %s is %s, and its saga %s".formatted(id, order.status(), order.saga()));
    }
  }

  private void effects(UUID id, Stored order, int lines) {
    Map<Trace, Long> traces = evidence.traces.getOrDefault(id, Map.of());
    boolean confirmed =
        traces.containsKey(Trace.of(TraceKind.CONFIRMED))
            || traces.containsKey(Trace.of(TraceKind.CREDIT_USED));
    for (Trace trace : traces.keySet()) {
      if (confirmed && UNDOING.contains(trace.kind())) {
        violate(
            Law.NEVER_UNDONE_AFTER_PIVOT, "order %s was confirmed and has %s".formatted(id, trace));
      }
    }
    if (order.status().equals("SHIPPED")) {
      forward(id, order, lines);
    } else if (order.status().equals("CANCELLED")) {
      undone(id, lines);
    }
  }

  private void forward(UUID id, Stored order, int lines) {
    require(id, TraceKind.REGISTERED, 1);
    require(id, TraceKind.CREDIT_RESERVED, 1);
    require(id, TraceKind.CHARGED, 1);
    require(id, TraceKind.CONFIRMED, 1);
    require(id, TraceKind.CREDIT_USED, 1);
    require(id, TraceKind.SHIPPED, 1);
    require(id, TraceKind.RECEIPT, order.version() == PlaceOrderSagaWithReceipt.VERSION ? 1 : 0);
    for (int line = 0; line < lines; line++) {
      require(id, new Trace(TraceKind.STOCK_RESERVED, line), 1);
      require(id, new Trace(TraceKind.STOCK_SHIPPED, line), 1);
    }
  }

  private void undone(UUID id, int lines) {
    require(id, TraceKind.CONFIRMED, 0);
    require(id, TraceKind.CREDIT_USED, 0);
    require(id, TraceKind.SHIPPED, 0);
    require(id, TraceKind.RECEIPT, 0);
    same(id, Trace.of(TraceKind.REGISTERED), Trace.of(TraceKind.CANCELLED));
    same(id, Trace.of(TraceKind.CREDIT_RESERVED), Trace.of(TraceKind.CREDIT_RELEASED));
    if (evidence.times(id, Trace.of(TraceKind.CHARGED)) > 0) {
      require(id, TraceKind.REFUNDED, 1);
    }
    for (int line = 0; line < lines; line++) {
      require(id, new Trace(TraceKind.STOCK_SHIPPED, line), 0);
      same(
          id, new Trace(TraceKind.STOCK_RESERVED, line), new Trace(TraceKind.STOCK_RELEASED, line));
    }
  }

  private void require(UUID id, TraceKind kind, long times) {
    require(id, Trace.of(kind), times);
  }

  private void require(UUID id, Trace trace, long times) {
    long has = evidence.times(id, trace);
    if (has != times) {
      violate(
          Law.WHOLLY_FORWARD_OR_UNDONE,
          "order %s (%s) has %s %d times and should %d times"
              .formatted(id, evidence.orders.get(id).status(), trace, has, times));
    }
  }

  private void same(UUID id, Trace done, Trace undone) {
    require(id, undone, evidence.times(id, done));
  }

  private void tallies() {
    Map<String, Long> acknowledged = new HashMap<>();
    for (Journal.Line line : evidence.journal) {
      if (line.kind() == Journal.Kind.ACKNOWLEDGED) {
        String[] parts = line.detail().split("/", -1);
        acknowledged.merge(parts[0], Long.parseLong(parts[1]), Math::max);
      }
    }
    acknowledged.forEach(
        (key, version) -> {
          if (evidence.tallies.getOrDefault(key, 0L) < version) {
            violate(
                Law.NOTHING_ACKNOWLEDGED_IS_LOST,
                "%s was counted to %d and is at %s"
                    .formatted(key, version, evidence.tallies.get(key)));
          }
        });
    evidence.tallies.forEach(
        (key, version) -> {
          for (long each = 1; each <= version; each++) {
            if (!evidence.effects.getOrDefault(key, Map.of()).containsKey(each)) {
              violate(
                  Law.NOTHING_ACKNOWLEDGED_IS_LOST,
                  "the event of %s/%d never had its effect".formatted(key, each));
            }
          }
        });
    evidence.effects.forEach(
        (key, versions) ->
            versions.forEach(
                (version, times) -> {
                  if (version > evidence.tallies.getOrDefault(key, 0L)) {
                    violate(
                        Law.NOTHING_IS_INVENTED,
                        "%s/%d had an effect and was never counted".formatted(key, version));
                  }
                  if (times > 1) {
                    violate(
                        Law.EFFECTS_AT_MOST_ONCE,
                        "%s/%d had its effect %d times".formatted(key, version, times));
                  }
                }));
  }

  private void deliveries() {
    Map<String, Long> highest = new HashMap<>();
    for (Journal.Line line : evidence.journal) {
      String[] parts = line.detail().split("/", -1);
      boolean sent = line.kind() == Journal.Kind.SENT && parts.length == 3;
      if (!sent && line.kind() != Journal.Kind.ATTEMPT) {
        continue;
      }
      String key = parts[parts.length - 2];
      long version = Long.parseLong(parts[parts.length - 1]);
      long before = highest.getOrDefault(line.kind() + key, 0L);
      if (version > before + 1) {
        violate(
            Law.FIRST_DELIVERIES_IN_ORDER,
            "%s of %s/%d by %s came after %d"
                .formatted(line.kind(), key, version, line.node(), before));
      }
      highest.put(line.kind() + key, Math.max(before, version));
    }
  }

  /** By the clients' own books, and by nothing of the orders' tables but how each one ended. */
  private void books() {
    Map<Long, Account> accounts = new TreeMap<>();
    Map<String, Long> shipped = new HashMap<>();
    Map<String, Long> reserved = new HashMap<>();
    evidence.placed.forEach(
        (id, placed) -> {
          String status =
              evidence.orders.containsKey(id) ? evidence.orders.get(id).status() : "GONE";
          BigDecimal total = placed.total();
          if (status.equals("SHIPPED")) {
            accounts.merge(
                placed.customer(),
                new Account(BigDecimal.ZERO, total, total, 1, total),
                Account::plus);
            placed.articles().forEach(article -> shipped.merge(article, 1L, Long::sum));
          } else if (status.equals("AWAITING_APPROVAL")) {
            accounts.merge(
                placed.customer(),
                new Account(total, BigDecimal.ZERO, BigDecimal.ZERO, 0, BigDecimal.ZERO),
                Account::plus);
            placed.articles().forEach(article -> reserved.merge(article, 1L, Long::sum));
          }
        });
    Set<Long> customers = new HashSet<>(accounts.keySet());
    customers.addAll(evidence.accounts.keySet());
    for (long customer : customers) {
      Account should = accounts.getOrDefault(customer, Account.NONE);
      Account has = evidence.accounts.getOrDefault(customer, Account.NONE);
      if (!has.hasMoneyOf(should)) {
        violate(
            Law.MONEY_IS_CONSERVED,
            "customer %d has %s and should have %s".formatted(customer, has, should));
      }
      // Each shipped order was counted by the handler of its event.
      int more = has.countedTotal().compareTo(should.countedTotal());
      if (more != 0 || has.counted() != should.counted()) {
        violate(
            more < 0 ? Law.NOTHING_ACKNOWLEDGED_IS_LOST : Law.EFFECTS_AT_MOST_ONCE,
            "customer %d has %d orders of %s in the summary and should have %d of %s"
                .formatted(
                    customer,
                    has.counted(),
                    has.countedTotal(),
                    should.counted(),
                    should.countedTotal()));
      }
    }
    evidence.stocked.forEach(
        (article, stocked) -> {
          Level should =
              new Level(
                  stocked - shipped.getOrDefault(article, 0L), reserved.getOrDefault(article, 0L));
          Level has = evidence.stock.get(article);
          if (!should.equals(has)) {
            violate(
                Law.STOCK_IS_CONSERVED,
                "%s has %s and should have %s".formatted(article, has, should));
          }
        });
  }
}
