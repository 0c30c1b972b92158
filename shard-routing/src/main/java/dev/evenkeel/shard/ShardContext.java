package dev.evenkeel.shard;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.datasource.ConnectionHolder;
import org.springframework.transaction.TransactionExecution;
import org.springframework.transaction.support.TransactionSynchronization;
import org.springframework.transaction.support.TransactionSynchronizationManager;

/**
 * What this thread is bound to: the scope in force, and the shards whose connections it holds for
 * longer than one statement: routed transactions, suspended ones included, and connections that
 * Spring keeps for the length of an outer method without a transaction. Everything here is confined
 * to its thread.
 *
 * <p>Invariant: all that a thread holds is of one slot. So neither a nested call nor {@code
 * REQUIRES_NEW} can commit on a second database while the first may still roll back, and no
 * statement is sent on a connection that an earlier scope left behind.
 */
final class ShardContext {

  private static final ThreadLocal<ShardContext> CURRENT =
      ThreadLocal.withInitial(ShardContext::new);

  /** Something that ties the thread to a binding. */
  private interface Hold {
    ShardBinding binding();

    /** Whether it is over although nobody said so. */
    boolean isOver();
  }

  private record Open(TransactionExecution transaction, ShardBinding binding) implements Hold {

    /** Spring tells listeners nothing more after certain failures before the commit. */
    @Override
    public boolean isOver() {
      return transaction.isCompleted();
    }
  }

  /** A connection that is kept while synchronization is active and no transaction is followed. */
  private final class Kept implements Hold, TransactionSynchronization {

    private final ShardBinding binding;

    Kept(ShardBinding binding) {
      this.binding = binding;
    }

    @Override
    public ShardBinding binding() {
      return binding;
    }

    @Override
    public boolean isOver() {
      return false;
    }

    /** Spring puts the connection away with the synchronization. */
    @Override
    public void suspend() {
      holds.remove(this);
    }

    @Override
    public void resume() {
      holds.push(this);
    }

    @Override
    public void afterCompletion(int status) {
      holds.remove(this);
    }
  }

  private final Deque<Hold> holds = new ArrayDeque<>(2);
  private @Nullable ShardBinding binding;
  private boolean beginning;
  private boolean readOnly;

  private ShardContext() {}

  static ShardContext current() {
    return CURRENT.get();
  }

  /** The scope in force; null outside of any. */
  @Nullable ShardBinding binding() {
    return binding;
  }

  /** What the thread is held to, innermost; null when it holds nothing. */
  @Nullable ShardBinding held() {
    while (!holds.isEmpty() && holds.element().isOver()) {
      holds.remove();
    }
    Hold innermost = holds.peek();
    return innermost == null ? null : innermost.binding();
  }

  /** What rows that are written now belong to: the transaction's, else the scope's. */
  @Nullable ShardBinding effective() {
    ShardBinding held = held();
    return held == null ? binding : held;
  }

  /** Calls work within a scope, once it is clear that nothing which is held forbids it. */
  <T extends @Nullable Object> T call(ShardBinding next, Supplier<T> work) {
    ShardBinding previous = enter(next);
    try {
      return work.get();
    } finally {
      leave(previous);
    }
  }

  /**
   * Enters a scope.
   *
   * @return what to give to {@link #leave}
   * @throws CrossShardException when the thread holds something of another slot
   */
  @Nullable ShardBinding enter(ShardBinding next) {
    ShardBinding previous = binding;
    ShardBinding held = held();
    if (held != null) {
      held.requireSame(next);
      binding = next.onShardOf(held); // even if the map has changed since it began
    } else {
      requireNoUnknownTransaction(previous, next);
      binding = next;
    }
    return previous;
  }

  /** A transaction of a manager that nobody follows: its connection is of the scope it began in. */
  private static void requireNoUnknownTransaction(
      @Nullable ShardBinding previous, ShardBinding next) {
    boolean unknown =
        TransactionSynchronizationManager.getResourceMap().entrySet().stream()
            .anyMatch(
                resource ->
                    resource.getKey() instanceof RoutingDataSource
                        && resource.getValue() instanceof ConnectionHolder);
    if (!unknown) {
      return;
    }
    if (previous != null) {
      previous.requireSame(next);
    } else {
      throw new CrossShardException(
          "A transaction is open whose shard is not known, and the call inside it wants shard \"%s\" (key \"%s\"): add RoutedTransactions to its transaction manager, and begin it within the scope"
              .formatted(next.shard(), next.key()));
    }
  }

  void leave(@Nullable ShardBinding previous) {
    binding = previous;
  }

  void beginning(boolean isReadOnly) {
    beginning = true;
    readOnly = isReadOnly;
  }

  void begun() {
    beginning = false;
  }

  /** Whether the connection that is asked for now is for a transaction that begins read-only. */
  boolean beginsReadOnly() {
    return beginning && readOnly;
  }

  /** A connection is handed out: where Spring is going to keep it, the thread is held to it. */
  void connected(ShardBinding of) {
    if (!beginning
        && held() == null
        && TransactionSynchronizationManager.isSynchronizationActive()) {
      Kept kept = new Kept(of);
      holds.push(kept);
      TransactionSynchronizationManager.registerSynchronization(kept);
    }
  }

  void opened(TransactionExecution transaction, ShardBinding of) {
    holds.push(new Open(transaction, of));
  }

  /** The binding of a transaction; null when it is not a routed one. */
  @Nullable ShardBinding of(TransactionExecution transaction) {
    return holds.peek() instanceof Open open && open.transaction() == transaction
        ? open.binding()
        : null;
  }

  void closed(TransactionExecution transaction) {
    holds.removeIf(hold -> hold instanceof Open open && open.transaction() == transaction);
  }
}
