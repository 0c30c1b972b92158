package dev.evenkeel.relay;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Has the janitor sweep now and then while a term lasts, on a thread of its own. */
final class Sweeps implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(Sweeps.class);

  private final RelayOptions options;
  private final Term term;
  private final ScheduledExecutorService thread;

  Sweeps(RelayOptions options, Term term) {
    this.options = options;
    this.term = term;
    this.thread =
        Executors.newSingleThreadScheduledExecutor(
            task -> {
              Thread janitor = new Thread(task, "evenkeel-relay-janitor-" + options.schema());
              janitor.setDaemon(true);
              return janitor;
            });
    long interval = options.janitor().interval().toMillis();
    thread.scheduleWithFixedDelay(this::sweep, interval, interval, TimeUnit.MILLISECONDS);
  }

  private void sweep() {
    try (Connection c = term.openPatient("janitor")) {
      new RingJanitor(options.schema(), options.janitor()).sweep(c);
    } catch (SQLException | RuntimeException e) { // a periodic task that throws never runs again
      if (!thread.isShutdown()) {
        log.warn("The janitor could not sweep: {}", e.getMessage());
      }
    }
  }

  @Override
  public void close() {
    thread.shutdownNow();
  }
}
