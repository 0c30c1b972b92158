package dev.evenkeel.outbox;

/** A message carries a claim on its payload, and the payload store does not know the claim. */
public final class ClaimMissingException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  ClaimMissingException(OutboxMessage message, String claim) {
    super(
        "The payload store holds nothing for the claim \"%s\" of %s; it has forgotten it, or is not the store that the message was appended with"
            .formatted(claim, message));
  }
}
