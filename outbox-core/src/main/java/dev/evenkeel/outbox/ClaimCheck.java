package dev.evenkeel.outbox;

import dev.evenkeel.outbox.spi.PayloadStore;
import java.util.HashMap;
import java.util.Map;

/** Swaps payloads for claims, and claims for payloads. Thread-safe. */
record ClaimCheck(PayloadStore store) {

  private static final byte[] NO_PAYLOAD = {};

  /** Leaves the payload in the store, in the current transaction. */
  OutboxMessage leave(OutboxMessage message) {
    String claim = store.store(message);
    Map<String, String> headers = new HashMap<>(message.headers());
    headers.put(MessageHeaders.CLAIM_CHECK, claim);
    return message.with(NO_PAYLOAD, headers);
  }

  /**
   * The message with its payload. As it is when it carries no claim, and when the store does not
   * know the claim: only who needs the payload has to fail then, see {@link #requirePayload}.
   *
   * @throws RuntimeException if the store is away
   */
  OutboxMessage redeem(OutboxMessage message) {
    String claim = message.headers().get(MessageHeaders.CLAIM_CHECK);
    return claim == null
        ? message
        : store.load(claim).map(payload -> withPayload(message, payload)).orElse(message);
  }

  private static OutboxMessage withPayload(OutboxMessage message, byte[] payload) {
    Map<String, String> headers = new HashMap<>(message.headers());
    headers.remove(MessageHeaders.CLAIM_CHECK);
    return message.with(payload, headers);
  }

  /**
   * Refuses a message whose claim could not be redeemed.
   *
   * @throws ClaimMissingException if it still carries its claim
   */
  static void requirePayload(OutboxMessage message) {
    String claim = message.headers().get(MessageHeaders.CLAIM_CHECK);
    if (claim != null) {
      throw new ClaimMissingException(message, claim);
    }
  }
}
