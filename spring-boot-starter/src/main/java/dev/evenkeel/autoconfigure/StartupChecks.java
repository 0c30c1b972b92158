package dev.evenkeel.autoconfigure;

import com.zaxxer.hikari.HikariDataSource;
import dev.evenkeel.outbox.InboxHandlers;
import dev.evenkeel.outbox.Subscription;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.SmartInitializingSingleton;
import org.springframework.boot.jdbc.DataSourceUnwrapper;
import org.springframework.util.ClassUtils;

/**
 * What can only be checked when all beans are there. It runs in processes that never lead, too: a
 * handler's mistake must not wait for the process that does.
 */
final class StartupChecks implements SmartInitializingSingleton {

  private static final Logger log = LoggerFactory.getLogger(StartupChecks.class);

  /** Connections beside the lanes': the releaser, registry, health, and one for the application. */
  private static final int OTHER_CONNECTIONS = 4;

  private static final boolean HIKARI =
      ClassUtils.isPresent(
          "com.zaxxer.hikari.HikariDataSource", StartupChecks.class.getClassLoader());

  private final EvenkeelOptions options;
  private final ObjectProvider<InboxHandlers> handlers;
  private final InstallationDatabases databases;
  private final boolean relays;

  StartupChecks(
      EvenkeelOptions options,
      ObjectProvider<InboxHandlers> handlers,
      InstallationDatabases databases,
      boolean relays) {
    this.options = options;
    this.handlers = handlers;
    this.databases = databases;
    this.relays = relays;
  }

  @Override
  public void afterSingletonsInstantiated() {
    Set<String> retiredAndHandled =
        handlers.getObject().subscriptions().stream()
            .map(Subscription::consumer)
            .collect(Collectors.toCollection(TreeSet::new));
    retiredAndHandled.retainAll(options.retired());
    if (!retiredAndHandled.isEmpty()) {
      throw new EvenkeelConfigurationException(
          ("evenkeel.inbox.retired names %s, for which this application has handlers: remove the"
                  + " handlers, or the names from the property")
              .formatted(retiredAndHandled));
    }
    if (HIKARI && relays) {
      for (InstallationDatabase database : databases.all()) {
        Hikari.warnIfSmall(database, options.lanes().lanes() + OTHER_CONNECTIONS);
      }
    }
  }

  /** Apart, because HikariCP is optional. */
  private static final class Hikari {

    static void warnIfSmall(InstallationDatabase database, int needed) {
      HikariDataSource pool =
          DataSourceUnwrapper.unwrap(database.dataSource(), HikariDataSource.class);
      if (pool != null && pool.getMaximumPoolSize() < needed) {
        log.warn(
            "spring.datasource.hikari.maximum-pool-size is {} for {}, and evenkeel.inbox.lanes with its"
                + " surroundings can use {} connections: lanes will wait for each other and for the"
                + " application; raise the pool to at least {} or lower evenkeel.inbox.lanes",
            pool.getMaximumPoolSize(),
            database.name(),
            needed,
            needed);
      }
    }
  }
}
