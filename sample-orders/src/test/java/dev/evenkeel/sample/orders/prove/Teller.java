package dev.evenkeel.sample.orders.prove;

import static org.awaitility.Awaitility.await;

import dev.evenkeel.sample.orders.HttpApi;
import dev.evenkeel.sample.orders.crash.Journal;
import java.io.IOException;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.Supplier;

/** A client that counts one key up, version by version, each until it is told that it is done. */
final class Teller implements Callable<Long> {

  private static final Duration PATIENCE = Duration.ofMinutes(4);
  private static final int DONE = 204;

  private final String key;
  private final String place;
  private final Random random;
  private final BooleanSupplier goesOn;
  private final Function<Random, HttpApi> nodes;
  private final Journal journal;
  private final Supplier<Duration> longestPause;

  /**
   * Makes a client.
   *
   * @param place what the effects are sharded by
   * @param nodes draws a process to ask
   * @param longestPause between two counts
   */
  Teller(
      String key,
      String place,
      long seed,
      BooleanSupplier goesOn,
      Function<Random, HttpApi> nodes,
      Journal journal,
      Supplier<Duration> longestPause) {
    this.key = key;
    this.place = place;
    this.random = new Random(seed);
    this.goesOn = goesOn;
    this.nodes = nodes;
    this.journal = journal;
    this.longestPause = longestPause;
  }

  /** The last version that it was told of. */
  @Override
  public Long call() {
    long version = 0;
    while (goesOn.getAsBoolean()) {
      version++;
      long next = version;
      if (!ask(next)) {
        await(key + " to be counted to " + next)
            .atMost(PATIENCE)
            .pollInterval(Duration.ofMillis(100))
            .until(() -> ask(next));
      }
      journal.process(Journal.Kind.ACKNOWLEDGED, TallyCounted.text(key, next));
      Pause.upTo(longestPause.get(), random);
    }
    return version;
  }

  /** False without an answer, or when it can't be done now. */
  private boolean ask(long version) {
    try {
      return nodes
              .apply(random)
              .put("/prove/tallies/%s/%d?place=%s".formatted(key, version, place), "")
              .statusCode()
          == DONE;
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("The run is over", e);
    }
  }
}
