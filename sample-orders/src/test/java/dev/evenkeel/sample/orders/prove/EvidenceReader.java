package dev.evenkeel.sample.orders.prove;

import dev.evenkeel.sample.orders.prove.Evidence.Account;
import dev.evenkeel.sample.orders.prove.Evidence.Level;
import dev.evenkeel.sample.orders.prove.Evidence.Stored;
import dev.evenkeel.sample.orders.prove.Evidence.Trace;
import dev.evenkeel.sample.orders.prove.Evidence.TraceKind;
import java.math.BigDecimal;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.UUID;
import org.springframework.jdbc.core.JdbcTemplate;

/** Reads what one database says, by plain SQL, and adds it. */
final class EvidenceReader {

  private static final String ORDERS =
      """
      SELECT o.id, coalesce(i.saga_version, 0) AS version, coalesce(i.state, '') AS saga,
             i.ended_at IS NOT NULL AS ended, i.stuck_at IS NOT NULL AS stuck, w.owner IS NOT NULL AS owned,
             CASE WHEN i.state = 'COMPENSATED' AND NOT EXISTS (SELECT FROM order_change c WHERE c.order_id = o.id)
                  THEN 'CANCELLED' ELSE o.status END AS status
        FROM orders o
        LEFT JOIN evenkeel.saga_instance i ON i.id = o.saga_id
        LEFT JOIN evenkeel.saga_wake w ON w.saga_id = o.saga_id
      """;

  /** What an order left behind: which kind, of which line, how often. */
  private static final String TRACES =
      """
      SELECT order_id, CASE status WHEN 'PENDING' THEN 'REGISTERED'
                                   WHEN 'AWAITING_APPROVAL' THEN 'APPROVAL_ASKED' ELSE status END AS kind,
             -1 AS line, count(*) AS times
        FROM order_change GROUP BY order_id, status
      UNION ALL
      SELECT order_id, 'STOCK_' || kind, line_number, count(*)
        FROM stock_entry WHERE order_id IS NOT NULL GROUP BY order_id, kind, line_number
      UNION ALL
      SELECT order_id, 'CREDIT_RESERVED', -1, count(*)
        FROM credit_entry WHERE kind = 'RESERVED' AND delta > 0 GROUP BY order_id
      UNION ALL
      SELECT order_id, 'CREDIT_USED', -1, count(*)
        FROM credit_entry WHERE kind = 'USED' GROUP BY order_id
      UNION ALL -- using credit takes it off what is reserved, too
      SELECT order_id, 'CREDIT_RELEASED', -1,
             count(*) FILTER (WHERE kind = 'RESERVED') - count(*) FILTER (WHERE kind = 'USED')
        FROM credit_entry WHERE kind = 'USED' OR (kind = 'RESERVED' AND delta < 0)
       GROUP BY order_id HAVING count(*) FILTER (WHERE kind = 'RESERVED') <> count(*) FILTER (WHERE kind = 'USED')
      UNION ALL
      SELECT order_id, 'CHARGED', -1, count(*) FROM payment WHERE charged_at IS NOT NULL GROUP BY order_id
      UNION ALL
      SELECT order_id, 'REFUNDED', -1, count(*) FROM payment WHERE voided_at IS NOT NULL GROUP BY order_id
      UNION ALL
      SELECT order_id, 'RECEIPT', -1, count(*) FROM prove.receipt GROUP BY order_id
      """;

  /** From the first entry on: the application's snapshots are not believed. */
  private static final String CREDIT =
      """
      SELECT customer_id, coalesce(sum(delta) FILTER (WHERE kind = 'RESERVED'), 0) AS reserved,
             coalesce(sum(delta) FILTER (WHERE kind = 'USED'), 0) AS used
        FROM credit_entry GROUP BY customer_id
      """;

  private static final String CHARGES =
      """
      SELECT customer_id, sum(amount) AS charged
        FROM payment WHERE charged_at IS NOT NULL AND voided_at IS NULL GROUP BY customer_id
      """;

  private static final String SUMMARIES =
      "SELECT customer_id, order_count, total FROM customer_summary";

  private static final String PARKED =
      """
      SELECT format('%s %s of %s/%s is %s: %s', consumer, message_id, aggregatetype, aggregateid, state, left(error, 200)) AS what
        FROM evenkeel.parked_message WHERE state NOT IN ('HANDLED', 'DISCARDED') LIMIT 100
      """;

  private final JdbcTemplate sql;
  private final Evidence evidence;

  EvidenceReader(JdbcTemplate sql, Evidence evidence) {
    this.sql = sql;
    this.evidence = evidence;
  }

  void read() {
    sql.query(ORDERS, this::order);
    sql.query(
        TRACES,
        row -> {
          Trace trace = new Trace(TraceKind.valueOf(row.getString("kind")), row.getInt("line"));
          evidence.trace(row.getObject("order_id", UUID.class), trace, row.getLong("times"));
        });
    sql.query("SELECT sku, on_hand, reserved FROM stock", this::level);
    sql.query(
        CREDIT,
        row -> {
          BigDecimal reserved = row.getBigDecimal("reserved");
          BigDecimal used = row.getBigDecimal("used");
          account(row, new Account(reserved, used, BigDecimal.ZERO, 0, BigDecimal.ZERO));
        });
    sql.query(
        CHARGES,
        row -> {
          BigDecimal charged = row.getBigDecimal("charged");
          account(row, new Account(BigDecimal.ZERO, BigDecimal.ZERO, charged, 0, BigDecimal.ZERO));
        });
    sql.query(
        SUMMARIES,
        row -> {
          long counted = row.getLong("order_count");
          BigDecimal total = row.getBigDecimal("total");
          account(
              row, new Account(BigDecimal.ZERO, BigDecimal.ZERO, BigDecimal.ZERO, counted, total));
        });
    sql.query(
        "SELECT key, version FROM prove.tally",
        row -> {
          evidence.tallies.merge(row.getString("key"), row.getLong("version"), Math::max);
        });
    sql.query(
        "SELECT key, version, count(*) AS times FROM prove.effect GROUP BY key, version",
        row -> {
          evidence
              .effects
              .computeIfAbsent(row.getString("key"), key -> new HashMap<>())
              .merge(row.getLong("version"), row.getLong("times"), Long::sum);
        });
    sql.query(
        PARKED,
        row -> {
          evidence.parked.add(row.getString("what"));
        });
  }

  private void order(ResultSet row) throws SQLException {
    evidence.orders.put(
        row.getObject("id", UUID.class),
        new Stored(
            row.getString("status"),
            row.getInt("version"),
            row.getString("saga"),
            row.getBoolean("ended"),
            row.getBoolean("stuck"),
            row.getBoolean("owned")));
  }

  private void level(ResultSet row) throws SQLException {
    evidence.stock.merge(
        row.getString("sku"),
        new Level(row.getLong("on_hand"), row.getLong("reserved")),
        (one, other) ->
            new Level(one.onHand() + other.onHand(), one.reserved() + other.reserved()));
  }

  private void account(ResultSet row, Account more) throws SQLException {
    evidence.accounts.merge(row.getLong("customer_id"), more, Account::plus);
  }
}
