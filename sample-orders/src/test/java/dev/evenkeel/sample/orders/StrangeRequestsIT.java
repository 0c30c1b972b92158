package dev.evenkeel.sample.orders;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.evenkeel.sample.orders.crash.Seed;
import java.net.URLEncoder;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.web.server.LocalServerPort;
import tools.jackson.databind.JsonNode;

/**
 * Requests with values and bytes exchanged: each is taken, or refused by a problem that says why.
 */
@SpringBootTest(webEnvironment = WebEnvironment.RANDOM_PORT)
class StrangeRequestsIT {

  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final int REQUESTS = 600;

  /** A place where a request has a value. */
  private static final Pattern VALUE = Pattern.compile("\"[^\"]*\"(?!\\s*:)|\\b\\d+\\b");

  private static final List<String> VALUES =
      List.of(
          "null",
          "true",
          "{}",
          "[]",
          "[[]]",
          "\"\"",
          "\" \"",
          "\"\\u0000\"",
          "\"\\ud800\"",
          "\"BOOK-1\"",
          "\"BOOK-\\u0131\"",
          "\"00001.10\"",
          "\"19.999\"",
          "\"1e1\"",
          "\"\u0661\"",
          "0",
          "-0",
          "-1",
          "1",
          "1.0",
          "1e0",
          "1e999",
          "9007199254740991",
          "9007199254740993",
          "9223372036854775808",
          "1" + "0".repeat(1_500),
          "[".repeat(600) + "]".repeat(600));

  private static final List<String> PATHS =
      List.of(
          "/orders/%s",
          "/orders?customerId=%s",
          "/orders?customerId=7&limit=%s",
          "/orders/%s/timeline",
          "/customers/%s",
          "/customers/%s/summary",
          "/stock/%s");

  @LocalServerPort private int port;

  /** A backslash in a path is refused by Tomcat itself, with a page. */
  private HttpResponse<String> ask(HttpApi http, Random dice) throws Exception {
    String value = VALUES.get(dice.nextInt(VALUES.size()));
    return switch (dice.nextInt(6)) {
      case 0 ->
          http.get(
              PATHS
                  .get(dice.nextInt(PATHS.size()))
                  .formatted(URLEncoder.encode(value.replace("\\", ""), StandardCharsets.UTF_8)));
      case 1 -> http.send("PUT", "/customers/605", damaged("{\"creditLimit\": \"100\"}", dice));
      case 2 -> http.send("PUT", "/stock/VASE-5", damaged("{\"onHand\": 10}", dice));
      default ->
          http.send(
              "POST",
              "/orders",
              damaged(
                  """
                  {"customerId": 605, "lines": [{"sku": "VASE-5", "quantity": 2, "unitPrice": "19.90"},
                                                {"sku": "PEN-3", "quantity": 1, "unitPrice": "5"}]}
                  """,
                  dice));
    };
  }

  /** A value of it, or some bytes, are not what they were. */
  private static byte[] damaged(String valid, Random dice) {
    if (dice.nextBoolean()) {
      List<java.util.regex.MatchResult> places = VALUE.matcher(valid).results().toList();
      var place = places.get(dice.nextInt(places.size()));
      String value = VALUES.get(dice.nextInt(VALUES.size()));
      return (valid.substring(0, place.start()) + value + valid.substring(place.end()))
          .getBytes(StandardCharsets.UTF_8);
    }
    byte[] bytes = valid.getBytes(StandardCharsets.UTF_8);
    for (int edits = dice.nextInt(3); edits >= 0; edits--) {
      bytes[dice.nextInt(bytes.length)] =
          (byte)
              (dice.nextBoolean() ? dice.nextInt(256) : "{}[]\":,\\0-9eE".charAt(dice.nextInt(13)));
    }
    return bytes;
  }

  @Test
  void requestIsTakenOrRefusedByAProblem() throws Exception {
    HttpApi http = new HttpApi(port);
    Random dice = new Random(Seed.draw());
    JsonNode violations = violations(http); // other tests of this application make some
    int taken = 0;
    for (int request = 0; request < REQUESTS; request++) {
      HttpResponse<String> answer = ask(http, dice);
      String what =
          answer.request() + " was answered by " + answer.statusCode() + " " + answer.body();
      if (answer.statusCode() < 300) {
        taken++;
        continue;
      }
      assertThat(answer.statusCode()).as(what).isIn(400, 404);
      assertThat(answer.headers().firstValue("Content-Type"))
          .as(what)
          .contains("application/problem+json");
      JsonNode problem = HttpApi.json(answer);
      assertThat(problem.get("status").asInt()).as(what).isEqualTo(answer.statusCode());
      assertThat(problem.get("detail").asString())
          .as(what)
          .isNotBlank()
          .doesNotContain("Exception");
    }
    assertThat(taken).isBetween(1, REQUESTS - 1);
    await()
        .atMost(PATIENCE)
        .until(() -> HttpApi.json(http.get("/audit")).get("quiescent").asBoolean());
    assertThat(violations(http)).isEqualTo(violations);
  }

  private static JsonNode violations(HttpApi http) throws Exception {
    return HttpApi.json(http.get("/audit")).get("violations");
  }
}
