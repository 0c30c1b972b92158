package dev.evenkeel.transport.kafka;

/** What has been polled and is not done, over all partitions. Thread-safe. */
final class InFlightBudget {

  private final int maxMessages;
  private final long maxBytes;
  private int messages;
  private long bytes;

  InFlightBudget(int maxMessages, long maxBytes) {
    this.maxMessages = maxMessages;
    this.maxBytes = maxBytes;
  }

  synchronized void add(int size) {
    messages++;
    bytes += size;
  }

  synchronized void remove(int size) {
    messages--;
    bytes -= size;
  }

  /** Whether nothing more is to be polled. */
  synchronized boolean spent() {
    return messages >= maxMessages || bytes >= maxBytes;
  }

  /** Whether polling may go on after it was spent; lower, so that it does not flutter. */
  synchronized boolean relaxed() {
    return messages <= maxMessages / 2 && bytes <= maxBytes / 2;
  }

  synchronized int messages() {
    return messages;
  }
}
