package dev.evenkeel.autoconfigure;

import java.sql.SQLException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A reading from the database, kept for a few seconds: several gauges and frequent scrapes cost one
 * query. A failed reading is kept as well. Thread-safe; callers wait for one that reads.
 */
final class Cached<T> {

  private static final Logger log = LoggerFactory.getLogger(Cached.class);

  /** A query that may fail. */
  interface Source<T> {
    @Nullable T read() throws SQLException;
  }

  private final Source<T> source;
  private final long keepNanos;
  private @Nullable T value;
  private long readAt;
  private boolean read;

  Cached(Duration keep, Source<T> source) {
    this.source = source;
    this.keepNanos = keep.toNanos();
  }

  /** The reading; null when there is none. */
  synchronized @Nullable T get() {
    if (!read || System.nanoTime() - readAt >= keepNanos) {
      value = readNow();
      readAt = System.nanoTime();
      read = true;
    }
    return value;
  }

  private @Nullable T readNow() {
    try {
      return source.read();
    } catch (SQLException | RuntimeException e) {
      log.debug("A reading for meters and health failed", e);
      return null;
    }
  }
}
