package dev.evenkeel.saga;

import java.util.UUID;

/**
 * Another saga has the lock. Thrown out of a step it is a refusal with {@link LockMode#FAIL}, and
 * with {@link LockMode#WAIT} the step is tried again.
 */
public final class SagaLockedException extends SagaException {

  private static final long serialVersionUID = 1L;

  private final String name;
  private final String key;
  private final UUID holder;

  SagaLockedException(String name, String key, UUID holder, String why) {
    super("Lock \"%s\" of \"%s\" is held by saga %s%s".formatted(name, key, holder, why));
    this.name = name;
    this.key = key;
    this.holder = holder;
  }

  /** What is locked. */
  public String name() {
    return name;
  }

  /** Which one of them. */
  public String key() {
    return key;
  }

  /** The saga that has the lock. */
  public UUID holder() {
    return holder;
  }
}
