package dev.evenkeel.outbox.delivery;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which databases of effects do not answer. Work headed to one of them pauses; one delivery at a
 * time finds out whether it is back. Thread-safe.
 */
final class Outages {

  private static final Logger log = LoggerFactory.getLogger(Outages.class);

  static final Duration PROBE = Duration.ofMillis(500);

  private record Outage(long since, AtomicLong probedAt) {}

  private final Map<String, Outage> outages = new ConcurrentHashMap<>();

  /** Whether a delivery may try the database now. */
  boolean mayTry(String target) {
    Outage outage = outages.get(target);
    if (outage == null) {
      return true;
    }
    long now = System.nanoTime();
    long probed = outage.probedAt().get();
    return now - probed >= PROBE.toNanos() && outage.probedAt().compareAndSet(probed, now);
  }

  /** How long it has not answered; zero when it does. */
  Duration lasting(String target) {
    Outage outage = outages.get(target);
    return outage == null
        ? Duration.ZERO
        : Duration.ofNanos(Math.max(1, System.nanoTime() - outage.since()));
  }

  void failed(String target, Throwable failure) {
    long now = System.nanoTime();
    if (outages.putIfAbsent(target, new Outage(now, new AtomicLong(now))) == null) {
      log.warn(
          "The database \"{}\" does not answer; work headed there pauses and is tried every {} ms: {}",
          target,
          PROBE.toMillis(),
          failure.getMessage());
    }
  }

  void answered(String target) {
    Outage outage = outages.remove(target);
    if (outage != null) {
      log.info(
          "The database \"{}\" answers again after {} ms",
          target,
          TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - outage.since()));
    }
  }
}
