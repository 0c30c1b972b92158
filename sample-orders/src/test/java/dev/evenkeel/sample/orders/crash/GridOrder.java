package dev.evenkeel.sample.orders.crash;

import static org.awaitility.Awaitility.await;

import dev.evenkeel.sample.orders.HttpApi;
import dev.evenkeel.sample.orders.crash.Point.Kind;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;

/**
 * One order of a round, and what its customer does: who gets no answer asks the next process, the
 * same again.
 */
final class GridOrder implements Callable<Void> {

  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Duration LOOK = Duration.ofMillis(5);
  private static final Set<Integer> TAKEN = Set.of(202, 409);

  private final Cell cell;
  private final Round round;
  private final String home;
  private final long customer;
  private final List<String> articles;

  GridOrder(Cell cell, Round round, String home, long customer) {
    this.cell = cell;
    this.round = round;
    this.home = home;
    this.customer = customer;
    Shards shards = round.shards();
    int place = Shards.NAMES.indexOf(home);
    String prefix = "G" + customer;
    this.articles =
        List.of(
            shards.article(Shards.NAMES.get((place + 1) % 3), prefix),
            shards.article(Shards.NAMES.get((place + 2) % 3), prefix));
  }

  Cell cell() {
    return cell;
  }

  long customer() {
    return customer;
  }

  String home() {
    return home;
  }

  Arm arm() {
    return new Arm(
        customer, round.shards().database(home), cell.point(), cell.side(), cell.scenario().hold());
  }

  Arm armAgain() {
    Point again = cell.again();
    Point.Side side = again.equals(cell.point()) ? cell.side() : Point.Side.AFTER;
    return new Arm(customer, round.shards().database(home), again, side, null);
  }

  /** Gives it a customer and articles, or not. */
  void prepare(HttpApi http) throws IOException, InterruptedException {
    String limit = cell.scenario() == Scenario.NO_CREDIT ? "5.00" : "5000.00";
    require(200, http.put("/customers/" + customer, "{\"creditLimit\": \"%s\"}".formatted(limit)));
    for (String article : articles) {
      boolean missing = cell.scenario() == Scenario.NO_STOCK && article.equals(articles.get(1));
      String level = "{\"onHand\": %d}".formatted(missing ? 0 : 10);
      require(200, http.put("/stock/" + article, level));
    }
  }

  private static void require(int status, HttpResponse<String> answer) {
    if (answer.statusCode() != status) {
      throw new IllegalStateException(answer.statusCode() + " " + answer.body());
    }
  }

  /** Does what the scenario wants of the customer. */
  @Override
  public Void call() {
    Scenario scenario = cell.scenario();
    if (scenario.isCancelledOnTheWay()) {
      Thread cancelling = new Thread(this::cancelOnTheWay, "cancelling");
      cancelling.start();
      place();
      join(cancelling);
      return null;
    }
    String order = place();
    switch (scenario) {
      case APPROVED -> {
        awaitParked();
        ask(http -> http.postTo("/orders/" + order + "/approve"));
      }
      case CANCELLED_WAITING -> {
        awaitParked();
        ask(http -> http.postTo("/orders/" + order + "/cancel"));
      }
      default -> {}
    }
    return null;
  }

  private static void join(Thread thread) {
    try {
      thread.join(PATIENCE.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private String place() {
    String price = cell.scenario().isLarge() ? "600.00" : "10.00";
    String line = "{\"sku\": \"%s\", \"quantity\": 1, \"unitPrice\": \"" + price + "\"}";
    String body =
        "{\"customerId\": %d, \"lines\": [%s, %s]}"
            .formatted(customer, line.formatted(articles.get(0)), line.formatted(articles.get(1)));
    HttpResponse<String> answer = ask(http -> http.postOnce("key-" + customer, body));
    return HttpApi.json(answer).get("orderId").asString();
  }

  /**
   * As soon as its saga is held up. The order is not answered yet, so its saga says which it is.
   */
  private void cancelOnTheWay() {
    Journal.Line held =
        await()
            .atMost(PATIENCE)
            .pollInterval(LOOK)
            .until(
                () ->
                    round.find(
                        line -> line.kind() == Journal.Kind.HELD && line.customer() == customer),
                Optional::isPresent)
            .orElseThrow();
    String order =
        round
            .shards()
            .sql(home)
            .queryForObject(
                "SELECT key FROM evenkeel.saga_key WHERE saga_id = ?",
                String.class,
                UUID.fromString(held.subject()));
    ask(http -> http.postTo("/orders/" + order + "/cancel"));
  }

  private void awaitParked() {
    await()
        .atMost(PATIENCE)
        .pollInterval(LOOK)
        .until(() -> round.isFirstDead() || parked().isPresent());
  }

  Optional<Journal.Line> parked() {
    return round.find(
        line ->
            line.customer() == customer
                && line.point().kind() == Kind.PARK
                && line.detail().equals(Point.Side.AFTER.name()));
  }

  /** What is asked of a process. */
  private interface Request {
    HttpResponse<String> to(HttpApi http) throws IOException, InterruptedException;
  }

  /** Asks one process after the other, whoever is left. */
  private HttpResponse<String> ask(Request request) {
    return await()
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(20))
        .until(
            () -> {
              try {
                HttpResponse<String> answer = request.to(round.http());
                return TAKEN.contains(answer.statusCode()) ? answer : null;
              } catch (IOException e) {
                return null; // it was killed, or is about to be
              }
            },
            answer -> answer != null);
  }
}
