package dev.evenkeel.outbox;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The message whose handler runs on this thread: what it appends or starts was caused by it. */
public final class CurrentMessage {

  private static final ThreadLocal<@Nullable OutboxMessage> CURRENT = new ThreadLocal<>();

  private CurrentMessage() {}

  static void run(OutboxMessage message, Runnable work) {
    CURRENT.set(message);
    try {
      work.run();
    } finally {
      CURRENT.remove();
    }
  }

  /**
   * Causation, correlation, trace and tenant that a message appended now inherits; empty outside a
   * handler.
   */
  public static Map<String, String> headers() {
    OutboxMessage message = CURRENT.get();
    if (message == null) {
      return Map.of();
    }
    Map<String, String> headers = new HashMap<>();
    headers.put(MessageHeaders.CAUSATION_ID, message.id().toString());
    headers.put(MessageHeaders.CORRELATION_ID, message.id().toString());
    for (String inherited :
        new String[] {
          MessageHeaders.CORRELATION_ID, MessageHeaders.TRACE_PARENT, MessageHeaders.TENANT
        }) {
      String value = message.headers().get(inherited);
      if (value != null) {
        headers.put(inherited, value);
      }
    }
    return headers;
  }
}
