package dev.evenkeel.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class PaceTest {

  private static final Pace PACE = new Pace(1_000, 4);

  @Test
  void everyOrderIsWrittenOnceAndNoneBeforeItIsDue() throws Exception {
    Queue<Long> written = new ConcurrentLinkedQueue<>();
    long from = System.nanoTime();

    PACE.write(new Recording(written), 10, 103, Progress.timing(113, 0));

    assertThat(System.nanoTime() - from).isGreaterThan(Duration.ofMillis(102).toNanos());
    assertThat(written)
        .containsExactlyInAnyOrderElementsOf(LongStream.range(10, 113).boxed().toList());
  }

  @Test
  void ordersFollowFromTheTime() {
    assertThat(PACE.ordersIn(Duration.ofMillis(2_500))).isEqualTo(2_500);
  }

  private record Recording(Queue<Long> written) implements Pipeline {

    @Override
    public void prepare() {}

    @Override
    public void start(Progress progress) {}

    @Override
    public Writer openWriter() {
      return new Writer() {
        @Override
        public void write(long order, Runnable beforeCommit) {
          beforeCommit.run();
          written.add(order);
        }

        @Override
        public void writeEvents(long firstOrder, int count) {
          throw new UnsupportedOperationException();
        }

        @Override
        public void close() {}
      };
    }

    @Override
    public void close() {}
  }
}
