package dev.evenkeel.testing;

import dev.evenkeel.outbox.OutboxMessage;
import dev.evenkeel.outbox.spi.Acknowledgement;
import dev.evenkeel.outbox.spi.Leadership;
import dev.evenkeel.outbox.spi.Transport;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;

/**
 * The smallest transport that keeps the contract: one thread for each key's hash, a set in place of
 * a database.
 */
final class KeyQueueTransport implements Transport {

  private static final int THREADS = 32;

  private final TransportContract.Receiver receiver;
  private final Set<OutboxMessage> durable = ConcurrentHashMap.newKeySet();

  KeyQueueTransport(TransportContract.Receiver receiver) {
    this.receiver = receiver;
  }

  boolean isDurable(OutboxMessage message) {
    return durable.contains(message);
  }

  @Override
  public String name() {
    return "key-queue";
  }

  @Override
  public boolean inProcess() {
    return true;
  }

  @Override
  public Session open(Leadership leadership) {
    return new KeyQueueSession();
  }

  private final class KeyQueueSession implements Session {

    private final ExecutorService[] queues =
        IntStream.range(0, THREADS)
            .mapToObj(i -> Executors.newSingleThreadExecutor())
            .toArray(ExecutorService[]::new);
    private final Object lock = new Object();
    private boolean closed;

    @Override
    public void send(OutboxMessage message, Acknowledgement acknowledgement) {
      queues[Math.floorMod(message.orderKey().hashCode(), THREADS)].execute(
          () -> deliver(message, acknowledgement));
    }

    private void deliver(OutboxMessage message, Acknowledgement acknowledgement) {
      try {
        receiver.receive(message);
      } catch (IllegalStateException e) {
        durable.add(message); // as if it were parked
      }
      synchronized (lock) {
        if (!closed) {
          durable.add(message);
          acknowledgement.acknowledge();
        }
      }
    }

    @Override
    public void close() {
      synchronized (lock) {
        closed = true;
      }
      for (ExecutorService queue : queues) {
        queue.shutdownNow();
      }
    }
  }
}
