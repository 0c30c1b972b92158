package dev.evenkeel.autoconfigure;

import dev.evenkeel.outbox.spi.TransactionFlush;
import jakarta.persistence.EntityManager;
import jakarta.persistence.EntityManagerFactory;
import java.util.List;
import java.util.function.Supplier;
import org.springframework.orm.jpa.EntityManagerHolder;
import org.springframework.transaction.support.TransactionSynchronizationManager;
import org.springframework.util.function.SingletonSupplier;

/**
 * Flushes the entity managers that are part of the current transaction. One that is merely bound to
 * the thread, as by open-in-view, has nothing to write in it.
 */
final class JpaFlush implements TransactionFlush {

  private final Supplier<List<EntityManagerFactory>> factories;

  /**
   * Makes a flush.
   *
   * @param factories asked once, at the first flush: an entity listener may need the outbox while
   *     its factory is being made
   */
  JpaFlush(Supplier<List<EntityManagerFactory>> factories) {
    this.factories = SingletonSupplier.of(factories);
  }

  @Override
  public void flush() {
    for (EntityManagerFactory factory : factories.get()) {
      if (TransactionSynchronizationManager.getResource(factory)
          instanceof EntityManagerHolder holder) {
        EntityManager manager = holder.getEntityManager();
        if (manager.isJoinedToTransaction()) {
          manager.flush();
        }
      }
    }
  }
}
