package dev.evenkeel.outbox;

import dev.evenkeel.outbox.spi.TransactionFlush;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.springframework.core.Ordered;
import org.springframework.transaction.support.TransactionSynchronization;
import org.springframework.transaction.support.TransactionSynchronizationManager;

/**
 * What one transaction appended so far. Confined to the transaction's thread.
 *
 * <p>Written last of all before the commit: first JPA is flushed (row locks before positions),
 * until a flush appends nothing more; then the rows are inserted; from then on appends are refused,
 * because a row written now could be positioned before changes that are still to be flushed.
 */
final class OutboxBuffer implements TransactionSynchronization, Ordered {

  /** Entity listeners may append while JPA flushes, and so on; no sane model does it this often. */
  private static final int MAX_FLUSHES = 100;

  private record Savepoint(Object savepoint, int size) {}

  private final Object resourceKey;
  private final List<TransactionFlush> flushes;
  private final Consumer<List<OutboxMessage>> writer;
  private final Runnable refuseCommit;
  private final List<OutboxMessage> messages = new ArrayList<>();
  private final Set<UUID> ids = new HashSet<>();
  private final Deque<Savepoint> savepoints = new ArrayDeque<>();
  private boolean committing;
  private boolean written;
  private @Nullable RuntimeException failure;

  OutboxBuffer(
      Object resourceKey,
      List<TransactionFlush> flushes,
      Consumer<List<OutboxMessage>> writer,
      Runnable refuseCommit) {
    this.resourceKey = resourceKey;
    this.flushes = flushes;
    this.writer = writer;
    this.refuseCommit = refuseCommit;
  }

  /** Refuses a message that can't be added. */
  void check(OutboxMessage message) {
    if (written) {
      throw new OutboxException(
          message
              + " was appended after the transaction's messages had been written; append before the"
              + " commit begins, or give the BEFORE_COMMIT listener a lower order than"
              + " Ordered.LOWEST_PRECEDENCE");
    }
    if (ids.contains(message.id())) {
      throw new OutboxException(
          message + " was appended twice in one transaction; message ids must be unique");
    }
  }

  /** Adds a message that was checked. */
  void add(OutboxMessage message) {
    ids.add(message.id());
    messages.add(message);
  }

  @Override
  public int getOrder() {
    return Ordered.LOWEST_PRECEDENCE;
  }

  @Override
  public void savepoint(Object savepoint) {
    savepoints.push(new Savepoint(savepoint, messages.size()));
  }

  @Override
  public void savepointRollback(Object savepoint) {
    while (!savepoints.isEmpty()) {
      Savepoint last = savepoints.peek();
      if (last.savepoint().equals(savepoint)) { // stays: it can be rolled back to again
        List<OutboxMessage> dropped = messages.subList(last.size(), messages.size());
        dropped.forEach(message -> ids.remove(message.id()));
        dropped.clear();
        return;
      }
      savepoints.pop();
    }
    // A savepoint from before the first append: everything came after it.
    messages.clear();
    ids.clear();
  }

  @Override
  public void beforeCommit(boolean readOnly) {
    committing = true;
    for (int flush = 1, before = -1; before != messages.size(); flush++) {
      if (flush > MAX_FLUSHES) {
        throw new OutboxException(
            "Flushing appended new messages %d times in a row; an entity listener appends on every flush"
                .formatted(MAX_FLUSHES));
      }
      before = messages.size();
      flushes.forEach(TransactionFlush::flush);
    }
    written = true;
    if (!messages.isEmpty()) {
      writer.accept(messages);
    }
  }

  /**
   * Writes what {@link #beforeCommit} never saw: Spring lists the synchronizations once before it
   * calls them, so a buffer that a BEFORE_COMMIT listener made by the transaction's first append is
   * not among them.
   */
  @Override
  public void beforeCompletion() {
    if (committing || messages.isEmpty() || isRollingBack()) {
      return;
    }
    try {
      beforeCommit(false);
    } catch (RuntimeException e) {
      // Spring only logs what is thrown here; afterCommit tells the caller.
      failure = e;
      refuseCommit.run();
    }
  }

  /** Spring does not say which end the transaction is about to have; the nearest caller does. */
  private static boolean isRollingBack() {
    return StackWalker.getInstance()
        .walk(
            frames ->
                frames
                    .map(StackWalker.StackFrame::getMethodName)
                    .filter(name -> name.equals("processCommit") || name.equals("processRollback"))
                    .findFirst())
        .filter("processRollback"::equals)
        .isPresent();
  }

  /**
   * Reached after a refused commit, too: the driver reports the rollback of an aborted transaction
   * as a commit.
   */
  @Override
  public void afterCommit() {
    if (failure != null) {
      throw new OutboxException(
          "The transaction was rolled back, because its messages could not be written: " + failure,
          failure);
    }
    if (!written && !messages.isEmpty()) {
      throw new OutboxException(
          "The transaction committed without "
              + messages
              + ", appended too late, while the commit was under way; flush before the commit begins");
    }
  }

  @Override
  public void suspend() {
    TransactionSynchronizationManager.unbindResource(resourceKey);
  }

  @Override
  public void resume() {
    TransactionSynchronizationManager.bindResource(resourceKey, this);
  }

  @Override
  public void afterCompletion(int status) {
    TransactionSynchronizationManager.unbindResourceIfPossible(resourceKey);
  }
}
