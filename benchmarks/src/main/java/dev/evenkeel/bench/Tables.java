package dev.evenkeel.bench;

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
}
