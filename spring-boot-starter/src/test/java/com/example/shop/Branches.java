package com.example.shop;

import com.zaxxer.hikari.HikariDataSource;
import javax.sql.DataSource;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.support.JdbcTransactionManager;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

/** Two databases, each with a transaction manager, as an application defines them. */
@Configuration(proxyBeanMethods = false)
public class Branches {

  private static HikariDataSource pool(String url) {
    HikariDataSource pool = new HikariDataSource();
    pool.setJdbcUrl(url);
    pool.setMaximumPoolSize(4);
    pool.setMinimumIdle(0);
    return pool;
  }

  @Bean
  HikariDataSource north(@Value("${north}") String url) {
    return pool(url);
  }

  /** Defined by the interface, used by the class. */
  @Bean
  DataSource south(@Value("${south}") String url) {
    return pool(url);
  }

  @Bean
  PlatformTransactionManager northTransactions(HikariDataSource north) {
    return new JdbcTransactionManager(north);
  }

  @Bean
  PlatformTransactionManager southTransactions(DataSource south) {
    return new JdbcTransactionManager(south);
  }

  @Bean
  Transfer transfer(
      HikariDataSource north,
      DataSource south,
      PlatformTransactionManager northTransactions,
      PlatformTransactionManager southTransactions) {
    return new Transfer(north, south, northTransactions, southTransactions);
  }

  /** What an application may do with two databases, well or badly. */
  public static final class Transfer {

    private final DataSource northDataSource;
    private final JdbcTemplate north;
    private final JdbcTemplate south;
    private final TransactionTemplate inNorth;
    private final TransactionTemplate inSouth;
    private final TransactionTemplate lookingAtSouth;
    private final TransactionTemplate outside;

    Transfer(
        DataSource north,
        DataSource south,
        PlatformTransactionManager northTransactions,
        PlatformTransactionManager southTransactions) {
      this.northDataSource = north;
      this.north = new JdbcTemplate(north);
      this.south = new JdbcTemplate(south);
      this.inNorth = new TransactionTemplate(northTransactions);
      this.inSouth = new TransactionTemplate(southTransactions);
      this.lookingAtSouth = new TransactionTemplate(southTransactions);
      lookingAtSouth.setReadOnly(true);
      this.outside = new TransactionTemplate(northTransactions);
      outside.setPropagationBehavior(TransactionTemplate.PROPAGATION_NOT_SUPPORTED);
    }

    private static void touch(JdbcTemplate jdbc) {
      jdbc.execute("SELECT 1");
    }

    /** A dual write: the second statement commits on its own. */
    public void statementOnTheSecond() {
      inNorth.executeWithoutResult(
          status -> {
            touch(north);
            touch(south);
          });
    }

    /** A dual write: two transactions, two commits. */
    public void transactionOnTheSecond() {
      inNorth.executeWithoutResult(
          outer -> {
            touch(north);
            inSouth.executeWithoutResult(inner -> touch(south));
          });
    }

    /** No dual write: the second is only read. */
    public void readOnlyTransactionOnTheSecond() {
      inNorth.executeWithoutResult(
          outer -> {
            touch(north);
            lookingAtSouth.executeWithoutResult(inner -> touch(south));
          });
    }

    /** No dual write: the first is put away meanwhile. */
    public void transactionOnTheSecondOutside() {
      inNorth.executeWithoutResult(
          outer -> {
            touch(north);
            outside.executeWithoutResult(
                suspended -> inSouth.executeWithoutResult(inner -> touch(south)));
          });
    }

    /** No dual write by this guard's terms: one data source. */
    public void anotherConnectionOfTheFirst() {
      inNorth.executeWithoutResult(
          outer -> {
            touch(north);
            touch(new JdbcTemplate(new Unbound(northDataSource)));
          });
    }

    /** No dual write: one after the other. */
    public void oneAfterTheOther() {
      inNorth.executeWithoutResult(status -> touch(north));
      inSouth.executeWithoutResult(status -> touch(south));
      touch(north);
      touch(south);
    }

    /** Hides the transaction's connection. */
    private static final class Unbound
        extends org.springframework.jdbc.datasource.DelegatingDataSource {
      Unbound(DataSource target) {
        super(target);
      }
    }
  }
}
