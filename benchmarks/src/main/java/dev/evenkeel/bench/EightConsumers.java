package dev.evenkeel.bench;

import dev.evenkeel.outbox.InboxHandler;
import dev.evenkeel.outbox.spi.MessageObserver;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Up to eight consumers of one event, each with an inbox row of its own; an order counts as handled
 * when as many transactions are committed as it has consumers.
 */
@SuppressWarnings("UnusedVariable") // what a handler takes says which events it wants
final class EightConsumers implements MessageObserver {

  static final int MOST = 8;

  private final Progress progress;
  private final int count;
  private final AtomicLong committed = new AtomicLong();

  /**
   * The first of them.
   *
   * @param count 1 to {@link #MOST}
   */
  EightConsumers(Progress progress, int count) {
    this.progress = progress;
    this.count = count;
  }

  List<Object> handlers() {
    List<Object> all =
        List.of(
            new First(),
            new Second(),
            new Third(),
            new Fourth(),
            new Fifth(),
            new Sixth(),
            new Seventh(),
            new Eighth());
    return all.subList(0, count);
  }

  @Override
  public void handled(String consumerName, Duration sinceAppend) {
    if (committed.incrementAndGet() % count == 0) {
      progress.handled();
    }
  }

  private static final class First {
    @InboxHandler(consumer = "first")
    void on(OrderPlaced event) {}
  }

  private static final class Second {
    @InboxHandler(consumer = "second")
    void on(OrderPlaced event) {}
  }

  private static final class Third {
    @InboxHandler(consumer = "third")
    void on(OrderPlaced event) {}
  }

  private static final class Fourth {
    @InboxHandler(consumer = "fourth")
    void on(OrderPlaced event) {}
  }

  private static final class Fifth {
    @InboxHandler(consumer = "fifth")
    void on(OrderPlaced event) {}
  }

  private static final class Sixth {
    @InboxHandler(consumer = "sixth")
    void on(OrderPlaced event) {}
  }

  private static final class Seventh {
    @InboxHandler(consumer = "seventh")
    void on(OrderPlaced event) {}
  }

  private static final class Eighth {
    @InboxHandler(consumer = "eighth")
    void on(OrderPlaced event) {}
  }
}
