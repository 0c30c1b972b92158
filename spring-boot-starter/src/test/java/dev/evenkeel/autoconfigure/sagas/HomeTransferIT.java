package dev.evenkeel.autoconfigure.sagas;

import dev.evenkeel.autoconfigure.TestApplications;
import dev.evenkeel.testing.database.DatabaseInfo;
import dev.evenkeel.testing.database.TestDatabase;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

/** Without shards. */
class HomeTransferIT extends TransferContract {

  HomeTransferIT() {
    this(new TreeMap<>(java.util.Map.of("home", TestDatabase.shared().createDatabase())));
  }

  private HomeTransferIT(SortedMap<String, DatabaseInfo> databases) {
    super(
        databases, TestApplications.startWeb(databases.get("home"), Traced.class, PROPERTIES));
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
