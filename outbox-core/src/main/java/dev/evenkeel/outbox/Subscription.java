package dev.evenkeel.outbox;

/**
 * A consumer's wish for a type of message.
 *
 * @param version a version, or 0 for every version
 */
public record Subscription(String consumer, String type, int version) {

  /** Stands for every version of a type. */
  public static final int EVERY_VERSION = 0;

  @Override
  public String toString() {
    return consumer + " (" + type + (version == EVERY_VERSION ? "" : " v" + version) + ")";
  }
}
