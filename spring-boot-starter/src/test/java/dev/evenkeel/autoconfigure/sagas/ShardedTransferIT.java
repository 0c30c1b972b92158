package dev.evenkeel.autoconfigure.sagas;

import dev.evenkeel.autoconfigure.TestApplications;
import dev.evenkeel.shard.ShardNode;
import dev.evenkeel.shard.ShardTransactions;
import dev.evenkeel.testing.database.DatabaseInfo;
import dev.evenkeel.testing.database.TestDatabase;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/** Over three shards: home, credit and booking each on another. */
class ShardedTransferIT extends TransferContract {

  private static final String[] SHARDS = {"a", "b", "c"};

  ShardedTransferIT() {
    this(databases());
  }

  private ShardedTransferIT(SortedMap<String, DatabaseInfo> databases) {
    super(databases, TestApplications.startShardedWeb(databases, Traced.class, PROPERTIES));
  }

  private static SortedMap<String, DatabaseInfo> databases() {
    SortedMap<String, DatabaseInfo> databases = new TreeMap<>();
    for (String shard : SHARDS) {
      databases.put(shard, TestDatabase.shared().createDatabase());
    }
    return databases;
  }

  @Override
  <T> T inShard(String key, Supplier<T> work) {
    return application().getBean(ShardTransactions.class).inShard(key, work);
  }

  @Override
  String account(String kind, int database) {
    return IntStream.range(0, 1_000)
        .mapToObj(number -> kind + "-" + number)
        .filter(account -> databaseOf(account).equals(SHARDS[database]))
        .findFirst()
        .orElseThrow();
  }

  @Override
  String databaseOf(String account) {
    return application().getBean(ShardNode.class).map().entry(slot(account)).shard();
  }
}
