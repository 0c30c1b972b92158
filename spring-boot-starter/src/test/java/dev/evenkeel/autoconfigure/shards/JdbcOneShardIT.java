package dev.evenkeel.autoconfigure.shards;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.springframework.jdbc.support.JdbcTransactionManager;
import org.springframework.transaction.PlatformTransactionManager;

/** With plain JDBC. */
@Tag("postgres-matrix")
class JdbcOneShardIT extends OneShardContract {

  JdbcOneShardIT() {
    super(
        AccountApplication.class,
        "spring.flyway.locations=classpath:db/accounts",
        "spring.autoconfigure.exclude=org.springframework.boot.hibernate.autoconfigure.HibernateJpaAutoConfiguration,org.springframework.boot.data.jpa.autoconfigure.DataJpaRepositoriesAutoConfiguration");
  }

  @Test
  void transactionManagerIsJdbcs() {
    assertThat(application().getBean(PlatformTransactionManager.class))
        .isInstanceOf(JdbcTransactionManager.class);
  }
}
