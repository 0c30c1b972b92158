package dev.evenkeel.outbox;

import dev.evenkeel.outbox.spi.Fence;

/**
 * The {@code application_name} of the framework's database sessions: how a new leader recognises
 * the sessions of the one before, and an operator what a session is for.
 */
public final class SessionNames {

  private SessionNames() {}

  /** What every session of an installation starts with. */
  public static String prefix(String schema) {
    return "evenkeel:" + schema + ":";
  }

  /** A session of one term of leadership. */
  public static String of(String schema, long epoch, String purpose) {
    return prefix(schema) + epoch + ":" + purpose;
  }

  /** A session of one term of an owner of messages. */
  static String of(String schema, Fence fence, String purpose) {
    // A new leader of the relay ends the sessions of older terms of the relay, and only those.
    return fence.ofRelay()
        ? of(schema, fence.epoch(), purpose)
        : prefix(schema) + "inbox:" + purpose;
  }
}
