package dev.evenkeel.sample.orders.prove;

import dev.evenkeel.sample.orders.crash.Journal;
import dev.evenkeel.sample.orders.crash.Shopper;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** All that a verdict is made from: what clients know, what the databases say, and the journal. */
final class Evidence {

  /** Each order that was taken, by its id. */
  final Map<UUID, Shopper.Placed> placed = new HashMap<>();

  /** What was on hand of each article in the beginning. */
  final Map<String, Long> stocked = new TreeMap<>();

  /** Each order that is stored, by its id. */
  final Map<UUID, Stored> orders = new TreeMap<>();

  /** How often an order has something. */
  final Map<UUID, Map<Trace, Long>> traces = new HashMap<>();

  final Map<String, Level> stock = new TreeMap<>();
  final Map<Long, Account> accounts = new TreeMap<>();

  /** Where each key was counted up to. */
  final Map<String, Long> tallies = new TreeMap<>();

  /** How often each version of a key had its effect. */
  final Map<String, Map<Long, Long>> effects = new TreeMap<>();

  /** Messages that are parked and have not ended, in words. */
  final List<String> parked = new ArrayList<>();

  /** What the application's own audit found. */
  final List<String> audit = new ArrayList<>();

  /** In its order. */
  final List<Journal.Line> journal = new ArrayList<>();

  /** Why it did not come to rest; null when it did. */
  @Nullable String unrest;

  /**
   * An order.
   *
   * @param status CANCELLED also for one that was turned back before its saga had touched it
   * @param version of its saga's definition; 0 without a saga
   * @param saga its state
   * @param owned whether a process works on it
   */
  record Stored(
      String status, int version, String saga, boolean ended, boolean stuck, boolean owned) {}

  /** What an order leaves in the application's tables, of a line or of the whole order. */
  enum TraceKind {
    REGISTERED,
    CONFIRMED,
    SHIPPED,
    CANCELLED,
    CREDIT_RESERVED,
    CREDIT_RELEASED,
    CREDIT_USED,
    STOCK_RESERVED,
    STOCK_RELEASED,
    STOCK_SHIPPED,
    CHARGED,
    REFUNDED,
    APPROVAL_ASKED,
    RECEIPT
  }

  /**
   * One of those.
   *
   * @param line {@link #WHOLE} for the whole order
   */
  record Trace(TraceKind kind, int line) {

    static final int WHOLE = -1;

    static Trace of(TraceKind kind) {
      return new Trace(kind, WHOLE);
    }

    @Override
    public String toString() {
      return line == WHOLE ? kind.name() : "%s of line %d".formatted(kind, line);
    }
  }

  /** An article's level. */
  record Level(long onHand, long reserved) {}

  /**
   * What a customer's entries add up to.
   *
   * @param charged paid and not refunded
   * @param counted orders in the summary
   * @param countedTotal of those
   */
  record Account(
      BigDecimal reserved,
      BigDecimal used,
      BigDecimal charged,
      long counted,
      BigDecimal countedTotal) {

    static final Account NONE =
        new Account(BigDecimal.ZERO, BigDecimal.ZERO, BigDecimal.ZERO, 0, BigDecimal.ZERO);

    Account plus(Account other) {
      return new Account(
          reserved.add(other.reserved),
          used.add(other.used),
          charged.add(other.charged),
          counted + other.counted,
          countedTotal.add(other.countedTotal));
    }

    boolean hasMoneyOf(Account other) {
      return reserved.compareTo(other.reserved) == 0
          && used.compareTo(other.used) == 0
          && charged.compareTo(other.charged) == 0;
    }
  }

  /** Notes that an order has something, so many times more. */
  void trace(UUID order, Trace trace, long times) {
    traces.computeIfAbsent(order, id -> new HashMap<>()).merge(trace, times, Long::sum);
  }

  /** How often an order has something. */
  long times(UUID order, Trace trace) {
    return traces.getOrDefault(order, Map.of()).getOrDefault(trace, 0L);
  }
}
