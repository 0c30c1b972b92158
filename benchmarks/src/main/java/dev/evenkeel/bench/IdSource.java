package dev.evenkeel.bench;

import com.fasterxml.uuid.Generators;
import com.fasterxml.uuid.impl.TimeBasedEpochGenerator;
import com.github.f4b6a3.tsid.TsidFactory;
import dev.evenkeel.shard.id.NumberedShard;
import dev.evenkeel.shard.id.SequenceIds;
import dev.evenkeel.shard.id.SlotIds;
import dev.evenkeel.shard.id.SnowflakeIds;
import dev.evenkeel.shard.id.SnowflakeOptions;
import dev.evenkeel.shard.id.TimeOrderedIds;
import java.util.UUID;
import java.util.function.LongSupplier;
import javax.sql.DataSource;

/** Each generator of ids, and the library that does its bit work alone. */
enum IdSource {
  UUID7_LIBRARY("UUIDv7 library"),
  UUID7("UUIDv7"),
  SLOT("slot-carrying"),
  SNOWFLAKE_LIBRARY("Snowflake library"),
  SNOWFLAKE("Snowflake"),
  SEQUENCE("sequence + shard");

  private static final int NODE_BITS = 10;

  private final String label;

  IdSource(String label) {
    this.label = label;
  }

  String label() {
    return label;
  }

  /** A generator that has issued its first id. */
  Open open(DataSource database) {
    return switch (this) {
      case UUID7_LIBRARY -> {
        TimeBasedEpochGenerator generator = Generators.timeBasedEpochGenerator();
        yield new Open(() -> folded(generator.generate()), () -> {});
      }
      case UUID7 -> new Open(() -> folded(TimeOrderedIds.next()), () -> {});
      case SLOT -> new Open(() -> folded(SlotIds.next(1)), () -> {});
      case SNOWFLAKE_LIBRARY -> {
        TsidFactory factory =
            TsidFactory.builder()
                .withNodeBits(NODE_BITS)
                .withNode(1)
                .withCustomEpoch(SnowflakeIds.EPOCH)
                .build();
        yield new Open(() -> factory.create().toLong(), () -> {});
      }
      case SNOWFLAKE -> {
        SnowflakeIds ids =
            new SnowflakeIds(
                database, SnowflakeOptions.defaults(ShardedApplication.SCHEMA, "bench"));
        yield new Open(ids::next, ids::close);
      }
      case SEQUENCE -> {
        NumberedShard shard = new NumberedShard("shard-1", 0, database);
        yield new Open(new SequenceIds(ShardedApplication.SCHEMA, () -> shard)::next, () -> {});
      }
    };
  }

  private static long folded(UUID id) {
    return id.getMostSignificantBits() ^ id.getLeastSignificantBits();
  }

  /** A generator in use. */
  static final class Open implements AutoCloseable {

    private final LongSupplier ids;
    private final Runnable end;

    private Open(LongSupplier ids, Runnable end) {
      this.ids = ids;
      this.end = end;
      long unused = ids.getAsLong(); // takes the lease, or the first block
    }

    LongSupplier ids() {
      return ids;
    }

    @Override
    public void close() {
      end.run();
    }
  }
}
