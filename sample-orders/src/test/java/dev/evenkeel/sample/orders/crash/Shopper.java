package dev.evenkeel.sample.orders.crash;

import static org.awaitility.Awaitility.await;

import dev.evenkeel.sample.orders.HttpApi;
import java.io.IOException;
import java.math.BigDecimal;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.function.Function;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/**
 * A client that places orders one after the other, and says to some of them yes or no. Who gets no
 * answer, or that it can't be done now, asks another process the same again.
 */
public final class Shopper implements Callable<Void> {

  /** What becomes of an order. */
  public enum Wish {
    PLAIN(60, Set.of("SHIPPED")),
    NO_CREDIT(15, Set.of("CANCELLED")),
    NO_STOCK(15, Set.of("CANCELLED")),
    APPROVED(3, Set.of("SHIPPED")),
    REJECTED(3, Set.of("CANCELLED")),
    FORGOTTEN(2, Set.of("AWAITING_APPROVAL")),
    /** It may be too late. */
    REVOKED(2, Set.of("SHIPPED", "CANCELLED"));

    private final int percent;
    private final Set<String> ends;

    Wish(int percent, Set<String> ends) {
      this.percent = percent;
      this.ends = ends;
    }

    /** How such an order may end. */
    public Set<String> ends() {
      return ends;
    }

    boolean isLarge() {
      return this == APPROVED || this == REJECTED || this == FORGOTTEN;
    }

    static Wish draw(Random random) {
      int dice = random.nextInt(100);
      for (Wish wish : values()) {
        dice -= wish.percent;
        if (dice < 0) {
          return wish;
        }
      }
      throw new IllegalStateException("The percentages do not add up to a hundred");
    }
  }

  /**
   * What there is.
   *
   * @param rich customers with credit for everything
   * @param poor customers with none
   * @param articles of which there is enough
   * @param missing articles of which there is none
   */
  public record Shop(long[] rich, long[] poor, String[] articles, String[] missing) {}

  /**
   * An order that was taken.
   *
   * @param articles of each line the one piece
   * @param price of each line
   */
  public record Placed(Wish wish, long customer, List<String> articles, String price) {

    /** Its total. */
    public BigDecimal total() {
      return new BigDecimal(price).multiply(BigDecimal.valueOf(articles.size()));
    }

    private String body() {
      List<String> lines =
          articles.stream()
              .map(
                  "{\"sku\": \"%%s\", \"quantity\": 1, \"unitPrice\": \"%s\"}".formatted(price)
                      ::formatted)
              .toList();
      return "{\"customerId\": %d, \"lines\": [%s]}".formatted(customer, String.join(", ", lines));
    }
  }

  private static final Duration PATIENCE = Duration.ofMinutes(4);
  private static final Set<Integer> ANSWERS = Set.of(202, 409);

  private final String name;
  private final Random random;
  private final IntPredicate more;
  private final Shop shop;
  private final Function<Random, HttpApi> nodes;
  private final Map<UUID, Placed> placed;
  private final Runnable counted;

  /**
   * Makes a client.
   *
   * @param more whether to place another one after so many
   * @param nodes draws a process to ask
   * @param placed where it notes each order
   * @param counted told of each order
   */
  public Shopper(
      String name,
      long seed,
      IntPredicate more,
      Shop shop,
      Function<Random, HttpApi> nodes,
      Map<UUID, Placed> placed,
      Runnable counted) {
    this.name = name;
    this.random = new Random(seed);
    this.more = more;
    this.shop = shop;
    this.nodes = nodes;
    this.placed = placed;
    this.counted = counted;
  }

  @Override
  public Void call() {
    for (int number = 0; more.test(number); number++) {
      Wish wish = Wish.draw(random);
      String key = name + "-" + number;
      Placed wished = draw(wish);
      String body = wished.body();
      HttpResponse<String> answer = ask(http -> http.postOnce(key, body));
      UUID order = UUID.fromString(HttpApi.json(answer).get("orderId").asString());
      placed.put(order, wished);
      counted.run();
      switch (wish) {
        case APPROVED -> ask(http -> http.postTo("/orders/" + order + "/approve"));
        case REJECTED, REVOKED -> ask(http -> http.postTo("/orders/" + order + "/cancel"));
        default -> {}
      }
    }
    return null;
  }

  private Placed draw(Wish wish) {
    long[] customers = wish == Wish.NO_CREDIT ? shop.poor() : shop.rich();
    String last = draw(wish == Wish.NO_STOCK ? shop.missing() : shop.articles());
    return new Placed(
        wish,
        customers[random.nextInt(customers.length)],
        List.of(draw(shop.articles()), last),
        wish.isLarge() ? "600.00" : "1.00");
  }

  private String draw(String[] all) {
    return all[random.nextInt(all.length)];
  }

  /** What is asked of a process. */
  private interface Request {
    HttpResponse<String> to(HttpApi http) throws IOException, InterruptedException;
  }

  private HttpResponse<String> ask(Request request) {
    HttpResponse<String> answer = tryOnce(request);
    return answer != null
        ? answer
        : await(name + " to be answered")
            .atMost(PATIENCE)
            .pollDelay(Duration.ofMillis(20))
            .pollInterval(Duration.ofMillis(200))
            .until(() -> tryOnce(request), answered -> answered != null);
  }

  /** Null without an answer, or when it can't be done now. */
  private @Nullable HttpResponse<String> tryOnce(Request request) {
    try {
      HttpResponse<String> answer = request.to(nodes.apply(random));
      if (ANSWERS.contains(answer.statusCode())) {
        return answer;
      }
      if (answer.statusCode() < 500) {
        throw new IllegalStateException(answer.statusCode() + " " + answer.body());
      }
      return null;
    } catch (IOException e) {
      return null; // it was killed, or takes too long
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("The run is over", e);
    }
  }
}
