package dev.evenkeel.testing;

import dev.evenkeel.outbox.InboxHandlerMethod;
import dev.evenkeel.outbox.InboxHandlers;
import dev.evenkeel.outbox.InboxHandlers.Route;
import dev.evenkeel.outbox.InboxReceiver;
import dev.evenkeel.outbox.OutboxMessage;
import dev.evenkeel.outbox.ReceiveOutcome;
import dev.evenkeel.outbox.spi.Fence;
import dev.evenkeel.outbox.spi.TransactionTarget;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.springframework.transaction.support.TransactionSynchronizationManager;

/**
 * A relay for deterministic tests: delivers on the calling thread, when it is told to, and throws
 * what a handler throws instead of retrying and parking.
 *
 * <p>Rows are delivered by position, which is commit order for each order key. What was delivered
 * is remembered by message, not as a high-water mark: a row with a lower position that commits
 * later is delivered by the next call, never skipped. Confined to one thread; call it outside a
 * transaction.
 */
public final class ManualRelay {

  /** Handlers that append on every message would otherwise never let a call end. */
  private static final int MAX_MESSAGES_PER_CALL = 100_000;

  private final OutboxRows rows;
  private final InboxHandlers handlers;
  private final InboxReceiver receiver;
  private final Set<UUID> delivered = new HashSet<>();

  /**
   * One message for one consumer.
   *
   * @param outcome what the inbox said
   */
  public record Delivery(OutboxMessage message, String consumer, ReceiveOutcome outcome) {}

  /** Makes a relay; {@link EvenkeelDatabase#relay} is the short way. */
  public ManualRelay(OutboxRows rows, InboxHandlers handlers, InboxReceiver receiver) {
    this.rows = rows;
    this.handlers = handlers;
    this.receiver = receiver;
  }

  /**
   * Delivers every committed message that this relay has not delivered yet, and what handlers
   * append meanwhile, until nothing is left. Throws what a handler throws; that message and those
   * behind it stay undelivered, and the next call begins with it.
   *
   * @return what was delivered, in order; messages that nobody handles are left out
   * @throws IllegalStateException within a transaction, for a type or version that no handler can
   *     take, or when handlers append without end
   */
  public List<Delivery> deliverAll() {
    requireNoTransaction();
    List<Delivery> deliveries = new ArrayList<>();
    int messages = 0;
    for (List<OutboxMessage> next = undelivered(); !next.isEmpty(); next = undelivered()) {
      messages += next.size();
      if (messages > MAX_MESSAGES_PER_CALL) {
        throw new IllegalStateException(
            "More than %d messages in one call: does a handler append what it handles?"
                .formatted(MAX_MESSAGES_PER_CALL));
      }
      for (OutboxMessage message : next) {
        deliveries.addAll(deliver(message));
        delivered.add(message.id());
      }
    }
    return deliveries;
  }

  /**
   * Delivers every message again that this relay has delivered, as a relay does after a crash. The
   * inbox makes duplicates of them; a handler that runs again betrays effects outside its
   * transaction.
   *
   * @return what was delivered, in order
   */
  public List<Delivery> redeliverAll() {
    requireNoTransaction();
    List<Delivery> deliveries = new ArrayList<>();
    for (OutboxMessage message : rows.messages()) {
      if (delivered.contains(message.id())) {
        deliveries.addAll(deliver(message));
      }
    }
    return deliveries;
  }

  private List<OutboxMessage> undelivered() {
    return rows.messages().stream().filter(m -> !delivered.contains(m.id())).toList();
  }

  private List<Delivery> deliver(OutboxMessage message) {
    if (!(handlers.route(message.type(), message.version()) instanceof Route.To to)) {
      throw new IllegalStateException(
          message + " is of a type that no class and no handler knows; register the type");
    }
    if (!to.consumersOfOtherVersions().isEmpty()) {
      throw new IllegalStateException(
          "%s is of a version that these consumers do not handle: %s"
              .formatted(message, to.consumersOfOtherVersions()));
    }
    List<Delivery> deliveries = new ArrayList<>();
    for (InboxHandlerMethod handler : to.handlers()) {
      ReceiveOutcome outcome = receiver.receive(handler, message, FirstDelivery.INSTANCE);
      deliveries.add(new Delivery(message, handler.consumer(), outcome));
    }
    return deliveries;
  }

  private static void requireNoTransaction() {
    if (TransactionSynchronizationManager.isActualTransactionActive()) {
      throw new IllegalStateException(
          "A relay delivers outside a transaction; commit first, so that there is something to deliver");
    }
  }

  /** No lease, no takeover: the only attempt there is. */
  private enum FirstDelivery implements InboxReceiver.Attempt {
    INSTANCE;

    @Override
    public Fence fence() {
      return Fence.relay(0);
    }

    @Override
    public boolean release() {
      return false;
    }

    @Override
    public void began(TransactionTarget target, int backendPid, String startedAt) {}
  }
}
