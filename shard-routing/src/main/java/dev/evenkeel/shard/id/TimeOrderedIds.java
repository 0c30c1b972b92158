package dev.evenkeel.shard.id;

import com.fasterxml.uuid.Generators;
import com.fasterxml.uuid.impl.TimeBasedEpochGenerator;
import java.util.UUID;

/**
 * UUIDs of version 7 (RFC 9562): the default, for whatever needs neither a number nor a slot. They
 * sort by time, also within a millisecond of one process. Thread-safe.
 */
public final class TimeOrderedIds {

  private static final TimeBasedEpochGenerator GENERATOR = Generators.timeBasedEpochGenerator();

  private TimeOrderedIds() {}

  /** A new id. */
  public static UUID next() {
    return GENERATOR.generate();
  }
}
