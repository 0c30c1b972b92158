package dev.evenkeel.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.evenkeel.outbox.OutboxMessage;
import dev.evenkeel.outbox.ProtocolOutbox;
import dev.evenkeel.outbox.ProtocolTransaction;
import dev.evenkeel.outbox.spi.DirectHandler;
import dev.evenkeel.outbox.spi.MessageObserver;
import dev.evenkeel.outbox.spi.TransactionTarget;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The way of a message from an append to its effect. */
@Tag("postgres-matrix")
class RelayIT {

  @Test
  void publishedEventTakesEffectOnce() {
    try (Installation installation = Installation.create()) {
      EffectHandler handler = new EffectHandler(installation.sql());
      try (RelayNode node = RelayNode.in(installation).handlers(handler).start()) {
        node.publish(new Counted("a", 1), new Counted("b", 1), new Counted("a", 2));

        await().atMost(Duration.ofSeconds(60)).until(() -> effects(installation) == 3);
        assertThat(handler.attempts().stream().filter(e -> e.key().equals("a")))
            .extracting(Counted::version)
            .containsExactly(1L, 2L);
        assertThat(node.relay().status().findings()).isEmpty();
      }
    }
  }

  /** Remembers keys and numbers of what it is given. */
  private record Commands(List<String> handled) implements DirectHandler {

    @Override
    public String consumer() {
      return "participant:shipping";
    }

    @Override
    public String type() {
      return "saga-command.shipping";
    }

    @Override
    public String aggregateType() {
      return "saga-command.shipping";
    }

    @Override
    public void handle(OutboxMessage message, TransactionTarget target, Began began) {
      handled.add(message.aggregateId() + " " + message.headers().get("n"));
    }
  }

  @Test
  void messagesOfTheFrameworksOwnTransactionsReachDirectHandlersInOrder() {
    try (Installation installation = Installation.create()) {
      Commands commands = new Commands(new CopyOnWriteArrayList<>());
      ProtocolOutbox outbox = new ProtocolOutbox(Installation.SCHEMA, MessageObserver.NONE);
      try (RelayNode node = RelayNode.in(installation).direct(commands).start()) {
        for (int n = 1; n <= 20; n++) {
          OutboxMessage command =
              OutboxMessage.of(commands.type(), 1, commands.type(), "a", new byte[0])
                  .withHeaders(Map.of("n", Integer.toString(n)));
          ProtocolTransaction.inTransaction(
              installation.dataSource(),
              "Sending",
              c -> {
                outbox.append(c, List.of(command));
                return true;
              });
        }

        await().atMost(Duration.ofSeconds(60)).until(() -> commands.handled().size() == 20);
        assertThat(commands.handled())
            .containsExactlyElementsOf(
                IntStream.rangeClosed(1, 20).mapToObj(n -> "a " + n).toList());
        assertThat(node.relay().status().findings()).isEmpty();
      }
    }
  }

  /** By hand, and as far as the column goes; the stream brings times as numbers. */
  @Test
  void timesAtTheEndsOfTheCalendarStopNothing() {
    try (Installation installation = Installation.create()) {
      EffectHandler handler = new EffectHandler(installation.sql());
      try (RelayNode node = RelayNode.in(installation).handlers(handler).start()) {
        installation
            .sql()
            .execute(
                """
                INSERT INTO evenkeel.outbox (id, aggregatetype, aggregateid, type, version, slot, created_at, payload)
                SELECT gen_random_uuid(), 'counter', key, 'counted', 1, 0, at, convert_to('{"key":"' || key || '","version":1}', 'UTF8')
                  FROM (VALUES ('last', timestamptz '294276-12-31 23:59:59Z'),
                               ('past numbers', '292277-01-10 04:00:55Z'),
                               ('first', '4714-11-24 00:00:00Z BC')) AS t (key, at)
                """);
        node.publish(new Counted("after them", 1));

        await()
            .atMost(Duration.ofSeconds(60))
            .untilAsserted(
                () ->
                    assertThat(handler.attempts())
                        .extracting(Counted::key)
                        .containsExactlyInAnyOrder("last", "past numbers", "after them"));
        await("what is older than the inbox remembers is a dead letter")
            .atMost(Duration.ofSeconds(60))
            .until(() -> node.parked().counts().dead() == 1);
      }
    }
  }

  @Test
  void restartedRelayGoesOnWhereItStopped() {
    try (Installation installation = Installation.create()) {
      EffectHandler first = new EffectHandler(installation.sql());
      try (RelayNode node = RelayNode.in(installation).handlers(first).start()) {
        node.publish(LongStream.rangeClosed(1, 100).mapToObj(n -> new Counted("a", n)).toArray());
        await().atMost(Duration.ofSeconds(60)).until(() -> effects(installation) == 100);
      }
      EffectHandler second = new EffectHandler(installation.sql());
      try (RelayNode node = RelayNode.in(installation).handlers(second).start()) {
        node.publish(new Counted("a", 101));
        await().atMost(Duration.ofSeconds(60)).until(() -> effects(installation) == 101);
        assertThat(second.attempts()).containsExactly(new Counted("a", 101));
        assertThat(node.relay().status().gaps()).isZero();
      }
    }
  }

  @Test
  void heartbeatThatSomebodyElseWritesMovesNothing() {
    try (Installation installation = Installation.create()) {
      EffectHandler handler = new EffectHandler(installation.sql());
      try (RelayNode node = RelayNode.in(installation).handlers(handler).start()) {
        node.publish(new Counted("a", 1));
        await().atMost(Duration.ofSeconds(60)).until(() -> effects(installation) == 1);
        AtomicInteger forged = new AtomicInteger();
        await() // between the relay's own, of which the newest counts
            .pollInterval(Duration.ofMillis(20))
            .atMost(Duration.ofSeconds(60))
            .until(
                () -> {
                  installation
                      .sql()
                      .execute(
                          "SELECT pg_logical_emit_message(true, 'evenkeel:evenkeel', '900000000000:900000000000:|2030-01-01|1.1')");
                  assertThat(
                          installation.count(
                              "SELECT count(*) FROM evenkeel.relay_state WHERE pg_snapshot_xmax(published)::text::bigint > 800000000000"))
                      .as("only the leader says what is published")
                      .isZero();
                  return forged.incrementAndGet() == 100;
                });
        node.publish(new Counted("a", 2)); // behind it in the WAL

        await().atMost(Duration.ofSeconds(60)).until(() -> effects(installation) == 2);
      }
    }
  }

  @Test
  void rowsFromBeforeTheFirstStartAreSentFromTheRing() {
    try (Installation installation = Installation.create()) {
      EffectHandler handler = new EffectHandler(installation.sql());
      RelayNode.in(installation)
          .build()
          .publish(LongStream.rangeClosed(1, 1_000).mapToObj(n -> new Counted("a", n)).toArray());
      try (RelayNode node = RelayNode.in(installation).handlers(handler).start()) {
        await().atMost(Duration.ofSeconds(60)).until(() -> effects(installation) == 1_000);
        node.publish(new Counted("a", 1_001));
        await().atMost(Duration.ofSeconds(60)).until(() -> effects(installation) == 1_001);
        assertThat(handler.attempts())
            .extracting(Counted::version)
            .containsExactlyElementsOf(LongStream.rangeClosed(1, 1_001).boxed().toList());
        await()
            .atMost(Duration.ofSeconds(60))
            .until(
                () ->
                    installation.count(
                            "SELECT count(*) FROM evenkeel.relay_state WHERE reconciling")
                        == 0);
        assertThat(node.relay().status().gaps()).isZero();
      }
    }
  }

  private static long effects(Installation installation) {
    return installation.count("SELECT count(*) FROM effect");
  }
}
