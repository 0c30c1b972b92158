package dev.evenkeel.sample.orders.customer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.evenkeel.sample.orders.Migrations;
import dev.evenkeel.sample.orders.customer.CreditLedger.Kind;
import dev.evenkeel.testing.database.TestDatabase;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import javax.sql.DataSource;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.DataSourceTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

class CreditLedgerIT {

  private static final BigDecimal LIMIT = new BigDecimal("1000.00");
  private static final int SLOT = 4095;

  private static DataSource dataSource;

  private final JdbcClient database = JdbcClient.create(dataSource);
  private final CreditLedger ledger = new CreditLedger(database);
  private final TransactionTemplate transactions =
      new TransactionTemplate(new DataSourceTransactionManager(dataSource));

  @BeforeAll
  static void migrate() {
    dataSource = TestDatabase.shared().createDatabase().dataSource();
    Migrations.run(dataSource, "2");
  }

  @Test
  void balanceSumsEachKind() {
    append(1, Kind.RESERVED, "120.50");
    append(1, Kind.RESERVED, "30.00");
    append(1, Kind.LIMIT, "-400.00");
    append(1, Kind.RESERVED, "-120.50");
    append(1, Kind.USED, "120.50");

    CreditBalance balance = ledger.balance(1).orElseThrow();

    assertThat(balance)
        .isEqualTo(
            new CreditBalance(
                new BigDecimal("600.00"), new BigDecimal("30.00"), new BigDecimal("120.50")));
    assertThat(balance.available()).isEqualTo(new BigDecimal("449.50"));
  }

  @Test
  void whoIsNotKnownHasNoBalance() {
    assertThat(ledger.balance(2)).isEmpty();
  }

  @Test
  void concurrentEntriesAreAllSummedAndNumberedWithoutGaps() throws Exception {
    int writers = 6;
    int each = 60;
    ExecutorService threads = Executors.newFixedThreadPool(writers);
    List<Callable<Integer>> work = new ArrayList<>();
    for (int writer = 0; writer < writers; writer++) {
      Kind kind = writer % 2 == 0 ? Kind.RESERVED : Kind.USED;
      work.add(
          () -> {
            for (int i = 0; i < each; i++) {
              append(3, kind, "1.01");
            }
            return each;
          });
    }
    try {
      for (Future<Integer> end : threads.invokeAll(work)) {
        assertThat(end.get()).isEqualTo(each);
      }
    } finally {
      threads.shutdownNow();
    }

    BigDecimal spent = new BigDecimal("1.01").multiply(BigDecimal.valueOf(writers / 2 * each));
    assertThat(ledger.balance(3)).contains(new CreditBalance(LIMIT, spent, spent));
    assertThat(longs("SELECT entry_number FROM credit_entry WHERE customer_id = 3 ORDER BY 1"))
        .hasSize(writers * each + 1)
        .endsWith(writers * each + 1L);
    assertThat(longs("SELECT entry_number FROM credit_snapshot WHERE customer_id = 3 ORDER BY 1"))
        .containsExactly(100L, 200L, 300L);
    assertThat(
            longs(
                """
                SELECT s.entry_number
                  FROM credit_snapshot s
                 WHERE s.customer_id = 3
                   AND s.credit_limit + s.reserved + s.used
                       = (SELECT sum(delta) FROM credit_entry e
                           WHERE e.customer_id = 3 AND e.entry_number <= s.entry_number)
                """))
        .hasSize(3);
  }

  @Test
  void aSnapshotSparesTheEntriesBeforeIt() {
    for (int i = 0; i < CreditLedger.SNAPSHOT_EVERY; i++) {
      append(4, Kind.USED, "1.00");
    }

    assertThat(ledger.balance(4).orElseThrow().used()).isEqualTo(new BigDecimal("100.00"));

    // Not the application's to do; it shows what the balance reads.
    database.sql("DELETE FROM credit_entry WHERE customer_id = 4 AND entry_number <= 100").update();

    assertThat(ledger.balance(4).orElseThrow().used()).isEqualTo(new BigDecimal("100.00"));
  }

  @Test
  void twoThatOpenAtOnceGiveOneLimit() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(4);
    try {
      List<Callable<Boolean>> opening = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        opening.add(
            () -> {
              transactions.executeWithoutResult(status -> ledger.lock(5, SLOT, LIMIT));
              return true;
            });
      }
      for (Future<Boolean> end : threads.invokeAll(opening)) {
        assertThat(end.get()).isTrue();
      }
    } finally {
      threads.shutdownNow();
    }

    assertThat(ledger.balance(5).orElseThrow().creditLimit()).isEqualTo(LIMIT);
    assertThat(longs("SELECT slot FROM credit_entry WHERE customer_id = 5"))
        .containsExactly((long) SLOT);
  }

  @ParameterizedTest
  @CsvSource({"LIMIT, true", "RESERVED, false", "USED, false"})
  void onlyALimitBelongsToNoOrder(Kind kind, boolean withOrder) {
    assertThatThrownBy(
            () ->
                transactions.executeWithoutResult(
                    status -> {
                      ledger.lock(7, SLOT, LIMIT);
                      ledger.append(
                          7, SLOT, kind, BigDecimal.ONE, withOrder ? UUID.randomUUID() : null);
                    }))
        .isInstanceOf(DataIntegrityViolationException.class);
  }

  private void append(long customer, Kind kind, String delta) {
    transactions.executeWithoutResult(
        status -> {
          ledger.lock(customer, SLOT, LIMIT);
          ledger.append(
              customer,
              SLOT,
              kind,
              new BigDecimal(delta),
              kind == Kind.LIMIT ? null : UUID.randomUUID());
        });
  }

  private List<Long> longs(String sql) {
    return database.sql(sql).query(Long.class).list();
  }
}
