package dev.evenkeel.outbox;

import org.springframework.context.ApplicationListener;
import org.springframework.context.PayloadApplicationEvent;

/**
 * Appends Spring application events whose class carries {@link OutboxEvent}. Spring Data aggregate
 * roots publish through the same channel. Synchronous, in the publisher's transaction.
 */
public final class OutboxEventListener implements ApplicationListener<PayloadApplicationEvent<?>> {

  private final Outbox outbox;

  /** Makes the listener; register it as a bean. */
  public OutboxEventListener(Outbox outbox) {
    this.outbox = outbox;
  }

  @Override
  public void onApplicationEvent(PayloadApplicationEvent<?> event) {
    // An annotated class that nobody registered is an error, so this asks the class, not the
    // registry.
    if (event.getPayload().getClass().isAnnotationPresent(OutboxEvent.class)) {
      outbox.append(event.getPayload());
    }
  }

  @Override
  public boolean supportsAsyncExecution() {
    return false;
  }
}
