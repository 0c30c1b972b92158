package dev.evenkeel.autoconfigure.sagas;

/** A business refusal. */
final class AccountClosed extends RuntimeException {

  private static final long serialVersionUID = 1L;

  AccountClosed(String account) {
    super(account + " is closed");
  }
}
