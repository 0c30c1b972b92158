package dev.evenkeel.sample.orders.audit;

import dev.evenkeel.sample.orders.audit.Effect.Direction;
import dev.evenkeel.sample.orders.audit.Ledger.ArticleFacts;
import dev.evenkeel.sample.orders.audit.Ledger.CustomerFacts;
import dev.evenkeel.sample.orders.audit.Ledger.Done;
import dev.evenkeel.sample.orders.audit.Ledger.OrderFacts;
import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HashSet;
import java.util.UUID;
import javax.sql.DataSource;

/** Reads what one shard says, in one snapshot. Thread-safe. */
final class ShardReader {

  private static final int FETCH = 1_000;

  private static final String ORDERS =
      """
      SELECT id, customer_id, status, total FROM orders LIMIT %1$d
      """;

  private static final String LINES =
      """
      SELECT order_id, line_number, sku, quantity FROM order_line LIMIT %1$d
      """;

  private static final String CHANGES =
      """
      SELECT order_id, status, count(*) AS times FROM order_change GROUP BY order_id, status LIMIT %1$d
      """;

  /** As the application reckons it: the last snapshot, and the entries after it. */
  private static final String CUSTOMERS =
      """
      SELECT c.customer_id,
             coalesce(s.reserved + s.used, 0)
             + coalesce((SELECT sum(e.delta)
                           FROM credit_entry e
                          WHERE e.customer_id = c.customer_id
                            AND e.kind <> 'LIMIT'
                            AND e.entry_number > coalesce(s.entry_number, 0)), 0) AS spent
        FROM customer c
        LEFT JOIN LATERAL (SELECT entry_number, reserved, used
                             FROM credit_snapshot
                            WHERE customer_id = c.customer_id
                            ORDER BY entry_number DESC
                            LIMIT 1) s ON true
       LIMIT %1$d
      """;

  /**
   * What is used is taken off what is reserved in the same transaction; the rest was given back.
   */
  private static final String CREDIT =
      """
      SELECT order_id,
             count(*) FILTER (WHERE kind = 'RESERVED' AND delta > 0) AS reserved_times,
             coalesce(sum(delta) FILTER (WHERE kind = 'RESERVED' AND delta > 0), 0) AS reserved,
             count(*) FILTER (WHERE kind = 'USED') AS used_times,
             coalesce(sum(delta) FILTER (WHERE kind = 'USED'), 0) AS used,
             count(*) FILTER (WHERE kind = 'RESERVED' AND delta < 0)
             - count(*) FILTER (WHERE kind = 'USED') AS released_times,
             coalesce(-sum(delta) FILTER (WHERE kind = 'RESERVED' AND delta < 0), 0)
             - coalesce(sum(delta) FILTER (WHERE kind = 'USED'), 0) AS released
        FROM credit_entry
       WHERE order_id IS NOT NULL
       GROUP BY order_id
       LIMIT %1$d
      """;

  private static final String ARTICLES =
      """
      SELECT s.sku, s.on_hand, s.reserved,
             coalesce(sum(e.quantity) FILTER (WHERE e.kind = 'SET'), 0) AS was_set,
             coalesce(sum(e.quantity) FILTER (WHERE e.kind = 'SHIPPED'), 0) AS shipped
        FROM stock s
        LEFT JOIN stock_entry e ON e.sku = s.sku
       GROUP BY s.sku, s.on_hand, s.reserved
       LIMIT %1$d
      """;

  private static final String STOCK =
      """
      SELECT order_id, line_number, sku, kind, count(*) AS times, sum(quantity) AS pieces
        FROM stock_entry
       WHERE order_id IS NOT NULL
       GROUP BY order_id, line_number, sku, kind
       LIMIT %1$d
      """;

  private static final String PAYMENTS =
      """
      SELECT order_id, count(charged_at) AS charged_times, coalesce(sum(amount), 0) AS charged, count(voided_at) AS voided_times
        FROM payment
       GROUP BY order_id
       LIMIT %1$d
      """;

  private static final String SAGAS =
      """
      SELECT id, key, saga_version, state, ended_at IS NOT NULL AS ended, stuck_at IS NOT NULL AS stuck
        FROM %2$s.saga_instance
       WHERE saga = 'place-order'
       LIMIT %1$d
      """;

  private static final String STEPS =
      """
      SELECT saga_id, step, item, direction FROM %2$s.saga_step WHERE outcome = 'DONE' LIMIT %1$d
      """;

  /** Who waits has no owner and no news, and its order says what for. */
  private static final String PULSE =
      """
      SELECT count(*) FILTER (WHERE i.ended_at IS NULL
                                AND i.stuck_at IS NULL
                                AND NOT coalesce(w.owner IS NULL
                                                 AND w.bumped <= w.seen
                                                 AND o.status = 'AWAITING_APPROVAL', false)) AS moving,
             count(*) AS instances,
             coalesce(sum(i.version + i.epoch), 0) AS writes,
             coalesce(sum(w.bumped), 0) AS news
        FROM %2$s.saga_instance i
        LEFT JOIN %2$s.saga_wake w ON w.saga_id = i.id
        LEFT JOIN orders o ON o.id::text = i.key AND i.saga = 'place-order'
      """;

  private final String schema;

  ShardReader(String schema) {
    this.schema = schema;
  }

  /** Takes in a row. */
  @FunctionalInterface
  private interface Row {
    void read(ResultSet row) throws SQLException;
  }

  Pulse pulse(DataSource shard) throws SQLException {
    try (Connection connection = shard.getConnection();
        PreparedStatement statement = connection.prepareStatement(sql(PULSE));
        ResultSet row = statement.executeQuery()) {
      row.next();
      return new Pulse(
          row.getLong("moving"),
          row.getLong("instances"),
          row.getLong("writes"),
          row.getLong("news"));
    }
  }

  /** Adds what the shard says to the ledger. */
  void read(String name, DataSource shard, Ledger ledger) throws SQLException {
    try (Connection connection = shard.getConnection()) {
      connection.setAutoCommit(false);
      connection.setReadOnly(true);
      connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
      try {
        new Reading(name, connection, ledger).all();
      } finally {
        connection.rollback();
        connection.setTransactionIsolation(Connection.TRANSACTION_READ_COMMITTED);
        connection.setReadOnly(false);
        connection.setAutoCommit(true);
      }
    }
  }

  /** One row more than is allowed shows that there are too many. */
  private String sql(String template) {
    return template.formatted(SagaAudit.MOST_ROWS + 1, schema);
  }

  private final class Reading {

    private final String shard;
    private final Connection connection;
    private final Ledger ledger;

    Reading(String shard, Connection connection, Ledger ledger) {
      this.shard = shard;
      this.connection = connection;
      this.ledger = ledger;
    }

    void all() throws SQLException {
      each("orders", ORDERS, this::order);
      each("lines", LINES, this::line);
      each("changes of orders", CHANGES, this::change);
      each("customers", CUSTOMERS, this::customer);
      each("orders with credit", CREDIT, this::credit);
      each("orders with payments", PAYMENTS, this::payment);
      each("articles", ARTICLES, this::article);
      each("lines with stock", STOCK, this::stock);
      each("sagas", SAGAS, this::saga);
      each("steps", STEPS, this::step);
    }

    private void each(String what, String template, Row row) throws SQLException {
      try (PreparedStatement statement = connection.prepareStatement(sql(template))) {
        statement.setFetchSize(FETCH);
        int read = 0;
        try (ResultSet rows = statement.executeQuery()) {
          while (rows.next()) {
            if (++read > SagaAudit.MOST_ROWS) {
              throw new IllegalStateException(
                  "Shard \"%s\" has more than %d %s, which is more than an audit reads at once"
                      .formatted(shard, SagaAudit.MOST_ROWS, what));
            }
            row.read(rows);
          }
        }
      }
    }

    private void order(ResultSet row) throws SQLException {
      OrderFacts order = ledger.order(row.getObject("id", UUID.class));
      order.customerId = row.getLong("customer_id");
      order.status = row.getString("status");
      order.total = row.getBigDecimal("total");
    }

    private void line(ResultSet row) throws SQLException {
      ledger
          .order(row.getObject("order_id", UUID.class))
          .lines
          .put(
              row.getInt("line_number"),
              new Ledger.Line(row.getString("sku"), row.getInt("quantity")));
    }

    private void change(ResultSet row) throws SQLException {
      Effect effect =
          switch (row.getString("status")) {
            case "PENDING" -> Effect.REGISTERED;
            case "AWAITING_APPROVAL" -> Effect.APPROVAL_ASKED;
            case "CONFIRMED" -> Effect.CONFIRMED;
            case "SHIPPED" -> Effect.SHIPPED;
            default -> Effect.CANCELLED;
          };
      happened(row, Ledger.WHOLE, effect, row.getInt("times"), BigDecimal.ZERO);
    }

    private void customer(ResultSet row) throws SQLException {
      ledger.customers.put(
          row.getLong("customer_id"), new CustomerFacts(row.getBigDecimal("spent")));
    }

    private void credit(ResultSet row) throws SQLException {
      creditEffect(row, Effect.CREDIT_RESERVED, "reserved");
      creditEffect(row, Effect.CREDIT_USED, "used");
      creditEffect(row, Effect.CREDIT_RELEASED, "released");
    }

    private void creditEffect(ResultSet row, Effect effect, String column) throws SQLException {
      int times = row.getInt(column + "_times");
      if (times != 0) {
        happened(row, Ledger.WHOLE, effect, times, row.getBigDecimal(column));
      }
    }

    private void payment(ResultSet row) throws SQLException {
      int charged = row.getInt("charged_times");
      if (charged != 0) {
        happened(row, Ledger.WHOLE, Effect.CHARGED, charged, row.getBigDecimal("charged"));
      }
      int voided = row.getInt("voided_times");
      if (voided != 0) {
        happened(row, Ledger.WHOLE, Effect.CHARGE_VOIDED, voided, BigDecimal.ZERO);
      }
    }

    private void article(ResultSet row) throws SQLException {
      ArticleFacts article = ledger.article(row.getString("sku"));
      article.onHand += row.getLong("on_hand");
      article.reserved += row.getLong("reserved");
      article.set += row.getLong("was_set");
      article.shipped += row.getLong("shipped");
    }

    private void stock(ResultSet row) throws SQLException {
      Effect effect = Effect.valueOf("STOCK_" + row.getString("kind"));
      Done done =
          happened(
              row,
              row.getInt("line_number"),
              effect,
              row.getInt("times"),
              row.getBigDecimal("pieces"));
      done.skus.add(row.getString("sku"));
    }

    private Done happened(ResultSet row, int line, Effect effect, int times, BigDecimal amount)
        throws SQLException {
      Done done = ledger.order(row.getObject("order_id", UUID.class)).done(line, effect);
      done.times += times;
      done.amount = done.amount.add(amount);
      return done;
    }

    private void saga(ResultSet row) throws SQLException {
      UUID id = row.getObject("id", UUID.class);
      UUID orderId = UUID.fromString(row.getString("key"));
      ledger.orderOfSaga.put(id, orderId);
      ledger.order(orderId).saga =
          new Ledger.SagaFacts(
              id,
              row.getInt("saga_version"),
              row.getString("state"),
              row.getBoolean("ended"),
              row.getBoolean("stuck"));
    }

    private void step(ResultSet row) throws SQLException {
      ledger
          .stepsOfSaga
          .computeIfAbsent(row.getObject("saga_id", UUID.class), id -> new HashSet<>())
          .add(
              new Ledger.StepDone(
                  row.getString("step"),
                  row.getInt("item"),
                  Direction.valueOf(row.getString("direction"))));
    }
  }
}
