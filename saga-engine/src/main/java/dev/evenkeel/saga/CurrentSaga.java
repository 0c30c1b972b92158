package dev.evenkeel.saga;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The saga whose step runs on this thread: what it appends to the outbox belongs to it. */
final class CurrentSaga {

  private static final ThreadLocal<@Nullable Map<String, String>> HEADERS = new ThreadLocal<>();

  private CurrentSaga() {}

  static void enter(Map<String, String> headers) {
    HEADERS.set(headers);
  }

  static void leave() {
    HEADERS.remove();
  }

  static Map<String, String> headers() {
    Map<String, String> headers = HEADERS.get();
    return headers == null ? Map.of() : headers;
  }
}
