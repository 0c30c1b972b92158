package dev.evenkeel.bench;

import javax.sql.DataSource;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.support.JdbcTransactionManager;
import org.springframework.transaction.annotation.Transactional;
import org.springframework.transaction.support.TransactionTemplate;

/** The reference for routing: Spring's transactions on one database, and nothing of ours. */
final class PlainApplication {

  private final JdbcTransactionManager transactions;
  private final JdbcTemplate jdbc;

  PlainApplication(DataSource dataSource) {
    this.transactions = new JdbcTransactionManager(dataSource);
    this.jdbc = new JdbcTemplate(dataSource);
  }

  /** Transactions in code. */
  OrderWriter inCode() {
    TransactionTemplate template = new TransactionTemplate(transactions);
    return order -> template.executeWithoutResult(status -> Tables.insert(jdbc, order));
  }

  /** Transactions by annotation. */
  OrderWriter byAnnotation() {
    return Proxies.transactional(new Orders(jdbc), transactions);
  }

  /** A bean as applications have it; not final, because its proxy is a subclass. */
  static class Orders implements OrderWriter {

    private final JdbcTemplate jdbc;

    Orders(JdbcTemplate jdbc) {
      this.jdbc = jdbc;
    }

    @Override
    @Transactional
    public void write(OrderPlaced order) {
      Tables.insert(jdbc, order);
    }
  }
}
