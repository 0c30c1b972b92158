package dev.evenkeel.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.evenkeel.outbox.OutboxMessage;
import dev.evenkeel.outbox.spi.Acknowledgement;
import dev.evenkeel.outbox.spi.Leadership;
import dev.evenkeel.outbox.spi.Transport;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/**
 * What the relay relies on in every {@link Transport}. Extend it beside your transport; JUnit runs
 * the inherited tests.
 *
 * <p>Each test asks once for a transport whose messages end at the given {@link Receiver}. Messages
 * are of type {@link ContractEvent#TYPE}.
 */
public abstract class TransportContract {

  /** Stands for the application at the far end; may block or throw. Called from any thread. */
  @FunctionalInterface
  protected interface Receiver {

    /** Takes a message; throwing means that handling it failed. */
    void receive(OutboxMessage message);
  }

  /** Longest wait for something that should happen. */
  private static final Duration SOON = Duration.ofSeconds(20);

  /** A fresh transport that delivers to the receiver. */
  protected abstract Transport transport(Receiver receiver) throws Exception;

  /**
   * Whether a message's fate survives a crash of this process now: handled, parked, or in the
   * broker. Asked when it is acknowledged, on the acknowledging thread.
   */
  protected abstract boolean isDurable(OutboxMessage message);

  /** The term that the session belongs to, for transports that compare it with the database's. */
  protected long epoch() {
    return 0;
  }

  @Test
  void messagesOfOneKeyArriveInTheOrderSent() throws Exception {
    Map<String, List<OutboxMessage>> received = new ConcurrentHashMap<>();
    List<OutboxMessage> sent = new ArrayList<>();
    for (int number = 1; number <= 50; number++) {
      for (String key : List.of("a", "b", "c")) {
        sent.add(message(key, number));
      }
    }
    Transport transport =
        transport(
            message ->
                received
                    .computeIfAbsent(message.aggregateId(), key -> new CopyOnWriteArrayList<>())
                    .add(message));
    Acknowledgements acknowledgements = new Acknowledgements();
    try (Transport.Session session = transport.open(leadership())) {
      sent.forEach(message -> session.send(message, acknowledgements.of(message)));
      awaitAcknowledged(acknowledgements, sent);
      await().atMost(SOON).until(() -> size(received) >= sent.size());
    }
    for (String key : List.of("a", "b", "c")) {
      assertThat(received.get(key))
          .as("messages of key %s", key)
          .containsExactlyElementsOf(
              sent.stream().filter(message -> message.aggregateId().equals(key)).toList());
    }
  }

  @Test
  void everyMessageIsAcknowledgedOnceAndOnlyWhenItIsDurable() throws Exception {
    Transport transport = transport(message -> {});
    Acknowledgements acknowledgements = new Acknowledgements();
    List<OutboxMessage> sent = messages("key", 30);
    try (Transport.Session session = transport.open(leadership())) {
      sent.forEach(message -> session.send(message, acknowledgements.of(message)));
      awaitAcknowledged(acknowledgements, sent);
    }
    assertThat(acknowledgements.all).hasSameSizeAs(sent);
    assertThat(acknowledgements.notDurable).isEmpty();
  }

  @Test
  void aReceiverThatFailsDoesNotDelayOtherKeys() throws Exception {
    Set<String> received = ConcurrentHashMap.newKeySet();
    Transport transport =
        transport(
            message -> {
              if (message.aggregateId().equals("broken")) {
                throw new IllegalStateException("the contract's receiver fails on purpose");
              }
              received.add(message.aggregateId());
            });
    Acknowledgements acknowledgements = new Acknowledgements();
    List<OutboxMessage> broken = messages("broken", 3);
    List<OutboxMessage> others = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      others.add(message("other-" + i, 1));
    }
    try (Transport.Session session = transport.open(leadership())) {
      broken.forEach(message -> session.send(message, acknowledgements.of(message)));
      others.forEach(message -> session.send(message, acknowledgements.of(message)));
      awaitAcknowledged(acknowledgements, others);
      await().atMost(SOON).until(() -> received.size() == others.size());
      // Failing for ever must not pin the relay's position either.
      awaitAcknowledged(acknowledgements, broken);
    }
    assertThat(acknowledgements.notDurable).isEmpty();
  }

  @Test
  void sendingDoesNotWaitForTheReceiver() throws Exception {
    CountDownLatch release = new CountDownLatch(1);
    Transport transport = transport(message -> awaitLatch(release));
    Acknowledgements acknowledgements = new Acknowledgements();
    List<OutboxMessage> sent = messages("slow", 5);
    try (Transport.Session session = transport.open(leadership())) {
      // Returns although no receiver has finished; otherwise this thread would never release them.
      sent.forEach(message -> session.send(message, acknowledgements.of(message)));
      release.countDown();
      awaitAcknowledged(acknowledgements, sent);
    } finally {
      release.countDown();
    }
  }

  @Test
  void aClosedSessionAcknowledgesNothingMore() throws Exception {
    CountDownLatch release = new CountDownLatch(1);
    CountDownLatch begun = new CountDownLatch(1);
    Transport transport =
        transport(
            message -> {
              begun.countDown();
              awaitLatch(release);
            });
    Acknowledgements acknowledgements = new Acknowledgements();
    Transport.Session session = transport.open(leadership());
    try {
      messages("slow", 20).forEach(message -> session.send(message, acknowledgements.of(message)));
      if (transport.inProcess()) {
        assertThat(begun.await(SOON.toMillis(), TimeUnit.MILLISECONDS)).isTrue();
      }
      session.close();
      int before = acknowledgements.all.size();
      session.close(); // idempotent
      release.countDown();
      await()
          .during(Duration.ofMillis(300))
          .atMost(SOON)
          .until(() -> acknowledgements.all.size() == before);
      assertThat(acknowledgements.notDurable).isEmpty();
    } finally {
      release.countDown();
      session.close();
    }
  }

  @Test
  void aNewSessionStartsEmpty() throws Exception {
    ConcurrentLinkedQueue<OutboxMessage> received = new ConcurrentLinkedQueue<>();
    Transport transport = transport(received::add);
    transport.open(leadership()).close();
    Acknowledgements acknowledgements = new Acknowledgements();
    OutboxMessage message = message("key", 1);
    try (Transport.Session session = transport.open(leadership())) {
      session.send(message, acknowledgements.of(message));
      awaitAcknowledged(acknowledgements, List.of(message));
      await().atMost(SOON).until(() -> !received.isEmpty());
    }
    assertThat(received).containsExactly(message);
  }

  private Leadership leadership() {
    long epoch = epoch();
    return new Leadership() {
      @Override
      public long epoch() {
        return epoch;
      }

      @Override
      public boolean mayDispatch() {
        return true;
      }
    };
  }

  private static int size(Map<String, List<OutboxMessage>> received) {
    return received.values().stream().mapToInt(List::size).sum();
  }

  private static void awaitLatch(CountDownLatch latch) {
    try {
      if (!latch.await(SOON.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new IllegalStateException("the test did not release the receiver");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }

  private static void awaitAcknowledged(
      Acknowledgements acknowledgements, List<OutboxMessage> messages) {
    await()
        .atMost(SOON)
        .untilAsserted(
            () -> {
              assertThat(acknowledgements.failures).isEmpty();
              assertThat(acknowledgements.all).containsAll(messages);
            });
  }

  private static List<OutboxMessage> messages(String key, int count) {
    List<OutboxMessage> messages = new ArrayList<>();
    for (int number = 1; number <= count; number++) {
      messages.add(message(key, number));
    }
    return messages;
  }

  private static OutboxMessage message(String key, int number) {
    String json = "{\"key\":\"%s\",\"number\":%d}".formatted(key, number);
    return OutboxMessage.of(
        ContractEvent.TYPE,
        1,
        ContractEvent.AGGREGATE_TYPE,
        key,
        json.getBytes(StandardCharsets.UTF_8));
  }

  /** Notes every acknowledgement, and whether it came too early. */
  private final class Acknowledgements {

    private final ConcurrentLinkedQueue<OutboxMessage> all = new ConcurrentLinkedQueue<>();
    private final ConcurrentLinkedQueue<OutboxMessage> notDurable = new ConcurrentLinkedQueue<>();
    private final ConcurrentLinkedQueue<Throwable> failures = new ConcurrentLinkedQueue<>();

    Acknowledgement of(OutboxMessage message) {
      return new Acknowledgement() {
        @Override
        public void acknowledge() {
          if (!isDurable(message)) {
            notDurable.add(message);
          }
          all.add(message);
        }

        @Override
        public void fail(Throwable cause) {
          failures.add(cause);
        }
      };
    }
  }
}
