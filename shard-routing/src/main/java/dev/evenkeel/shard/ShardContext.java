package dev.evenkeel.shard;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.transaction.TransactionExecution;

/**
 * What this thread is bound to: the scope in force, and the routed transactions that are open,
 * suspended ones included. Everything here is confined to its thread.
 *
 * <p>Invariant: all open transactions of a thread are of one slot. So neither a nested call nor
 * {@code REQUIRES_NEW} can commit on a second database while the first may still roll back.
 */
final class ShardContext {

  private static final ThreadLocal<ShardContext> CURRENT =
      ThreadLocal.withInitial(ShardContext::new);

  private record Open(TransactionExecution transaction, ShardBinding binding) {}

  private final Deque<Open> open = new ArrayDeque<>(2);
  private @Nullable ShardBinding binding;
  private boolean beginning;
  private boolean readOnly;

  private ShardContext() {}

  static ShardContext current() {
    return CURRENT.get();
  }

  @Nullable ShardBinding binding() {
    return binding;
  }

  /** The binding of the innermost open transaction; null when none is open. */
  @Nullable ShardBinding transaction() {
    Open innermost = open.peek();
    return innermost == null ? null : innermost.binding();
  }

  /** Calls work within a scope, once it is clear that no open transaction forbids it. */
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
   * @throws CrossShardException when a transaction of another slot is open
   */
  @Nullable ShardBinding enter(ShardBinding next) {
    ShardBinding previous = binding;
    ShardBinding bound = transaction();
    if (bound == null) {
      binding = next;
    } else {
      bound.requireSame(next);
      binding = bound; // its shard, even if the map has changed since it began
    }
    return previous;
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

  void opened(TransactionExecution transaction, ShardBinding of) {
    open.push(new Open(transaction, of));
  }

  /** The binding of a transaction; null when it is not a routed one. */
  @Nullable ShardBinding of(TransactionExecution transaction) {
    Open innermost = open.peek();
    return innermost != null && innermost.transaction() == transaction ? innermost.binding() : null;
  }

  void closed(TransactionExecution transaction) {
    open.removeIf(candidate -> candidate.transaction() == transaction);
  }
}
