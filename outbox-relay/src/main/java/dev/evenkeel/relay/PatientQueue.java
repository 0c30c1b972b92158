package dev.evenkeel.relay;

import io.debezium.connector.base.QueueProvider;
import java.time.Instant;
import java.time.temporal.ChronoField;
import java.util.ArrayDeque;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Debezium's queue between the thread that decodes the WAL and the one that hands on, which sleeps
 * where Debezium would spin. Its poll is over when more milliseconds have gone by than {@code
 * poll.interval.ms}, but it waits only for those; so it spends the last millisecond of each poll
 * asking for the queue's size, with the queue's lock held. At 2 ms that is a third of a core, also
 * in an application that does nothing. Who asks again and again is made to sleep for that
 * millisecond; whoever wants to add had to wait for the lock as long before. Public because
 * Debezium makes it. Guarded by that lock.
 */
public final class PatientQueue<T> implements QueueProvider<T> {

  static final String NAME = "evenkeel";

  /** Between two questions of somebody who spins. */
  private static final long QUICK = TimeUnit.MICROSECONDS.toNanos(100);

  /** A poll begins with two questions in a row. */
  private static final int FIRST_QUESTIONS = 2;

  private static final int MILLISECOND = 1_000; // us

  private final Queue<T> records = new ArrayDeque<>();
  private long askedAt = System.nanoTime();
  private int quickly;

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public void configure(Map<String, ?> properties) {}

  @Override
  public void enqueue(T record) {
    records.add(record);
  }

  @Override
  public @Nullable T poll() {
    return records.poll();
  }

  @Override
  public int size() {
    if (records.isEmpty()) {
      long now = System.nanoTime();
      quickly = now - askedAt < QUICK ? quickly + 1 : 0;
      if (quickly > FIRST_QUESTIONS) {
        int micros = Instant.now().get(ChronoField.MICRO_OF_SECOND) % MILLISECOND;
        LockSupport.parkNanos(TimeUnit.MICROSECONDS.toNanos(MILLISECOND - micros));
        now = System.nanoTime();
        quickly = 0;
      }
      askedAt = now;
    }
    return records.size();
  }
}
