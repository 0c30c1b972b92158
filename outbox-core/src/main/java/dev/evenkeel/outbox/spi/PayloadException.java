package dev.evenkeel.outbox.spi;

import org.jspecify.annotations.Nullable;

/** A payload that can't be written or read. */
public class PayloadException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  public PayloadException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
