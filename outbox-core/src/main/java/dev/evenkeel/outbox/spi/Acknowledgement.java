package dev.evenkeel.outbox.spi;

/** What a transport reports of one message: exactly one of the two, once, from any thread. */
public interface Acknowledgement {

  /** The message's fate is durable: each consumer has an inbox row, a parked row or a verdict. */
  void acknowledge();

  /** It can't be made durable; the relay stops this session and sends again from the last flush. */
  void fail(Throwable cause);
}
