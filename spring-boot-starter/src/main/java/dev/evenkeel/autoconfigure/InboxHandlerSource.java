package dev.evenkeel.autoconfigure;

import dev.evenkeel.outbox.InboxHandlers;
import java.util.List;

/** Adds inbox handlers that are made in code. */
@FunctionalInterface
interface InboxHandlerSource {

  /**
   * Adds its handlers.
   *
   * @return the mistakes that the builder does not know, each as a sentence
   */
  List<String> addTo(InboxHandlers.Builder builder);
}
