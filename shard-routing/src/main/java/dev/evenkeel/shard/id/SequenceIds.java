package dev.evenkeel.shard.id;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import org.springframework.jdbc.core.JdbcTemplate;

/**
 * Numbers that carry their shard: what the shard's sequence {@code shard_sequence} says, times
 * 1,024, plus the shard's ordinal. Short, unique over all shards, and the shard of a row's birth is
 * known without a look-up; it does not change when the row moves.
 *
 * <p>Numbers come in blocks of 100, so that one id in a hundred costs a statement. It runs on the
 * connection of the caller's transaction, if there is one. Rolled-back numbers are not used again,
 * and what a process has left of its block at its end is lost: gaps are normal. They ascend with
 * time within a block only. Thread-safe; call it in a transaction of the shard.
 */
public final class SequenceIds {

  /** How many shards can be told apart. */
  static final int SHARDS = 1 << 10;

  private static final int ORDINAL_BITS = 10;
  private static final long LAST_NUMBER = Long.MAX_VALUE >> ORDINAL_BITS;

  /** The increment of the sequence. */
  private static final int BLOCK = 100;

  private final CurrentShard current;
  private final String sequence;
  private final String nextBlock;
  private final Map<Integer, Block> blocks = new ConcurrentHashMap<>(); // at most SHARDS

  /**
   * Makes a generator.
   *
   * @param schema the installation's schema
   * @param current which shard the current transaction is bound to
   */
  public SequenceIds(String schema, CurrentShard current) {
    this.current = current;
    this.sequence = schema + ".shard_sequence";
    // The increment is looked at each time: after an ALTER SEQUENCE blocks would overlap.
    this.nextBlock =
        """
        SELECT CASE WHEN seqincrement = %d THEN nextval('%s') END
          FROM pg_sequence WHERE seqrelid = '%2$s'::regclass
        """
            .formatted(BLOCK, sequence);
  }

  /**
   * A new id of the current shard.
   *
   * @throws org.springframework.dao.DataAccessException if the shard's database fails, or the
   *     transaction is read-only
   * @throws IllegalStateException if the sequence was altered or has come to its end
   */
  public long next() {
    NumberedShard shard = current.shard();
    Block block = blocks.computeIfAbsent(shard.ordinal(), ordinal -> new Block());
    return (block.next(shard) << ORDINAL_BITS) | shard.ordinal();
  }

  /** The ordinal of the shard where an id was drawn, 0 to 1,023. */
  public static int shardOrdinalOf(long id) {
    return (int) id & (SHARDS - 1);
  }

  private long firstOfNextBlock(NumberedShard shard) {
    Long first = new JdbcTemplate(shard.dataSource()).queryForObject(nextBlock, Long.class);
    if (first == null) {
      throw new IllegalStateException(
          "The sequence %s of shard %s must have an increment of %d, and has another; undo its ALTER SEQUENCE beyond its last value"
              .formatted(sequence, shard.name(), BLOCK));
    }
    if (first > LAST_NUMBER - BLOCK) {
      throw new IllegalStateException(
          "The sequence %s of shard %s has come to %d, and ids have room up to %d"
              .formatted(sequence, shard.name(), first, LAST_NUMBER));
    }
    return first;
  }

  /** What is left of the numbers that were drawn from one shard's sequence. */
  private final class Block {

    private final ReentrantLock lock = new ReentrantLock(); // a virtual thread may wait for it
    private long next;
    private long end;

    long next(NumberedShard shard) {
      lock.lock();
      try {
        if (next == end) {
          next = firstOfNextBlock(shard);
          end = next + BLOCK;
        }
        return next++;
      } finally {
        lock.unlock();
      }
    }
  }
}
