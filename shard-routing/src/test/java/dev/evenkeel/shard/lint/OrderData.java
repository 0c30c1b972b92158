package dev.evenkeel.shard.lint;

import static org.awaitility.Awaitility.await;

import dev.evenkeel.outbox.SlotHash;
import java.io.IOException;
import java.io.StringReader;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Random;
import org.postgresql.PGConnection;
import org.springframework.jdbc.core.JdbcTemplate;

/** Orders that are known to the row, so that figures can be compared with the truth. */
final class OrderData {

  static final int CUSTOMERS = 1_000;
  static final int PRODUCTS = 1_000;

  private static final double[] ZIPF = zipf(PRODUCTS, 1.1);

  /** Truths of a column. */
  static final class Truth {
    private final long[] slots = new long[SlotHash.SLOTS];
    private long rows;

    private void add(String value) {
      slots[SlotHash.slotOf(value)]++;
      rows++;
    }

    double hottestSlotShare() {
      long most = 0;
      for (long count : slots) {
        most = Math.max(most, count);
      }
      return (double) most / rows;
    }
  }

  final Truth customers = new Truth();
  final Truth products = new Truth();
  private final StringBuilder rows = new StringBuilder();

  /** Draws orders: customer and product. */
  OrderData(int orders, long seed) {
    Random random = new Random(seed);
    for (int n = 0; n < orders; n++) {
      String customer = String.valueOf(1 + random.nextInt(CUSTOMERS));
      String product = "P-" + product(random.nextDouble());
      customers.add(customer);
      products.add(product);
      rows.append(customer).append('\t').append(product).append('\n');
    }
  }

  /** Writes them to (customer_id, product_id) of a table. */
  void copyTo(Connection connection, String table) throws SQLException, IOException {
    connection
        .unwrap(PGConnection.class)
        .getCopyAPI()
        .copyIn(
            "COPY %s (customer_id, product_id) FROM STDIN".formatted(table),
            new StringReader(rows.toString()));
  }

  /** The server counts what was written when a session ends, or a little later. */
  static void awaitCountedWrites(JdbcTemplate jdbc, String table, long writes) {
    await()
        .until(
            () ->
                jdbc.queryForObject(
                    "SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0) FROM pg_stat_user_tables WHERE relname = ?",
                    Long.class,
                    table),
            counted -> counted >= writes);
  }

  private static int product(double uniform) {
    int product = 0;
    while (product < ZIPF.length - 1 && ZIPF[product] < uniform) {
      product++;
    }
    return product + 1;
  }

  /** Cumulated probabilities of ranks 1 to n. */
  private static double[] zipf(int n, double exponent) {
    double[] cumulated = new double[n];
    double sum = 0;
    for (int rank = 1; rank <= n; rank++) {
      sum += Math.pow(rank, -exponent);
      cumulated[rank - 1] = sum;
    }
    for (int i = 0; i < n; i++) {
      cumulated[i] /= sum;
    }
    return cumulated;
  }
}
