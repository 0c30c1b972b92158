package dev.evenkeel.outbox.spi;

import java.util.Map;

/** Adds headers of the caller's context (trace, tenant) to each appended message. Thread-safe. */
@FunctionalInterface
public interface HeaderSource {

  /** Headers of the current thread's context; empty when there are none. */
  Map<String, String> headers();
}
