package dev.evenkeel.autoconfigure;

import dev.evenkeel.outbox.spi.TransactionTarget;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.jdbc.datasource.DataSourceTransactionManager;
import org.springframework.orm.jpa.JpaTransactionManager;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.util.ClassUtils;

/** Makes the one target of an application with one database. */
final class TransactionTargets {

  private static final boolean JPA =
      ClassUtils.isPresent(
              "org.springframework.orm.jpa.JpaTransactionManager",
              TransactionTargets.class.getClassLoader())
          && ClassUtils.isPresent(
              "jakarta.persistence.EntityManagerFactory",
              TransactionTargets.class.getClassLoader());

  private TransactionTargets() {}

  /**
   * The application's data source with its transaction manager.
   *
   * @throws EvenkeelConfigurationException if there is no single transaction manager, or it is
   *     known to work on another data source: effects and inbox row would not commit together
   */
  static TransactionTarget home(
      DataSource dataSource, ObjectProvider<PlatformTransactionManager> transactionManagers) {
    DataSource home = HomeDatabase.of(dataSource);
    PlatformTransactionManager manager = transactionManagers.getIfUnique();
    if (manager == null) {
      throw new EvenkeelConfigurationException(
          "Handlers need one PlatformTransactionManager, found %d: mark one as @Primary, or define a TransactionRouter bean"
              .formatted(transactionManagers.stream().count()));
    }
    DataSource managed = dataSource(manager);
    if (managed != null && managed != home) {
      throw new EvenkeelConfigurationException(
          ("The transaction manager works on the DataSource %s and the outbox on %s, so the two would"
                  + " not commit together: give both the same DataSource bean, or define a"
                  + " TransactionRouter bean")
              .formatted(managed, home));
    }
    return new TransactionTarget("home", home, manager);
  }

  private static @Nullable DataSource dataSource(PlatformTransactionManager manager) {
    if (manager instanceof DataSourceTransactionManager jdbc) {
      return jdbc.getDataSource();
    }
    return JPA ? Jpa.dataSource(manager) : null;
  }

  /** Apart, because JPA is optional. */
  private static final class Jpa {

    static @Nullable DataSource dataSource(PlatformTransactionManager manager) {
      return manager instanceof JpaTransactionManager jpa ? jpa.getDataSource() : null;
    }
  }
}
