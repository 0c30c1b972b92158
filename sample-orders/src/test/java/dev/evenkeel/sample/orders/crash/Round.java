package dev.evenkeel.sample.orders.crash;

import static org.awaitility.Awaitility.await;

import dev.evenkeel.sample.orders.HttpApi;
import dev.evenkeel.sample.orders.audit.AuditReport;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import org.awaitility.core.ConditionTimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.jdbc.core.JdbcTemplate;

/**
 * Several cells that one kill serves, or two: all orders freeze at their points, the process that
 * ran them is killed, and another one takes over, perhaps only to be killed as well. For one
 * thread; its orders have one each.
 */
final class Round {

  private static final Logger log = LoggerFactory.getLogger(Round.class);

  /** From the kill to the first step that another process takes up. */
  private static final Duration TAKEN_UP = Cluster.LEASE.plusSeconds(2);

  /** From the last kill to the end of every order. */
  static final Duration ENDED = Duration.ofSeconds(30);

  private static final Duration FROZEN = Duration.ofSeconds(10);
  private static final Duration LOOK = Duration.ofMillis(5);
  private static final long UNTIL_EXPIRED_MINUTES = 21;

  /**
   * What came of it.
   *
   * @param missed cells whose orders were not frozen where they should have been
   * @param takenOver sagas that were the killed process's own and ended with another
   * @param takeovers from a kill to the first step after it, where there was one
   * @param ended from the last kill to the end of all
   */
  record Result(List<Cell> missed, int takenOver, List<Duration> takeovers, Duration ended) {}

  private final Cluster cluster;
  private final boolean twice;
  private final List<GridOrder> orders = new ArrayList<>();
  private final Map<Integer, HttpApi> clients = new ConcurrentHashMap<>();
  private final ChildProcess first;
  private final @Nullable ChildProcess second;
  private final int since;
  private int takenOver;

  /**
   * Makes a round.
   *
   * @param cells all once or all twice; at most one for each shard of those that do not share it
   * @param customersFrom numbers of customers that have no orders yet
   */
  Round(Cluster cluster, List<Cell> cells, long customersFrom) {
    this.cluster = cluster;
    this.twice = cells.get(0).twice();
    cluster.prepare(twice ? 2 : 1);
    this.first = cluster.victim();
    this.second = twice ? cluster.victim() : null;
    this.since = cluster.journal().size();
    long customer = customersFrom;
    for (int i = 0; i < cells.size(); i++) {
      String home = Shards.NAMES.get(i % Shards.NAMES.size());
      customer = cluster.shards().customer(home, customer + 1);
      orders.add(new GridOrder(cells.get(i), this, home, customer));
    }
  }

  /** The highest number of a customer. */
  long lastCustomer() {
    return orders.get(orders.size() - 1).customer();
  }

  // ---- for its orders

  Shards shards() {
    return cluster.shards();
  }

  /** The process that is asked now. */
  HttpApi http() {
    ChildProcess asked =
        first.isAlive() ? first : second != null && second.isAlive() ? second : cluster.survivor();
    return http(asked);
  }

  private HttpApi http(ChildProcess process) {
    return clients.computeIfAbsent(process.port(), HttpApi::new);
  }

  boolean isFirstDead() {
    return !first.isAlive();
  }

  Optional<Journal.Line> find(Predicate<Journal.Line> fits) {
    return cluster.journal().find(since, fits);
  }

  // ---- the round

  Result run() throws Exception {
    ExecutorService customers = Executors.newCachedThreadPool();
    try {
      for (GridOrder order : orders) {
        order.prepare(http(cluster.survivor()));
        first.tell(Child.Command.ARM, order.arm().text());
      }
      first.tell(Child.Command.ON);
      List<Future<Void>> asked = new ArrayList<>();
      for (GridOrder order : orders) {
        asked.add(customers.submit(order));
      }
      return run(asked);
    } finally {
      customers.shutdownNow();
    }
  }

  private Result run(List<Future<Void>> asked) throws Exception {
    expire();
    leave();
    List<GridOrder> missed = awaitFrozen(first, orders);
    List<Duration> takeovers = new ArrayList<>();
    ChildProcess taker = second == null ? cluster.survivor() : second;
    Map<GridOrder, UUID> sagas = sagas();
    if (second != null) {
      for (GridOrder order : orders) {
        second.tell(Child.Command.ARM, order.armAgain().text());
      }
      for (Map.Entry<GridOrder, UUID> saga : sagas.entrySet()) {
        second.tell(
            Child.Command.KNOW,
            saga.getValue().toString(),
            String.valueOf(saga.getKey().customer()));
      }
    }
    taker.tell(Child.Command.ON);
    long killed = first.kill();
    awaitTakeover(first, taker, killed).ifPresent(takeovers::add);
    if (second != null) {
      List<GridOrder> hit = orders.stream().filter(order -> !missed.contains(order)).toList();
      missed.addAll(awaitFrozen(second, hit));
      cluster.survivor().tell(Child.Command.ON);
      killed = second.kill();
      awaitTakeover(second, cluster.survivor(), killed).ifPresent(takeovers::add);
    }
    cluster.prepare(1);
    for (Future<Void> each : asked) {
      each.get(ENDED.toSeconds(), TimeUnit.SECONDS);
    }
    Duration ended = awaitEnds(killed, missed);
    judge();
    cluster.survivor().tell(Child.Command.OFF);
    Result result =
        new Result(missed.stream().map(GridOrder::cell).toList(), takenOver, takeovers, ended);
    log.info("{}: {}", orders.stream().map(GridOrder::cell).toList(), result);
    return result;
  }

  /** Orders that wait in vain do so for minutes. */
  private void expire() {
    if (orders.get(0).cell().scenario() != Scenario.EXPIRED) {
      return;
    }
    holds(FROZEN, () -> orders.stream().allMatch(order -> order.parked().isPresent()));
    cluster.pass(UNTIL_EXPIRED_MINUTES, second == null ? List.of(first) : List.of(first, second));
  }

  /** Once there is something to leave behind. */
  private void leave() {
    if (orders.get(0).cell().scenario() != Scenario.LEFT) {
      return;
    }
    holds(
        FROZEN,
        () ->
            orders.stream()
                .allMatch(
                    order ->
                        find(line ->
                                line.kind() == Journal.Kind.HELD
                                    && line.customer() == order.customer())
                            .isPresent()));
    first.send(Child.Command.LEAVE);
  }

  /** Waits until orders are frozen in a process; those that are not. */
  private List<GridOrder> awaitFrozen(ChildProcess process, List<GridOrder> expected) {
    holds(FROZEN, () -> expected.stream().allMatch(order -> isFrozen(order, process)));
    return new ArrayList<>(expected.stream().filter(order -> !isFrozen(order, process)).toList());
  }

  private boolean isFrozen(GridOrder order, ChildProcess process) {
    return find(line ->
            line.kind() == Journal.Kind.REACHED
                && line.customer() == order.customer()
                && line.node().equals(process.node()))
        .isPresent();
  }

  /** False when it does not come to it in time. */
  private static boolean holds(Duration atMost, BooleanSupplier condition) {
    try {
      await().atMost(atMost).pollInterval(LOOK).until(condition::getAsBoolean);
      return true;
    } catch (ConditionTimeoutException e) {
      return false;
    }
  }

  private Map<GridOrder, UUID> sagas() {
    Map<GridOrder, UUID> sagas = new LinkedHashMap<>();
    for (GridOrder order : orders) {
      shards()
          .sql(order.home())
          .queryForList(
              "SELECT saga_id FROM orders WHERE customer_id = ?", UUID.class, order.customer())
          .forEach(saga -> sagas.put(order, saga));
    }
    return sagas;
  }

  /**
   * Waits until a process takes a step of what a dead one owned.
   *
   * @return empty when it owned nothing
   */
  private Optional<Duration> awaitTakeover(ChildProcess dead, ChildProcess taker, long killed) {
    List<String> owned = new ArrayList<>();
    for (String shard : Shards.NAMES) {
      JdbcTemplate sql = shards().sql(shard);
      owned.addAll(
          sql.queryForList(
              "SELECT saga_id::text FROM evenkeel.saga_wake WHERE owner = ?",
              String.class,
              dead.node()));
    }
    Predicate<Journal.Line> takenUp =
        line ->
            line.node().equals(taker.node())
                && line.at() > killed
                && line.kind() == Journal.Kind.POINT
                && line.point().takesOn()
                && owned.contains(line.subject());
    if (owned.isEmpty()) {
      return Optional.empty();
    }
    takenOver += owned.size();
    if (!holds(TAKEN_UP.multipliedBy(2), () -> find(takenUp).isPresent())) {
      throw new AssertionError(
          "%s took up nothing of %s within twice %s".formatted(taker.node(), owned, TAKEN_UP));
    }
    Duration took = Duration.ofNanos(find(takenUp).orElseThrow().at() - killed);
    if (took.compareTo(TAKEN_UP) > 0) {
      throw new AssertionError(
          "The first step was taken up %s after the kill; allowed is %s".formatted(took, TAKEN_UP));
    }
    return Optional.of(took);
  }

  /** All orders end as their scenarios say, each of them once. */
  private Duration awaitEnds(long killed, List<GridOrder> missed) {
    for (GridOrder order : orders) {
      await("order of customer " + order.customer() + ": " + order.cell())
          .atMost(ENDED)
          .pollInterval(Duration.ofMillis(50))
          .until(() -> statuses(order), status -> isEnd(order, status, missed.contains(order)));
    }
    return Duration.ofNanos(System.nanoTime() - killed);
  }

  /** An order that was not frozen was not held up either, and may have got through. */
  private static boolean isEnd(GridOrder order, List<String> statuses, boolean missed) {
    return statuses.size() == 1
        && (order.cell().ends().contains(statuses.get(0))
            || (missed && statuses.get(0).equals("SHIPPED")));
  }

  /** An order without a change was turned back before its saga had touched it. */
  private List<String> statuses(GridOrder order) {
    return shards()
        .sql(order.home())
        .queryForList(
            """
            SELECT CASE WHEN i.state = 'COMPENSATED' AND NOT EXISTS (SELECT FROM order_change c WHERE c.order_id = o.id)
                        THEN 'CANCELLED' ELSE o.status END
              FROM orders o
              LEFT JOIN evenkeel.saga_instance i ON i.id = o.saga_id
             WHERE o.customer_id = ?
            """,
            String.class,
            order.customer());
  }

  private void judge() {
    AuditReport[] last = new AuditReport[1];
    holds(
        ENDED,
        () -> {
          try {
            last[0] = shards().audit();
            return last[0].quiescent();
          } catch (java.sql.SQLException e) {
            throw new IllegalStateException(e);
          }
        });
    if (!last[0].isClean()) {
      throw new AssertionError(
          "After %s the audit says %s"
              .formatted(orders.stream().map(GridOrder::cell).toList(), last[0]));
    }
  }
}
