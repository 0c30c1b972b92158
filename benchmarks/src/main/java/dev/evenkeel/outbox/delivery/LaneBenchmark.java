package dev.evenkeel.outbox.delivery;

import dev.evenkeel.outbox.OutboxMessage;
import dev.evenkeel.outbox.ParkReason;
import dev.evenkeel.outbox.spi.Acknowledgement;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * A message's way through its key's queue to a lane's thread and to its acknowledgement, as {@link
 * Lanes} takes it, without the delivery in between, which is a transaction.
 */
@State(Scope.Benchmark)
public class LaneBenchmark {

  private static final int MESSAGES = 1_000;
  private static final String CONSUMER = "bench";

  /** Among how many keys the messages are. */
  @Param({"1", "1000"})
  public int keys;

  private final LanePool pool = new LanePool(LaneOptions.defaults().lanes());
  private final ConcurrentMap<KeyQueue.Id, KeyQueue> queues = new ConcurrentHashMap<>();
  private List<OutboxMessage> messages = List.of();

  /** Makes the messages. */
  @Setup
  public void prepare() {
    messages =
        IntStream.range(0, MESSAGES)
            .mapToObj(
                number ->
                    OutboxMessage.of(
                        "order", 1, "order", String.valueOf(number % keys), new byte[0]))
            .toList();
  }

  /** Ends the lanes. */
  @TearDown
  public void close() {
    pool.shutdown();
  }

  /** From the relay's thread to the acknowledgement of the last message. */
  @Benchmark
  @OperationsPerInvocation(MESSAGES)
  public void dispatch() throws InterruptedException {
    CountDownLatch left = new CountDownLatch(MESSAGES);
    Acknowledgement acknowledgement = new Counting(left);
    for (OutboxMessage message : messages) {
      Delivery.Fate fate = new Delivery.Fate(1, acknowledgement);
      enqueue(new Delivery(CONSUMER, null, ParkReason.UNKNOWN_TYPE, message, fate));
    }
    left.await();
  }

  private void enqueue(Delivery delivery) {
    KeyQueue.Id id = new KeyQueue.Id(delivery.consumer(), delivery.message().orderKey());
    queues.compute(
        id,
        (key, present) -> {
          KeyQueue queue = present == null ? new KeyQueue(key) : present;
          if (queue.add(delivery)) {
            pool.execute(() -> work(queue));
          }
          return queue;
        });
  }

  private void work(KeyQueue queue) {
    Delivery delivery = queue.head();
    if (delivery == null) {
      return;
    }
    delivery.done();
    if (queue.next()) {
      pool.execute(() -> work(queue));
    } else {
      queues.computeIfPresent(queue.id(), (id, q) -> q.isEmpty() ? null : q);
    }
  }

  private record Counting(CountDownLatch left) implements Acknowledgement {

    @Override
    public void acknowledge() {
      left.countDown();
    }

    @Override
    public void fail(Throwable cause) {
      throw new IllegalStateException("Nothing fails here", cause);
    }
  }
}
