package dev.evenkeel.outbox.spi;

/**
 * Flushes an object-relational mapper before outbox rows are written, so that row locks are taken
 * before positions are drawn: that is what makes positions of one aggregate follow commit order.
 */
@FunctionalInterface
public interface TransactionFlush {

  /** Flushes what the current transaction holds in memory; does nothing when there is nothing. */
  void flush();
}
