package dev.evenkeel.relay;

import static org.assertj.core.api.Assertions.assertThat;

import io.debezium.connector.base.ChangeEventQueue;
import io.debezium.connector.base.DefaultQueueProvider;
import io.debezium.connector.base.QueueProvider;
import io.debezium.pipeline.Sizeable;
import io.debezium.util.LoggingContext;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;

class PatientQueueTest {

  private static final Duration INTERVAL = Duration.ofMillis(2);
  private static final int POLLS = 200;

  private record Change(int number) implements Sizeable {

    @Override
    public long objectSize() {
      return 100;
    }
  }

  private static ChangeEventQueue<Change> queue(QueueProvider<Change> provider) {
    return new ChangeEventQueue.Builder<Change>()
        .pollInterval(INTERVAL)
        .maxBatchSize(64)
        .maxQueueSize(256)
        .maxQueueSizeInBytes(1_000_000)
        .loggingContextSupplier(() -> LoggingContext.forConnector("test", "test", "test"))
        .queueProvider(provider)
        .build();
  }

  private static Duration idle(QueueProvider<Change> provider) throws Exception {
    ChangeEventQueue<Change> queue = queue(provider);
    long before = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
    for (int n = 0; n < POLLS; n++) {
      assertThat(queue.poll()).isEmpty();
    }
    return Duration.ofNanos(ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() - before);
  }

  @Test
  void pollOfAnEmptyQueueSleeps() throws Exception {
    DefaultQueueProvider<Change> ofDebezium = new DefaultQueueProvider<>();
    ofDebezium.configure(Map.of("max.queue.size", "256"));
    idle(new PatientQueue<>()); // compiles

    Duration spinning = idle(ofDebezium);
    Duration sleeping = idle(new PatientQueue<>());

    assertThat(spinning)
        .as("a Debezium that does not spin needs no queue of ours")
        .isGreaterThan(Duration.ofMillis(POLLS / 4));
    assertThat(sleeping).as("processor time").isLessThan(spinning.dividedBy(2));
  }

  @Test
  void recordsComeInTheirOrderAndNoneIsLost() throws Exception {
    ChangeEventQueue<Change> queue = queue(new PatientQueue<>());
    int changes = 5_000;
    ExecutorService producer = Executors.newSingleThreadExecutor();
    try {
      producer.submit(
          () -> {
            for (int n = 0; n < changes; n++) {
              queue.enqueue(new Change(n));
            }
            return null;
          });
      List<Change> polled = new ArrayList<>();
      for (int polls = 0; polls < 20_000 && polled.size() < changes; polls++) {
        polled.addAll(queue.poll());
      }
      assertThat(polled).extracting(Change::number).isSorted().hasSize(changes);
    } finally {
      producer.shutdownNow();
    }
  }
}
