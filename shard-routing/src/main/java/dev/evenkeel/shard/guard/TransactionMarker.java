package dev.evenkeel.shard.guard;

import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.transaction.ConfigurableTransactionManager;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.TransactionExecution;
import org.springframework.transaction.TransactionExecutionListener;
import org.springframework.transaction.support.ResourceTransactionManager;

/**
 * Listens to every transaction manager bean, so that the guard knows more about a transaction than
 * Spring's flags tell: that it has committed, that it is JTA's and thus not local, and that it will
 * be read-only while its connection is being acquired. With a manager that is no bean, or takes no
 * listeners, the guard takes a committed transaction for an open one.
 */
public final class TransactionMarker implements BeanPostProcessor {

  /** Whether the transaction that this thread is beginning is read-only. */
  private static final ThreadLocal<Boolean> READ_ONLY = ThreadLocal.withInitial(() -> false);

  /** Made by auto-configuration, or as a static bean method. */
  public TransactionMarker() {}

  static boolean isReadOnlyBeginning() {
    return READ_ONLY.get();
  }

  @Override
  public Object postProcessAfterInitialization(Object bean, String beanName) {
    if (bean instanceof PlatformTransactionManager
        && bean instanceof ConfigurableTransactionManager manager) {
      manager.addListener(new Listener(bean instanceof ResourceTransactionManager));
    }
    return bean;
  }

  /** Called on the transaction's thread. */
  private record Listener(boolean local) implements TransactionExecutionListener {

    @Override
    public void beforeBegin(TransactionExecution transaction) {
      if (transaction.isReadOnly()) {
        READ_ONLY.set(true);
      } else {
        READ_ONLY.remove();
      }
    }

    @Override
    public void afterBegin(TransactionExecution transaction, @Nullable Throwable failure) {
      READ_ONLY.remove();
      if (failure == null) {
        TransactionMark.begun(local);
      }
    }
  }
}
