package dev.evenkeel.autoconfigure.shards;

import static org.assertj.core.api.Assertions.assertThat;

import dev.evenkeel.outbox.SlotHash;
import dev.evenkeel.shard.ShardTransactions;
import org.junit.jupiter.api.Test;
import org.springframework.orm.jpa.JpaTransactionManager;
import org.springframework.transaction.PlatformTransactionManager;

/** With JPA: one entity manager factory over all shards. */
class JpaOneShardIT extends OneShardContract {

  JpaOneShardIT() {
    super(
        AccountApplication.class,
        "spring.flyway.locations=classpath:db/accounts",
        "spring.jpa.hibernate.ddl-auto=validate");
  }

  @Test
  void transactionManagerIsJpas() {
    assertThat(application().getBean(PlatformTransactionManager.class))
        .isInstanceOf(JpaTransactionManager.class);
  }

  @Test
  void entitiesGoToTheShardOfTheKey() {
    Accounts accounts = application().getBean(Accounts.class);
    ShardTransactions transactions = application().getBean(ShardTransactions.class);
    for (String shard : new String[] {"a", "b", "c"}) {
      long id = idOn(shard);
      transactions.inShard(
          id, () -> accounts.save(new Account(id, SlotHash.slotOf(Long.toString(id)), "entity")));
      assertThat(rows(shard, "account", id)).isEqualTo(1);
      assertThat(transactions.inShard(id, () -> accounts.findById(id)).orElseThrow().note())
          .isEqualTo("entity");
    }
  }
}
