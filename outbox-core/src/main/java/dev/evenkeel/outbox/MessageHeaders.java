package dev.evenkeel.outbox;

/** Names of the headers that the framework writes or reads. */
public final class MessageHeaders {

  /** W3C trace context of the appending code. */
  public static final String TRACE_PARENT = "traceparent";

  /** One id over everything that one request caused. */
  public static final String CORRELATION_ID = "correlation-id";

  /** Id of the message whose handler appended this one. */
  public static final String CAUSATION_ID = "causation-id";

  /** The tenant, where the application has tenants. */
  public static final String TENANT = "tenant";

  /** Present, "true", on a message that reconciliation sent again from the ring. */
  public static final String RECONCILED = "evenkeel-reconciled";

  /** Slot of the transaction that appended the message, in decimal; where there are shards. */
  public static final String SLOT = "evenkeel-slot";

  /**
   * Claim on the payload, which is in the payload store; the message itself carries none. Handlers
   * never see it.
   */
  public static final String CLAIM_CHECK = "evenkeel-claim-check";

  private MessageHeaders() {}
}
