package dev.evenkeel.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class ConnectConfigCommandTest {

  private static final String[] ONE_DATABASE = {
    "--evenkeel.transport=kafka",
    "--spring.datasource.url=jdbc:postgresql://db.example:5433/orders?sslmode=require",
    "--spring.datasource.username=orders_app",
    "--spring.datasource.password=s3cret",
  };

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  private int run(String[] some, String... more) {
    List<String> arguments = new ArrayList<>(List.of(some));
    arguments.addAll(List.of(more));
    return new ConnectConfigCommand(
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8))
        .run(arguments);
  }

  @Test
  void printsTheConnectorOfTheApplicationsSettingsWithoutThePassword() {
    int exit =
        run(
            ONE_DATABASE,
            "--evenkeel.schema=shop",
            "--evenkeel.relay.username=shop_relay",
            "--evenkeel.relay.heartbeat-interval=500ms",
            "--evenkeel.kafka.topic=shop.<aggregatetype>.v1",
            "--evenkeel.outbox.max-payload=2MB");

    assertThat(exit).as("%s", err).isZero();
    assertThat(out.toString(StandardCharsets.UTF_8)).doesNotContain("s3cret");
    JsonNode printed = JsonMapper.shared().readTree(out.toByteArray());
    assertThat(printed.get("name").stringValue()).isEqualTo("evenkeel-orders-shop");
    JsonNode config = printed.get("config");
    assertThat(config.get("database.hostname").stringValue()).isEqualTo("db.example");
    assertThat(config.get("database.port").stringValue()).isEqualTo("5433");
    assertThat(config.get("database.dbname").stringValue()).isEqualTo("orders");
    assertThat(config.get("database.user").stringValue()).isEqualTo("shop_relay");
    assertThat(config.get("database.password").stringValue()).startsWith("${file:");
    assertThat(config.get("database.sslmode").stringValue()).isEqualTo("require");
    assertThat(config.get("slot.name").stringValue()).isEqualTo("evenkeel_orders_shop");
    assertThat(config.get("publication.name").stringValue()).isEqualTo("shop_outbox");
    assertThat(config.get("table.include.list").stringValue()).isEqualTo("shop\\.outbox");
    assertThat(config.get("heartbeat.interval.ms").stringValue()).isEqualTo("500");
    assertThat(config.get("heartbeat.action.query").stringValue())
        .isEqualTo("SELECT pg_logical_emit_message(true, 'evenkeel:shop:connect', '')");
    assertThat(config.get("transforms.outbox.route.topic.replacement").stringValue())
        .isEqualTo("shop.${type}.v1");
    assertThat(config.get("producer.override.max.request.size").asLong()).isGreaterThan(2L << 20);
    assertThat(config.get("exactly.once.support").stringValue()).isEqualTo("required");
  }

  @Test
  void passwordIsPrintedAsConnectIsToFindIt() {
    assertThat(run(ONE_DATABASE, "--password=${env:ORDERS_PASSWORD}")).isZero();
    assertThat(out.toString(StandardCharsets.UTF_8))
        .contains("\"${env:ORDERS_PASSWORD}\"")
        .doesNotContain("s3cret");
  }

  @Test
  void shardsHaveAConnectorEach() {
    String[] shards = {
      "--evenkeel.transport=kafka",
      "--evenkeel.catalogue=a",
      "--evenkeel.shards.a.url=jdbc:postgresql://one/orders_a",
      "--evenkeel.shards.a.username=orders",
      "--evenkeel.shards.b.url=jdbc:postgresql://two/orders_b",
      "--evenkeel.shards.b.username=orders",
    };

    assertThat(run(shards, "--shard=b")).as("%s", err).isZero();
    assertThat(out.toString(StandardCharsets.UTF_8))
        .contains("\"two\"", "evenkeel_orders_b_evenkeel");

    assertThat(run(shards)).isEqualTo(ConnectConfigCommand.FAILED);
    assertThat(err.toString(StandardCharsets.UTF_8))
        .contains("--shard must be one of [a, b], was null: each shard has a connector of its own");
  }

  @Test
  void whatIsMissingIsNamed() {
    assertThat(run(new String[] {"--evenkeel.transport=kafka"})).isEqualTo(1);
    assertThat(err.toString(StandardCharsets.UTF_8)).contains("spring.datasource.url must be set");
  }

  @Test
  void inProcessDeliveryHasNoConnector() {
    assertThat(run(new String[] {"--spring.datasource.url=jdbc:postgresql://db/orders"}))
        .isEqualTo(1);
    assertThat(err.toString(StandardCharsets.UTF_8))
        .contains("evenkeel.transport must be kafka for Kafka Connect to relay, was in-process");
  }

  @Test
  void settingThatCantBeReadIsNamed() {
    assertThat(run(ONE_DATABASE, "--evenkeel.relay.lease=soon")).isEqualTo(1);
    assertThat(err.toString(StandardCharsets.UTF_8))
        .contains("evenkeel.relay.lease", "soon")
        .doesNotContain("s3cret");
  }
}
