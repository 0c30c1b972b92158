package dev.evenkeel.autoconfigure;

import javax.sql.DataSource;
import org.springframework.jdbc.datasource.TransactionAwareDataSourceProxy;

/** The one data source of the application, as transactions know it. */
final class HomeDatabase {

  private HomeDatabase() {}

  /**
   * Transaction managers bind their connection under the target of such a proxy, so only the target
   * finds it.
   */
  static DataSource of(DataSource dataSource) {
    DataSource home = dataSource;
    while (home instanceof TransactionAwareDataSourceProxy proxy) {
      DataSource target = proxy.getTargetDataSource();
      if (target == null) {
        break;
      }
      home = target;
    }
    return home;
  }
}
