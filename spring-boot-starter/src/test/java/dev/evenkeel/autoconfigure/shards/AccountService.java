package dev.evenkeel.autoconfigure.shards;

import dev.evenkeel.outbox.InboxHandler;
import dev.evenkeel.outbox.Outbox;
import dev.evenkeel.outbox.SlotHash;
import dev.evenkeel.shard.ReadFrom;
import dev.evenkeel.shard.Sharded;
import dev.evenkeel.shard.id.CurrentSlot;
import dev.evenkeel.shard.id.SlotIds;
import java.util.function.Supplier;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.stereotype.Service;
import org.springframework.transaction.annotation.Isolation;
import org.springframework.transaction.annotation.Propagation;
import org.springframework.transaction.annotation.Transactional;

/** What the tests route; the work that is called within a transaction is passed in. */
@Service
class AccountService {

  private final JdbcTemplate jdbc;
  private final Outbox outbox;
  private final CurrentSlot slot;

  AccountService(JdbcTemplate jdbc, Outbox outbox, CurrentSlot slot) {
    this.jdbc = jdbc;
    this.outbox = outbox;
    this.slot = slot;
  }

  @Sharded(key = "opening.accountId")
  @Transactional
  public void open(Opening opening, Runnable within) {
    insert(opening.getAccountId(), "opened");
    int recommender = SlotHash.slotOf(Long.toString(opening.recommendedBy()));
    outbox.append(
        new AccountOpened(
            opening.getAccountId(), opening.recommendedBy(), SlotIds.next(recommender)));
    within.run();
  }

  /** The key is a property of the only parameter that has it. */
  @Sharded(key = "accountId")
  @Transactional
  public void openByProperty(Opening opening) {
    insert(opening.getAccountId(), "by property");
  }

  @Sharded(key = "accountId")
  @Transactional(propagation = Propagation.REQUIRES_NEW)
  public void note(Long accountId, String note) {
    insert(accountId, note);
  }

  @Sharded(key = "accountId")
  @Transactional(readOnly = true)
  public Integer count(long accountId) {
    return jdbc.queryForObject("SELECT count(*) FROM account", Integer.class);
  }

  @Sharded(key = "accountId", readFrom = ReadFrom.REPLICA)
  @Transactional(readOnly = true)
  public String databaseForReading(long accountId) {
    return jdbc.queryForObject("SELECT current_database()", String.class);
  }

  @Sharded(key = "accountId", readFrom = ReadFrom.REPLICA)
  @Transactional
  public void writeToReplica(long accountId) {
    insert(accountId, "never");
  }

  @Sharded(key = "accountId")
  @Transactional(isolation = Isolation.SERIALIZABLE)
  public void serializable(long accountId) {
    insert(accountId, "never");
  }

  @Sharded(key = "accountId", strategy = "by-region")
  @Transactional
  public String databaseOf(String accountId) {
    return jdbc.queryForObject("SELECT current_database()", String.class);
  }

  /** Routed, in whatever transaction there is or is not. */
  @Sharded(key = "accountId")
  public void plainWrite(Long accountId) {
    insert(accountId, "plain");
  }

  @Sharded(key = "accountId")
  @Transactional(propagation = Propagation.NESTED)
  public void nested(Long accountId) {
    insert(accountId, "nested");
  }

  @Sharded(key = "opening.accountId")
  @Transactional
  public void join(Opening opening, Runnable within) {
    within.run();
  }

  @Sharded(key = "accountId")
  @Transactional(propagation = Propagation.REQUIRES_NEW, readOnly = true)
  public String databaseOfAPrimaryRead(long accountId) {
    return jdbc.queryForObject("SELECT current_database()", String.class);
  }

  @Sharded(key = "accountId", readFrom = ReadFrom.REPLICA)
  @Transactional(readOnly = true)
  public <T> T readingFromReplica(long accountId, Supplier<T> within) {
    return within.get();
  }

  @Transactional(propagation = Propagation.NOT_SUPPORTED)
  public void suspended(Runnable within) {
    within.run();
  }

  @Transactional
  public void withoutShard() {
    insert(1, "never");
  }

  public void insert(long id, String note) {
    jdbc.update("INSERT INTO account (id, slot, note) VALUES (?, ?, ?)", id, slot.slot(), note);
  }

  /** Its key carries the slot of the recommender. */
  @InboxHandler(consumer = "carried", shardKey = "receipt", shardStrategy = "carried")
  public void onCarried(AccountOpened event) {
    jdbc.update("INSERT INTO seen VALUES (?, 'carried')", event.accountId());
  }

  @InboxHandler(consumer = "own-shard")
  public void onOwnShard(AccountOpened event) {
    jdbc.update("INSERT INTO seen VALUES (?, 'own')", event.accountId());
  }

  @InboxHandler(consumer = "recommender", shardKey = "recommendedBy")
  public void onRecommender(AccountOpened event) {
    jdbc.update("INSERT INTO seen VALUES (?, 'recommender')", event.accountId());
  }
}
