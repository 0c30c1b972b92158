package dev.evenkeel.sample.orders.audit;

import dev.evenkeel.sample.orders.audit.Effect.Direction;
import java.math.BigDecimal;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** What all shards say, by order, customer and article. For one thread. */
final class Ledger {

  /** What concerns the whole order, where lines have their number. */
  static final int WHOLE = -1;

  final Map<UUID, OrderFacts> orders = new TreeMap<>();
  final Map<Long, CustomerFacts> customers = new TreeMap<>();
  final Map<String, ArticleFacts> articles = new TreeMap<>();
  final Map<UUID, UUID> orderOfSaga = new HashMap<>();
  final Map<UUID, Set<StepDone>> stepsOfSaga = new HashMap<>();

  /** A step's row that says it took effect. */
  record StepDone(String step, int item, Direction direction) {}

  /** One effect's rows. */
  static final class Done {
    int times;
    BigDecimal amount = BigDecimal.ZERO;

    /** Of a line: what it was done to. */
    final Set<String> skus = new HashSet<>();
  }

  /** An order's line as it was ordered. */
  record Line(String sku, int quantity) {}

  /**
   * An order's saga.
   *
   * @param version of its definition
   * @param ended whether it is over
   * @param stuck whether it is marked so
   */
  record SagaFacts(UUID id, int version, String state, boolean ended, boolean stuck) {

    /** Version 1 had other steps, and no payments. */
    static final int PRESENT = 2;
  }

  /** One order. */
  static final class OrderFacts {
    final UUID id;

    /** Null when effects name an order that is nowhere. */
    @Nullable String status;

    long customerId;
    BigDecimal total = BigDecimal.ZERO;
    @Nullable SagaFacts saga;
    final Map<Integer, Line> lines = new TreeMap<>();
    final Map<Integer, Map<Effect, Done>> effects = new TreeMap<>();

    OrderFacts(UUID id) {
      this.id = id;
    }

    Done done(int line, Effect effect) {
      return effects
          .computeIfAbsent(line, l -> new EnumMap<>(Effect.class))
          .computeIfAbsent(effect, e -> new Done());
    }

    /** How often it happened. */
    int times(int line, Effect effect) {
      Map<Effect, Done> of = effects.get(line);
      Done done = of == null ? null : of.get(effect);
      return done == null ? 0 : done.times;
    }

    boolean has(int line, Effect effect) {
      return times(line, effect) > 0;
    }

    /** Amount of an effect on the whole order. */
    BigDecimal amount(Effect effect) {
      return has(WHOLE, effect) ? done(WHOLE, effect).amount : BigDecimal.ZERO;
    }

    boolean is(String... any) {
      return status != null && List.of(any).contains(status);
    }

    /** Turned back before its first step, which leaves it as it was taken. */
    boolean neverBegan() {
      return is("PENDING") && !has(WHOLE, Effect.REGISTERED) && (saga == null || saga.ended());
    }

    /** What its saga gave back, or never took. */
    boolean cancelled() {
      return is("CANCELLED") || neverBegan();
    }

    @Override
    public String toString() {
      return "order " + id + " (" + status + ")";
    }
  }

  /**
   * One customer's credit.
   *
   * @param spent limit − available, as the application reckons it
   */
  record CustomerFacts(BigDecimal spent) {}

  /** One article. */
  static final class ArticleFacts {
    long onHand;
    long reserved;
    long set;
    long shipped;
  }

  OrderFacts order(UUID id) {
    return orders.computeIfAbsent(id, OrderFacts::new);
  }

  ArticleFacts article(String sku) {
    return articles.computeIfAbsent(sku, s -> new ArticleFacts());
  }

  /**
   * The steps that took effect by their rows; null when the saga keeps none any more, or had
   * others.
   */
  @Nullable Set<StepDone> steps(OrderFacts order) {
    return order.saga == null || order.saga.version() != SagaFacts.PRESENT
        ? null
        : stepsOfSaga.getOrDefault(order.saga.id(), Set.of());
  }
}
