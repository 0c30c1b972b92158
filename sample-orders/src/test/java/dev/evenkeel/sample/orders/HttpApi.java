package dev.evenkeel.sample.orders;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Predicate;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.StringNode;

/** The application as any HTTP client sees it. */
public final class HttpApi {

  private static final Duration TIMEOUT = Duration.ofSeconds(15);
  private static final JsonMapper JSON = JsonMapper.shared();

  private final HttpClient client = HttpClient.newHttpClient();
  private final String root;

  public HttpApi(int port) {
    this.root = "http://localhost:" + port;
  }

  public static JsonNode json(HttpResponse<String> answer) {
    return JSON.readTree(answer.body());
  }

  static JsonNode text(String value) {
    return StringNode.valueOf(value);
  }

  public HttpResponse<String> get(String path) throws IOException, InterruptedException {
    return getAbsolute(root + path);
  }

  public HttpResponse<String> getAbsolute(String url) throws IOException, InterruptedException {
    return client.send(request(url).build(), BodyHandlers.ofString());
  }

  public HttpResponse<String> post(String order) throws IOException, InterruptedException {
    return post(order, "application/json");
  }

  public HttpResponse<String> post(String order, String mediaType)
      throws IOException, InterruptedException {
    return client.send(
        request(root + "/orders")
            .header("Content-Type", mediaType)
            .POST(BodyPublishers.ofString(order))
            .build(),
        BodyHandlers.ofString());
  }

  /** {@link #post(String)} with an {@code Idempotency-Key}. */
  public HttpResponse<String> postOnce(String key, String order)
      throws IOException, InterruptedException {
    return client.send(
        request(root + "/orders")
            .header("Content-Type", "application/json")
            .header("Idempotency-Key", key)
            .POST(BodyPublishers.ofString(order))
            .build(),
        BodyHandlers.ofString());
  }

  /** Without a body, such as {@code /orders/{id}/approve}. */
  public HttpResponse<String> postTo(String path) throws IOException, InterruptedException {
    return client.send(
        request(root + path).POST(BodyPublishers.noBody()).build(), BodyHandlers.ofString());
  }

  public HttpResponse<String> postTo(String path, String body)
      throws IOException, InterruptedException {
    return client.send(
        request(root + path)
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString(body))
            .build(),
        BodyHandlers.ofString());
  }

  /** Whatever bytes, as JSON. */
  HttpResponse<String> send(String method, String path, byte[] body)
      throws IOException, InterruptedException {
    return client.send(
        request(root + path)
            .header("Content-Type", "application/json")
            .method(method, BodyPublishers.ofByteArray(body))
            .build(),
        BodyHandlers.ofString());
  }

  public HttpResponse<String> put(String path, String body)
      throws IOException, InterruptedException {
    return client.send(
        request(root + path)
            .header("Content-Type", "application/json")
            .PUT(BodyPublishers.ofString(body))
            .build(),
        BodyHandlers.ofString());
  }

  public HttpResponse<String> delete(String path) throws IOException, InterruptedException {
    return client.send(request(root + path).DELETE().build(), BodyHandlers.ofString());
  }

  /** Reads the live stream until so many events of that name passed the filter. */
  <T> List<T> liveEvents(
      String name, Predicate<JsonNode> filter, Function<JsonNode, T> value, int count)
      throws Exception {
    var stream = client.send(request(root + "/live").build(), BodyHandlers.ofInputStream()).body();
    CompletableFuture<List<T>> events =
        CompletableFuture.supplyAsync(
            () -> {
              try (BufferedReader lines =
                  new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8))) {
                return read(lines, name, filter, value, count);
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            });
    try {
      return events.get(TIMEOUT.toSeconds(), TimeUnit.SECONDS);
    } finally {
      stream.close();
    }
  }

  private static <T> List<T> read(
      BufferedReader lines,
      String name,
      Predicate<JsonNode> filter,
      Function<JsonNode, T> value,
      int count)
      throws IOException {
    List<T> values = new ArrayList<>();
    String event = "";
    String line;
    while (values.size() < count && (line = lines.readLine()) != null) {
      if (line.startsWith("event:")) {
        event = line.substring("event:".length());
      } else if (line.startsWith("data:") && event.equals(name)) {
        JsonNode data = JSON.readTree(line.substring("data:".length()));
        if (filter.test(data)) {
          values.add(value.apply(data));
        }
      }
    }
    return values;
  }

  private static HttpRequest.Builder request(String url) {
    return HttpRequest.newBuilder(URI.create(url)).timeout(TIMEOUT);
  }
}
