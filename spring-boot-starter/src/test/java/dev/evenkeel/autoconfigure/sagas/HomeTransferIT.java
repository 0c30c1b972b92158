package dev.evenkeel.autoconfigure.sagas;

import dev.evenkeel.autoconfigure.TestApplications;
import java.util.function.Supplier;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

/** Without shards. */
class HomeTransferIT extends TransferContract {

  HomeTransferIT() {
    super(
        databases -> TestApplications.startWeb(databases.get("home"), Traced.class, PROPERTIES),
        "home");
  }

  @Override
  <T> T inShard(String key, Supplier<T> work) {
    return new TransactionTemplate(application().getBean(PlatformTransactionManager.class))
        .execute(status -> work.get());
  }

  @Override
  String account(String kind, int database) {
    return kind + "-" + database;
  }

  @Override
  String databaseOf(String account) {
    return "home";
  }
}
