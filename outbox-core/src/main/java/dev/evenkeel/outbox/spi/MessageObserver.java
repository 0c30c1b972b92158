package dev.evenkeel.outbox.spi;

import java.time.Duration;

/** Told what happens to messages, for meters. Called on hot paths: must not block or throw. */
public interface MessageObserver {

  /** Does nothing. */
  MessageObserver NONE = new MessageObserver() {};

  /** Rows were written to the outbox; the transaction may still roll back. */
  default void appended(int messages) {}

  /** The relay handed a message to the transport for the first time in this term. */
  default void sent() {}

  /** A handler's effects and its inbox row committed. */
  default void handled(String consumer, Duration sinceAppend) {}

  /** A delivery found its effects done already. */
  default void duplicate(String consumer) {}

  /** An attempt failed and will be repeated. */
  default void retried(String consumer) {}

  /** A message was moved to the parked messages. */
  default void parked(String consumer, String reason) {}

  /** A message became a dead letter. */
  default void dead(String consumer, String reason) {}
}
