package dev.evenkeel.outbox.spi;

/**
 * Who may park and release messages, and in which term: what a transaction on the parked tables
 * compares with the database before it changes anything.
 *
 * @param source where the messages come from: {@link #RELAY}, or {@code GROUP/TOPIC/PARTITION} of a
 *     Kafka consumer group
 * @param epoch number of the owner's term; each new owner of the source has a higher one
 */
public record Fence(String source, long epoch) {

  /** The installation's own relay, which delivers within its process. */
  public static final String RELAY = "relay";

  /** The fence of a term of the relay. */
  public static Fence relay(long epoch) {
    return new Fence(RELAY, epoch);
  }

  /** Whether it is the relay's. */
  public boolean ofRelay() {
    return source.equals(RELAY);
  }
}
