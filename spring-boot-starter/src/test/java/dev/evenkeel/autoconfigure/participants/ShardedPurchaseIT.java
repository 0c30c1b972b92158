package dev.evenkeel.autoconfigure.participants;

import dev.evenkeel.autoconfigure.TestApplications;
import dev.evenkeel.outbox.SlotHash;
import dev.evenkeel.saga.Sagas;
import dev.evenkeel.shard.ShardNode;
import dev.evenkeel.shard.ShardTransactions;
import java.util.List;
import java.util.UUID;
import org.springframework.context.ConfigurableApplicationContext;

/** Over three shards, by messages: each command goes to the shard that its handler names. */
class ShardedPurchaseIT extends PurchaseContract {

  private final ConfigurableApplicationContext application =
      TestApplications.startSharded(
          databases(), PurchaseApplication.class, with(ALL, "evenkeel.saga.remote-participants=*"));

  ShardedPurchaseIT() {
    super("a", "b", "c");
  }

  @Override
  List<ConfigurableApplicationContext> applications() {
    return List.of(application);
  }

  @Override
  UUID start(Purchase purchase) {
    return application
        .getBean(ShardTransactions.class)
        .inShard(purchase.account(), () -> application.getBean(Sagas.class).start(purchase))
        .id();
  }

  @Override
  boolean isRemote() {
    return true;
  }

  @Override
  String databaseOfShelf(String shelf) {
    return application.getBean(ShardNode.class).map().entry(SlotHash.slotOf(shelf)).shard();
  }

  @Override
  String databaseOfAccount(String account) {
    return databaseOfShelf(account);
  }
}
