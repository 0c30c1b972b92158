package dev.evenkeel.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.evenkeel.outbox.InboxHandler;
import dev.evenkeel.outbox.JsonUpcaster;
import dev.evenkeel.outbox.OutboxEvent;
import dev.evenkeel.outbox.ParkReason;
import dev.evenkeel.outbox.ParkedMessage;
import dev.evenkeel.outbox.spi.Upcaster;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Deployments that take the handler of a version away and bring an upcaster instead. */
class UpcasterIT {

  private static final Duration SOON = Duration.ofSeconds(60);

  @OutboxEvent(type = "counted", version = 2, aggregateType = "counter", key = "key")
  private record CountedV2(String key, long version, String unit) {}

  @OutboxEvent(type = "counted", version = 3, aggregateType = "counter", key = "key")
  private record CountedV3(String key, long version, String unit, String place) {}

  private static final Upcaster FROM_1 =
      JsonUpcaster.of("counted", 1, event -> event.put("unit", "pieces"));

  private final List<CountedV2> counted = new CopyOnWriteArrayList<>();
  private Installation installation;

  @InboxHandler(consumer = "first")
  void on(CountedV2 event) {
    counted.add(event);
  }

  @BeforeEach
  void open() {
    installation = Installation.create();
  }

  @AfterEach
  void close() {
    installation.close();
  }

  private RelayNode.Builder version2(String name) {
    return RelayNode.in(installation).named(name).events(CountedV2.class).handlers(this);
  }

  private static void awaitLeading(RelayNode node) {
    await().atMost(SOON).until(() -> node.relay().status().state() == RelayState.STREAMING);
  }

  @Test
  void nodesWithAnUpcasterTakeOverFromThoseThatHandledTheOldVersion() {
    Ledger ledger = new Ledger(installation);
    RelayNode oldWriter = RelayNode.in(installation).build();
    try (RelayNode v1 =
        RelayNode.in(installation).named("v1").handlers(ledger.firstConsumer()).start()) {
      oldWriter.publish(new Counted("k", 1));
      await().atMost(SOON).until(() -> ledger.handled("first") == 1);

      try (RelayNode v2 = version2("v2").upcasters(FROM_1).start()) {
        awaitLeading(v2);
        assertThat(v1.relay().status().state()).isEqualTo(RelayState.STANDBY);
        oldWriter.publish(new Counted("k", 2)); // the old nodes still write it
        v2.publish(new CountedV2("k", 3, "boxes"));
        await().atMost(SOON).until(() -> counted.size() == 2);
      }
    }
    // Only new nodes are left, and the old version is registered still.
    try (RelayNode bare = version2("bare").start()) {
      await()
          .atMost(SOON)
          .untilAsserted(
              () ->
                  assertThat(bare.relay().status().findings())
                      .anySatisfy(
                          finding ->
                              assertThat(finding.toString()).contains("first (counted v1)")));
      try (RelayNode next = version2("next").upcasters(FROM_1).start()) {
        awaitLeading(next);
        oldWriter.publish(new Counted("k", 4));
        await().atMost(SOON).until(() -> counted.size() == 3);
        assertThat(next.relay().status().findings()).isEmpty();
      }
    }

    assertThat(counted)
        .containsExactly(
            new CountedV2("k", 2, "pieces"),
            new CountedV2("k", 3, "boxes"),
            new CountedV2("k", 4, "pieces"));
    assertThat(installation.count("SELECT count(*) FROM evenkeel.parked_message")).isZero();
  }

  @Test
  void deadLetterOfAnUnknownVersionIsHandledAfterADeploymentThatAddedTheUpcaster() {
    RelayNode oldWriter = RelayNode.in(installation).build();
    ParkedMessage dead;
    try (RelayNode without = version2("without").start()) {
      oldWriter.publish(new Counted("k", 1));
      await().atMost(SOON).until(() -> without.parked().counts().dead() == 1);
      dead = without.parked().deadLetters(10).get(0);
      assertThat(dead.reason()).isEqualTo(ParkReason.UNKNOWN_VERSION);
      assertThat(dead.error())
          .isEqualTo(
              "consumer first handles counted v2; message is v1, and no upcaster leads from v1 to v2");
      without.publish(new CountedV2("k", 2, "boxes")); // behind it
    }
    try (RelayNode with = version2("with").upcasters(FROM_1).start()) {
      with.parked().retry("first", dead.message().id(), "operator");

      await().atMost(SOON).until(() -> counted.size() == 2);
      assertThat(counted)
          .containsExactly(new CountedV2("k", 1, "pieces"), new CountedV2("k", 2, "boxes"));
    }
  }

  @Test
  void newerVersionIsADeadLetterThatSaysSo() {
    RelayNode newWriter = RelayNode.in(installation).events(CountedV3.class).build();
    try (RelayNode node = version2("v2").upcasters(FROM_1).start()) {
      newWriter.publish(new CountedV3("k", 1, "boxes", "here"));

      await().atMost(SOON).until(() -> node.parked().counts().dead() == 1);
      ParkedMessage dead = node.parked().deadLetters(10).get(0);
      assertThat(dead.reason()).isEqualTo(ParkReason.UNKNOWN_VERSION);
      assertThat(dead.error())
          .isEqualTo("consumer first handles counted v2; message is v3, newer than any");
      node.parked().retry("first", dead.message().id(), "operator");
      await()
          .atMost(SOON)
          .until(() -> node.parked().deadLetters(10).stream().anyMatch(d -> d.attempts() == 1));
      assertThat(node.parked().deadLetters(10).get(0).error()).contains("newer than any");
    }
  }

  @Test
  void upcasterThatFailsMakesADeadLetterAtOnce() {
    RelayNode oldWriter = RelayNode.in(installation).build();
    Upcaster broken =
        JsonUpcaster.of(
            "counted",
            1,
            event -> {
              throw new IllegalStateException("no unit for " + event.path("key").asString());
            });
    try (RelayNode node = version2("v2").upcasters(broken).start()) {
      oldWriter.publish(new Counted("k", 1));

      await().atMost(SOON).until(() -> node.parked().counts().dead() == 1);
      ParkedMessage dead = node.parked().deadLetters(10).get(0);
      assertThat(dead.reason()).isEqualTo(ParkReason.UNREADABLE);
      assertThat(dead.error()).contains("the upcaster of counted from v1", "no unit for k");
    }
  }
}
