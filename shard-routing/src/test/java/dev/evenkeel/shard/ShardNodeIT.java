package dev.evenkeel.shard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.awaitility.Awaitility.await;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ShardNodeIT {

  /** One second is promised; a machine that is busy with other things takes longer. */
  private static final Duration SEEN = Duration.ofSeconds(8);

  private static final Duration BELOW_LEASE = ShardNode.LEASE.minusMillis(500);

  private final Catalogue database = new Catalogue();

  @BeforeEach
  void initialize() {
    database.slots().initialize("a", List.of("a", "b"));
  }

  @AfterEach
  void close() {
    database.close();
  }

  private ShardNode node(String name) {
    return new ShardNode(name, ShardNode.newTag(), true, database.dataSource(), Catalogue.SCHEMA);
  }

  private Long confirmed(String name) {
    return database
        .jdbc()
        .queryForObject(
            "SELECT confirmed_version FROM evenkeel.node WHERE name = ?", Long.class, name);
  }

  @Test
  void changeIsSeenAndConfirmed() {
    try (ShardNode node = node("one")) {
      node.start();
      assertThat(node.map().entry(0).shard()).isEqualTo("a");
      assertThat(confirmed("one")).isEqualTo(1);

      database.settle(0, "b");

      await().atMost(SEEN).until(() -> node.map().entry(0).shard().equals("b"));
      await().atMost(SEEN).until(() -> confirmed("one") == 2);
    }
  }

  @Test
  void changeReachesASecondProcess() throws Exception {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                NodeProcess.class.getName(),
                database.info().name(),
                database.info().jdbcUrl(),
                database.info().username(),
                database.info().password(),
                "second")
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (ShardNode node = node("first");
        BufferedReader said =
            new BufferedReader(
                new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      node.start();
      assertThat(firstShard(said)).isEqualTo("a");
      await().atMost(Duration.ofSeconds(60)).until(() -> node.relayingNodes().size() == 2);

      database.settle(0, "b");
      long committed = System.nanoTime();
      assertThat(firstShard(said)).isEqualTo("b");
      assertThat(Duration.ofNanos(System.nanoTime() - committed)).isLessThan(SEEN);

      process.getOutputStream().close(); // it ends without leaving; its lease runs out
      await()
          .atMost(ShardNode.LEASE.plusSeconds(3))
          .until(() -> node.relayingNodes().equals(Set.of("first")));
    } finally {
      process.destroyForcibly().waitFor();
    }
  }

  /** Passes over what the logging writes. */
  private static String firstShard(BufferedReader said) throws IOException {
    for (String line = said.readLine(); line != null; line = said.readLine()) {
      if (line.length() == 1) {
        return line;
      }
    }
    return "nothing";
  }

  @Test
  void nodeThatLeavesIsGoneAtOnce() {
    try (ShardNode stays = node("stays")) {
      stays.start();
      ShardNode leaves = node("leaves");
      leaves.start();
      await().atMost(Duration.ofSeconds(60)).until(() -> stays.relayingNodes().size() == 2);

      leaves.close();

      await().atMost(BELOW_LEASE).until(() -> stays.relayingNodes().size() == 1);
    }
  }

  @Test
  void routingGoesOnWhileTheCatalogueIsAway() {
    try (ShardNode node = node("one")) {
      node.start();
      database.jdbc().execute("ALTER TABLE evenkeel.slot_map RENAME TO away");
      await().atMost(Duration.ofSeconds(60)).until(() -> node.trouble() != null);

      assertThat(node.map().entry(0).shard()).isEqualTo("a");

      database.jdbc().execute("ALTER TABLE evenkeel.away RENAME TO slot_map");
      await().atMost(Duration.ofSeconds(60)).until(() -> node.trouble() == null);
    }
  }

  @Test
  void beforeTheCatalogueHasAnsweredThereIsNoMap() {
    database.jdbc().execute("ALTER TABLE evenkeel.slot_map RENAME TO away");
    try (ShardNode node = node("one")) {
      node.start();
      assertThatExceptionOfType(ShardUnavailableException.class)
          .isThrownBy(node::map)
          .withMessageContaining("catalogue");
      database.jdbc().execute("ALTER TABLE evenkeel.away RENAME TO slot_map");
      await().atMost(Duration.ofSeconds(60)).until(node::isReady);
    }
  }

  @Test
  void twoProcessesOfOneNameAreRefused() {
    try (ShardNode first = node("same");
        ShardNode second = node("same")) {
      first.start();
      assertThatIllegalStateException()
          .isThrownBy(second::refresh)
          .withMessageContaining("calls itself \"same\"");
    }
  }

  @Test
  void nameOfAKilledProcessIsFreeOnceItsLeaseIsOver() {
    ShardNode killed = node("pod-0");
    killed.start();
    ShardNode successor = node("pod-0");
    successor.start();
    assertThat(successor.trouble()).contains("calls itself");
    database.jdbc().execute("DELETE FROM evenkeel.node"); // no more renewals: as good as killed
    killed.close();
    database
        .jdbc()
        .execute(
            "INSERT INTO evenkeel.node (name, tag, relays, lease_until, confirmed_version)"
                + " VALUES ('pod-0', 'gone', true, clock_timestamp() - interval '1 s', 1)");

    await().atMost(Duration.ofSeconds(60)).until(() -> successor.trouble() == null);

    assertThat(successor.relayingNodes()).containsExactly("pod-0");
    successor.close();
  }

  @Test
  void startIsOnceOnly() {
    try (ShardNode node = node("one")) {
      node.start();
      node.start();
      assertThat(node.isReady()).isTrue();
    }
  }

  @Test
  void fencedSlotTakesNoTransaction() {
    database
        .jdbc()
        .execute("UPDATE evenkeel.slot SET state = 'FENCED', target = 'b' WHERE slot = 0");
    ShardRouter router = new ShardRouter(database.slots()::load, Map.of());
    assertThatExceptionOfType(SlotMovingException.class)
        .isThrownBy(() -> router.shardOf(0))
        .withMessageContaining("from shard \"a\" to \"b\"");
    assertThat(router.shardOf(2)).isEqualTo("a");
  }
}
