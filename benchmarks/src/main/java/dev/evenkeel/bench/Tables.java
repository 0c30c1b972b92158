package dev.evenkeel.bench;

import org.springframework.jdbc.core.JdbcTemplate;

/** The tables that are not the framework's. */
final class Tables {

  /** The business side, the same for every variant. */
  static final String ORDERS =
      """
      CREATE TABLE bench_order (
          id       bigint PRIMARY KEY,
          customer text   NOT NULL,
          total    bigint NOT NULL
      )
      """;

  static final String INSERT_ORDER =
      "INSERT INTO bench_order (id, customer, total) VALUES (?, ?, ?)";

  private Tables() {}

  /** Inserts an order's business row, in the caller's transaction. */
  static void insert(JdbcTemplate jdbc, OrderPlaced order) {
    jdbc.update(INSERT_ORDER, order.orderId(), order.customer(), order.cents());
  }
}
