package dev.evenkeel.outbox.spi;

import org.jspecify.annotations.Nullable;

/** Knows the slot that the current transaction is bound to. */
@FunctionalInterface
public interface TransactionSlot {

  /** There are no shards, so no transaction has a slot. */
  TransactionSlot NONE = () -> null;

  /** 0 to 4,095; null when the transaction is bound to none. Called within the transaction. */
  @Nullable Integer slot();
}
