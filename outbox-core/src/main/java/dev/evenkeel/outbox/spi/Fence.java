package dev.evenkeel.outbox.spi;

/**
 * Who may park and release messages, and in which term: what a transaction on the parked tables
 * compares with the database before it changes anything.
 *
 * @param source where the messages come from: {@link #RELAY}, {@link #TRANSPORT}, or {@code
 *     GROUP/TOPIC/PARTITION} of a Kafka consumer group
 * @param epoch number of the owner's term; each new owner of the source has a higher one
 */
public record Fence(String source, long epoch) {

  /** The installation's own relay, which delivers within its process. */
  public static final String RELAY = "relay";

  /** The installation's own relay, which sends to a broker. */
  public static final String TRANSPORT = "transport";

  /** The fence of a term of the relay, for what it delivers within its process. */
  public static Fence relay(long epoch) {
    return new Fence(RELAY, epoch);
  }

  /** The fence of a term of the relay, for what it sends to a broker. */
  public static Fence transport(long epoch) {
    return new Fence(TRANSPORT, epoch);
  }

  /** Whether the epoch is that of the relay, and not of a partition. */
  public boolean ofRelay() {
    return source.equals(RELAY) || source.equals(TRANSPORT);
  }
}
