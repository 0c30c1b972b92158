package dev.evenkeel.shard.guard;

/**
 * Told about every dual write that is warned of or refused, for meters. Called on the thread that
 * attempts it, inside its transaction: must not block or throw.
 */
@FunctionalInterface
public interface DualWriteObserver {

  /** A dual write was found; those that {@link DualWriteAllowed} exempts are not told. */
  void found(DualWriteKind kind);
}
