package dev.evenkeel.transport.kafka.crash;

/** A step on a message's way that something may happen before or after. */
enum Boundary {
  /** The commit of state and outbox rows. */
  APPEND,
  /** A process becomes the relay's leader. */
  LEAD,
  /** The relay hands a message to the transport. */
  SEND,
  /** A record goes into the producer; its other side is what the broker has answered. */
  PRODUCE,
  /** The transport tells the relay that a message is durable. */
  ACKNOWLEDGE,
  /** The relay commits how far it is about to confirm. */
  WITNESS,
  /** The commit that parks a message that the broker does not take. */
  PARK,
  /** The commit that parks a message behind such a one. */
  QUEUE,
  /** The commit that ends such a message, after the broker has it. */
  RELEASE,
  /** The commit by which a partition gets its new owner. */
  CLAIM,
  /** A poll brought records; there is no other side. */
  POLL,
  /** The inbox row is inserted. */
  INBOX,
  /** The commit of effects and inbox row. */
  EFFECT,
  /** Offsets are committed; there is no side before it. */
  OFFSETS,
  /** The commit that parks a message whose handler fails. */
  SET_ASIDE,
  /** The commit that parks a message behind such a one. */
  SET_BEHIND,
  /** The commit that ends such a message, after its effects. */
  SET_FREE;

  /** Where one stands. */
  enum Side {
    BEFORE,
    AFTER
  }

  boolean has(Side side) {
    return switch (this) {
      case POLL, OFFSETS -> side == Side.AFTER;
      default -> true;
    };
  }
}
