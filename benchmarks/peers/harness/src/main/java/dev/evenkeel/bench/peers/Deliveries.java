package dev.evenkeel.bench.peers;

/** Learns what becomes of events, each known by its order's id. Thread-safe. */
public interface Deliveries {

  /** A handler has got the event, whatever it does with it: the end of its delay. */
  void delivered(long order);

  /**
   * The event is done, its effects durable where there are any; also {@link #delivered} when nobody
   * has said so before. Saying it again changes nothing.
   */
  void handled(long order);
}
