package dev.evenkeel.shard.guard;

import org.springframework.core.Ordered;
import org.springframework.transaction.support.TransactionSynchronization;
import org.springframework.transaction.support.TransactionSynchronizationManager;

/**
 * What Spring's flags do not say about the thread's transaction: after the commit, while others are
 * told of it, a transaction still counts as active there; and a transaction of JTA looks like a
 * local one.
 */
final class TransactionMark implements TransactionSynchronization {

  private boolean open;

  private TransactionMark(boolean local) {
    this.open = local;
  }

  /**
   * Marks the thread's transaction, which has just begun.
   *
   * @param local whether it is of one resource
   */
  static void begun(boolean local) {
    if (TransactionSynchronizationManager.isSynchronizationActive()) {
      TransactionSynchronizationManager.registerSynchronization(new TransactionMark(local));
    }
  }

  /** Whether the thread's transaction has ended, or is none of one resource. Unmarked means no. */
  static boolean closed() {
    for (TransactionSynchronization each :
        TransactionSynchronizationManager.getSynchronizations()) {
      if (each instanceof TransactionMark mark) {
        return !mark.open;
      }
    }
    return false;
  }

  @Override
  public void afterCommit() {
    open = false;
  }

  /** Before the application's own callbacks, which may send. */
  @Override
  public int getOrder() {
    return Ordered.HIGHEST_PRECEDENCE;
  }
}
