package dev.evenkeel.shard.guard;

/**
 * A dual write was refused; nothing was sent. Thrown to the caller of the client, inside its
 * transaction, which rolls back unless the caller catches it. A transaction manager whose
 * transaction was refused its connection wraps it in its own exception.
 */
public final class DualWriteException extends RuntimeException {

  private final DualWriteKind kind;
  private final String callSite;

  DualWriteException(DualWriteKind kind, String callSite, String message) {
    super(message);
    this.kind = kind;
    this.callSite = callSite;
  }

  /** What was called. */
  public DualWriteKind kind() {
    return kind;
  }

  /** The application's stack frame that called it, such as {@code a.b.Shop.place(Shop.java:42)}. */
  public String callSite() {
    return callSite;
  }
}
