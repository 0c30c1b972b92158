package dev.evenkeel.sample.orders.crash;

import java.util.concurrent.ThreadLocalRandom;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Where a run's samples and loads are drawn from. */
public final class Seed {

  private static final Logger log = LoggerFactory.getLogger(Seed.class);
  private static final String PROPERTY = "evenkeel.test.seed";

  private Seed() {}

  /** The given one, or a new one, which is printed. */
  public static long draw() {
    long seed = Long.getLong(PROPERTY, ThreadLocalRandom.current().nextInt(1_000_000));
    log.info("Replay with -D{}={}", PROPERTY, seed);
    return seed;
  }
}
