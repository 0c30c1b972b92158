package dev.evenkeel.transport.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import dev.evenkeel.outbox.OutboxMessage;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.awaitility.Awaitility;

/**
 * Transactions of several messages over a few keys, by one thread, so that their order is known.
 */
final class Load {

  private static final int KEYS = 7;
  private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(3);

  private final Uplink uplink;
  private final int perTransaction;
  private final List<OutboxMessage> written = new ArrayList<>();
  private volatile boolean stopped;

  Load(Uplink uplink, int perTransaction) {
    this.uplink = uplink;
    this.perTransaction = perTransaction;
  }

  Thread start(int transactions) {
    Thread thread =
        new Thread(
            () -> {
              for (int n = 0; n < transactions && !stopped; n++) {
                once();
                LockSupport.parkNanos(PAUSE_NANOS);
              }
            },
            "load");
    thread.setDaemon(true);
    thread.start();
    return thread;
  }

  /** One transaction. */
  void once() {
    List<OutboxMessage> messages = new ArrayList<>();
    int first = size();
    for (int n = 0; n < perTransaction; n++) {
      messages.add(Uplink.message("key-" + (first + n) % KEYS, first + n));
    }
    uplink.append(messages);
    synchronized (written) {
      written.addAll(messages);
    }
  }

  void stop() {
    stopped = true;
  }

  private int size() {
    synchronized (written) {
      return written.size();
    }
  }

  /** The id of a message that is written from now on. */
  String awaitNext() {
    int now = size();
    Awaitility.await().atMost(Uplink.SOON).until(() -> size() > now);
    synchronized (written) {
      return written.get(written.size() - 1).id().toString();
    }
  }

  List<String> ids() {
    synchronized (written) {
      return written.stream().map(message -> message.id().toString()).toList();
    }
  }

  /** All are in the topic, and where each came first they are in order, key by key. */
  void verify() {
    Map<String, List<String>> expected = new HashMap<>();
    synchronized (written) {
      for (OutboxMessage message : written) {
        expected
            .computeIfAbsent(message.aggregateId(), key -> new ArrayList<>())
            .add(message.id().toString());
      }
    }
    Map<String, Set<String>> actual = uplink.firstIds();
    expected.forEach(
        (key, ids) -> {
          assertThat(actual.get(key)).as("those of " + key).containsAll(ids);
          assertThat(actual.get(key)).as("order of " + key).containsExactlyElementsOf(ids);
        });
  }
}
