package dev.evenkeel.relay;

import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.postgresql.replication.LogSequenceNumber;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Logical messages under the outbox's prefix that no append wrote: everybody who may connect to the
 * database may write some. They are skipped, and told about at most once a minute. One thread.
 */
final class StrangeMessages {

  private static final Logger log = LoggerFactory.getLogger(StrangeMessages.class);
  private static final long MINUTE = TimeUnit.MINUTES.toNanos(1);

  private final String prefix;
  private long skipped;
  private long sayAt = System.nanoTime();

  StrangeMessages(String prefix) {
    this.prefix = prefix;
  }

  /**
   * Counts one.
   *
   * @param lsn its place in the WAL; null when it is not known
   */
  void skip(@Nullable Long lsn, int bytes) {
    skipped++;
    if (System.nanoTime() - sayAt < 0) {
      return;
    }
    log.warn(
        "Skipped {} logical messages with the prefix {} that the outbox did not write, the last at {} of"
            + " {} bytes; whoever writes them should use another prefix",
        skipped,
        prefix,
        lsn == null ? "an unknown place" : LogSequenceNumber.valueOf(lsn).asString(),
        bytes);
    skipped = 0;
    sayAt = System.nanoTime() + MINUTE;
  }
}
