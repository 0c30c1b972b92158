package dev.evenkeel.autoconfigure.sagas;

import dev.evenkeel.autoconfigure.TestApplications;
import dev.evenkeel.shard.ShardNode;
import dev.evenkeel.shard.ShardTransactions;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/** Over three shards: home, credit and booking each on another. */
class ShardedTransferIT extends TransferContract {

  private static final String[] SHARDS = {"a", "b", "c"};

  ShardedTransferIT() {
    super(
        databases -> TestApplications.startShardedWeb(databases, Traced.class, PROPERTIES), SHARDS);
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
