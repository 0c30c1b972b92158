package dev.evenkeel.sample.orders.shard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.evenkeel.outbox.SlotHash;
import dev.evenkeel.sample.orders.SampleOrdersApplication;
import dev.evenkeel.shard.ShardRouter;
import dev.evenkeel.testing.database.DatabaseInfo;
import dev.evenkeel.testing.database.PostgresServer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.web.server.context.WebServerApplicationContext;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.ResponseEntity;
import org.springframework.web.client.RestClient;

/** One shard is away while a new installation starts. */
class ShardOutageIT {

  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @Test
  void theOthersGoOnAndTheSeedsFollowWhenItComes() {
    try (PostgresServer healthy = PostgresServer.builder().start();
        PostgresServer late = PostgresServer.builder().start()) {
      Map<String, DatabaseInfo> databases = new TreeMap<>();
      databases.put("a", healthy.createDatabase("orders_a"));
      databases.put("b", healthy.createDatabase("orders_b"));
      databases.put("c", late.createDatabase("orders_c"));
      late.stop(PostgresServer.Mode.FAST);

      try (ConfigurableApplicationContext application =
          SpringApplication.run(SampleOrdersApplication.class, arguments(databases))) {
        RestClient http =
            RestClient.builder()
                .baseUrl(
                    "http://localhost:"
                        + ((WebServerApplicationContext) application).getWebServer().getPort())
                .defaultStatusHandler(HttpStatusCode::isError, (request, response) -> {})
                .build();
        List<String> away = books(application, "c");
        List<String> here = books(application, "a");

        assertThat(state(http)).doesNotContain("\"c\",\"state\":\"UP\"");
        assertThat(get(http, "/stock/" + here.get(0)).getBody()).contains("\"onHand\":1000");
        ResponseEntity<String> refused = get(http, "/stock/" + away.get(0));
        assertThat(refused.getStatusCode().value()).isEqualTo(503);
        assertThat(refused.getBody()).contains("is not available");

        late.start();

        await()
            .atMost(PATIENCE)
            .untilAsserted(
                () ->
                    assertThat(away)
                        .allSatisfy(
                            sku ->
                                assertThat(get(http, "/stock/" + sku).getBody())
                                    .contains("\"onHand\":1000")));
        assertThat(state(http)).contains("\"c\",\"state\":\"UP\"");
      }
    }
  }

  private static String[] arguments(Map<String, DatabaseInfo> databases) {
    List<String> arguments = new ArrayList<>(List.of("--server.port=0", "--evenkeel.catalogue=a"));
    databases.forEach(
        (name, database) ->
            arguments.addAll(
                List.of(
                    "--evenkeel.shards.%s.url=%s".formatted(name, database.jdbcUrl()),
                    "--evenkeel.shards.%s.username=%s".formatted(name, database.username()),
                    "--evenkeel.shards.%s.password=%s".formatted(name, database.password()))));
    return arguments.toArray(String[]::new);
  }

  /** The seeded articles of a shard. */
  private static List<String> books(ConfigurableApplicationContext application, String shard) {
    ShardRouter router = application.getBean(ShardRouter.class);
    return IntStream.rangeClosed(1, 5)
        .mapToObj(number -> "BOOK-" + number)
        .filter(sku -> router.shardOf(SlotHash.slotOf(sku)).equals(shard))
        .toList();
  }

  private static String state(RestClient http) {
    return get(http, "/shards").getBody();
  }

  private static ResponseEntity<String> get(RestClient http, String path) {
    return http.get().uri(path).retrieve().toEntity(String.class);
  }
}
