package dev.evenkeel.autoconfigure.shards;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.evenkeel.autoconfigure.RelayLifecycle;
import dev.evenkeel.autoconfigure.TestApplications;
import dev.evenkeel.testing.database.DatabaseInfo;
import dev.evenkeel.testing.database.TestDatabase;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.context.ConfigurableApplicationContext;

/** Copies of an application that share three shards. */
class SeveralInstancesIT {

  private static final Duration SOON = Duration.ofSeconds(60);

  private final SortedMap<String, DatabaseInfo> shards = new TreeMap<>();

  @BeforeEach
  void createShards() {
    for (String shard : new String[] {"a", "b", "c"}) {
      shards.put(shard, TestDatabase.shared().createDatabase());
    }
  }

  @AfterEach
  void dropShards() {
    shards.values().forEach(TestDatabase.shared()::dropDatabase);
  }

  private ConfigurableApplicationContext start() {
    return TestApplications.startShardedWeb(
        shards,
        AccountApplication.class,
        "spring.flyway.locations=classpath:db/accounts",
        "spring.jpa.open-in-view=false",
        "management.endpoints.web.exposure.include=*",
        "management.health.rabbit.enabled=false",
        "management.health.jms.enabled=false");
  }

  private static long led(ConfigurableApplicationContext application) {
    return application.getBean(RelayLifecycle.class).statuses().values().stream()
        .filter(status -> status.state().leads())
        .count();
  }

  @Test
  void relaysAreSpreadAndFollowTheLivingInstances() {
    try (ConfigurableApplicationContext first = start()) {
      await().atMost(SOON).until(() -> led(first) == 3);
      try (ConfigurableApplicationContext second = start()) {
        await().atMost(SOON).until(() -> led(first) + led(second) == 3 && led(second) == 1);
      }
      await().atMost(SOON).until(() -> led(first) == 3);
    }
  }

  @Test
  void endpointShowsShardsAndJudgesColumns() throws Exception {
    try (ConfigurableApplicationContext application = start()) {
      assertThat(get(application, "/evenkeelshards"))
          .contains(
              "\"catalogue\":\"a\"", "\"mapVersion\":1", "\"slots\":1365", "\"state\":\"UP\"");
      assertThat(get(application, "/evenkeelshards/account?columns=id,note&forShards=8"))
          .contains("\"table\":\"account\"", "\"shards\":8", "TOO_FEW_ROWS");
      assertThat(get(application, "/evenkeelshards/nonsense")).contains("nonsense");
      assertThat(get(application, "/evenkeeloutbox")).contains("\"a\":{\"relay\":{");
    }
  }

  private static String get(ConfigurableApplicationContext application, String path)
      throws Exception {
    String port = application.getEnvironment().getProperty("local.server.port");
    return HttpClient.newHttpClient()
        .send(
            HttpRequest.newBuilder(URI.create("http://localhost:" + port + "/actuator" + path))
                .build(),
            HttpResponse.BodyHandlers.ofString())
        .body();
  }
}
