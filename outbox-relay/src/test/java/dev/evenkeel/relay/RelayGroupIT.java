package dev.evenkeel.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.evenkeel.testing.database.PostgresServer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Groups of several processes over the databases of three shards, in one JVM. */
class RelayGroupIT {

  private static final Duration SOON = Duration.ofSeconds(60);
  private static final List<String> SHARDS = List.of("red", "green", "blue");

  private final Map<String, Installation> installations = new LinkedHashMap<>();
  private final List<RelayGroup> groups = new ArrayList<>();
  private volatile Set<String> living = Set.of();

  @AfterEach
  void close() {
    groups.forEach(RelayGroup::stop);
    installations.values().forEach(Installation::close);
  }

  private void createShards() {
    SHARDS.forEach(shard -> installations.put(shard, Installation.create()));
  }

  private RelayNode node(String name, String shard, Consumer<Counted> behaviour) {
    Installation installation = installations.get(shard);
    return RelayNode.in(installation)
        .named(name)
        .handlers(new EffectHandler(installation.sql(), behaviour))
        .build();
  }

  private RelayGroup start(String name) {
    return start(name, event -> {});
  }

  private RelayGroup start(String name, Consumer<Counted> behaviour) {
    Map<String, Relay> relays = new LinkedHashMap<>();
    SHARDS.forEach(shard -> relays.put(shard, node(name, shard, behaviour).relay()));
    return start(relays);
  }

  private RelayGroup start(Map<String, Relay> relays) {
    RelayGroup group =
        new RelayGroup(
            relays,
            () -> {
              if (living.isEmpty()) {
                throw new IllegalStateException("the catalogue is away");
              }
              return living;
            });
    groups.add(group);
    group.start();
    return group;
  }

  private void publish(String shard, Object... events) {
    RelayNode.in(installations.get(shard)).build().publish(events);
  }

  private long effects(String shard) {
    return installations.get(shard).count("SELECT count(*) FROM effect");
  }

  private static long led(RelayGroup group) {
    return group.statuses().values().stream()
        .filter(s -> s.state() == RelayState.STREAMING)
        .count();
  }

  /** By shard; everybody must agree. */
  private static void assertSameLeaders(RelayGroup one, RelayGroup other) {
    for (String shard : SHARDS) {
      assertThat(one.statuses().get(shard).leader())
          .isNotNull()
          .isEqualTo(other.statuses().get(shard).leader());
    }
  }

  @Test
  void secondProcessTakesOneOfThreeAndGivesItBackWhenItStops() throws Exception {
    createShards();
    AtomicBoolean go = new AtomicBoolean(true);
    CompletableFuture<Long> writing =
        CompletableFuture.supplyAsync(
            () -> {
              List<RelayNode> writers =
                  SHARDS.stream()
                      .map(shard -> RelayNode.in(installations.get(shard)).build())
                      .toList();
              long written = 0;
              for (; go.get(); written++) {
                for (RelayNode writer : writers) {
                  writer.publish(new Counted("k", written + 1));
                }
              }
              return written;
            });
    try {
      RelayGroup a = start("a");
      await().atMost(SOON).until(() -> led(a) == 3);

      living = Set.of("a", "b");
      RelayGroup b = start("b");
      await().atMost(SOON).until(() -> led(a) == 2 && led(b) == 1);
      await().atMost(SOON).untilAsserted(() -> assertSameLeaders(a, b));

      living = Set.of(); // the catalogue is away: the last set stays, and so does the spread
      long epochs = epochs();
      await()
          .during(Duration.ofSeconds(1))
          .atMost(Duration.ofSeconds(12))
          .until(() -> epochs() == epochs);

      b.stop();
      await().atMost(SOON).until(() -> led(a) == 3);
      assertThat(b.statuses().values())
          .allSatisfy(s -> assertThat(s.state()).isEqualTo(RelayState.STOPPED))
          .allSatisfy(s -> assertThat(s.leader()).isNull());
    } finally {
      go.set(false);
    }
    long written = writing.get(60, TimeUnit.SECONDS);
    for (String shard : SHARDS) {
      await().atMost(SOON).until(() -> effects(shard) == written);
      assertThat(installations.get(shard).count("SELECT count(*) FROM evenkeel.inbox"))
          .isEqualTo(written);
    }
  }

  private long epochs() {
    return installations.values().stream()
        .mapToLong(i -> i.count("SELECT epoch FROM evenkeel.relay_state"))
        .sum();
  }

  /** As an old version beside a new one that has a new consumer. */
  @Test
  void processThatServesTooLittleIsGivenNothing() {
    createShards();
    RelayGroup a = start("a");
    await().atMost(SOON).until(() -> led(a) == 3);
    Map<String, Relay> without = new LinkedHashMap<>();
    SHARDS.forEach(
        shard ->
            without.put(
                shard, RelayNode.in(installations.get(shard)).named("old").build().relay()));
    living = Set.of("a", "old");
    RelayGroup old = start(without);

    await()
        .atMost(SOON)
        .untilAsserted(
            () -> {
              assertThat(old.statuses().values())
                  .allSatisfy(s -> assertThat(s.findings()).isNotEmpty());
              assertSameLeaders(a, old);
            });
    await()
        .during(Duration.ofSeconds(2)) // five times what an uneven spread has to last
        .atMost(Duration.ofSeconds(13))
        .until(() -> led(a) == 3 && epochs() == 3);
  }

  @Test
  void drainsOfOneProcessDoNotAddUp() {
    createShards();
    CountDownLatch never = new CountDownLatch(1);
    RelayGroup a = start("a", event -> hang(never));
    await().atMost(SOON).until(() -> led(a) == 3);
    SHARDS.forEach(shard -> publish(shard, new Counted("k", 1)));
    await()
        .atMost(SOON)
        .until(() -> a.statuses().values().stream().allMatch(s -> s.inFlight() == 1));

    long began = System.nanoTime();
    a.stop();
    Duration took = Duration.ofNanos(System.nanoTime() - began);
    never.countDown();

    assertThat(took).isBetween(Duration.ofSeconds(3), Duration.ofSeconds(8)); // each waits for 3 s
  }

  private static void hang(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Its database has the name of another shard's, as databases of several servers often do. */
  @Test
  void shardThatIsDownDisturbsNoOther() {
    try (PostgresServer server = PostgresServer.builder().start()) {
      installations.put("red", Installation.create());
      installations.put("green", Installation.create());
      String sameName = installations.get("red").database().name();
      installations.put("blue", Installation.in(server.createDatabase(sameName)));
      living = Set.of("a", "b");
      RelayGroup a = start("a");
      RelayGroup b = start("b");
      await().atMost(SOON).until(() -> led(a) + led(b) == 3 && Math.abs(led(a) - led(b)) == 1);

      server.stop(PostgresServer.Mode.IMMEDIATE);
      await().atMost(SOON).until(() -> led(a) == 1 && led(b) == 1);
      for (RelayGroup group : groups) {
        await().atMost(SOON).until(() -> leader(group, "blue") == null);
        assertThat(group.statuses().get("blue").findings()).isNotEmpty();
      }
      publish("red", new Counted("k", 1));
      publish("green", new Counted("k", 1));
      await().atMost(SOON).until(() -> effects("red") == 1 && effects("green") == 1);

      server.start();
      await().atMost(SOON).until(() -> led(a) + led(b) == 3);
      publish("blue", new Counted("k", 1));
      await().atMost(SOON).until(() -> effects("blue") == 1);
    }
  }

  private static @Nullable String leader(RelayGroup group, String shard) {
    return group.statuses().get(shard).leader();
  }

  @Test
  void relaysOfTwoNodesAreNoGroup() {
    createShards();
    Map<String, Relay> mixed = new LinkedHashMap<>();
    mixed.put("red", node("a", "red", event -> {}).relay());
    mixed.put("green", node("b", "green", event -> {}).relay());
    assertThatThrownBy(() -> new RelayGroup(mixed, Set::of))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("exactly one node", "[a, b]");
  }
}
