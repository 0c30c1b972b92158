package dev.evenkeel.relay.crash;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sixteen threads that write transactions of 1, 100 and 10,000 messages over 50 keys, in a mix
 * drawn from a seed. A failed commit is not repeated: whether it took place is for the state to
 * tell.
 */
final class Writers {

  private static final Logger log = LoggerFactory.getLogger(Writers.class);

  static final int SMALL = 1;
  static final int LARGE = 100;
  static final int HUGE = 10_000;

  private static final int THREADS = 16;
  private static final int KEYS = 50;
  private static final int KEYS_OF_LARGE = 10;
  private static final double SHARE_OF_LARGE = 0.01;

  private final WritePath path;
  private final Load load;
  private final long seed;
  private final List<Thread> threads = new ArrayList<>();
  private volatile boolean stopped;

  /**
   * How much is written.
   *
   * @param pauseMillis longest pause of a thread between two transactions
   * @param huge whether the first transaction is one of 10,000 messages
   */
  record Load(int pauseMillis, boolean huge) {}

  Writers(WritePath path, Load load, long seed) {
    this.path = path;
    this.load = load;
    this.seed = seed;
  }

  Writers start() {
    for (int n = 0; n < THREADS; n++) {
      boolean huge = load.huge() && n == 0;
      Random random = new Random(seed + n);
      Thread thread = new Thread(() -> write(random, huge), "writer-" + n);
      thread.setDaemon(true);
      threads.add(thread);
      thread.start();
    }
    return this;
  }

  private void write(Random random, boolean hugeFirst) {
    int messages = hugeFirst ? HUGE : draw(random);
    while (!stopped) {
      try {
        path.write(spread(messages, random));
      } catch (RuntimeException e) {
        log.debug("A write failed, as it may", e);
      }
      pause(random.nextInt(load.pauseMillis()));
      messages = draw(random);
    }
  }

  private static int draw(Random random) {
    return random.nextDouble() < SHARE_OF_LARGE ? LARGE : SMALL;
  }

  private static SortedMap<String, Integer> spread(int messages, Random random) {
    List<Integer> numbers = new ArrayList<>();
    for (int n = 0; n < KEYS; n++) {
      numbers.add(n);
    }
    Collections.shuffle(numbers, random);
    int keys = messages == SMALL ? 1 : messages == LARGE ? KEYS_OF_LARGE : KEYS;
    SortedMap<String, Integer> raises = new TreeMap<>();
    numbers.subList(0, keys).forEach(n -> raises.put("key-" + n, messages / keys));
    return raises;
  }

  private static void pause(int millis) {
    LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(millis));
  }

  /** Begins nothing new and waits for what has begun. */
  void stop() throws InterruptedException {
    stopped = true;
    for (Thread thread : threads) {
      thread.join();
    }
  }
}
