package dev.evenkeel.shard.id;

import java.time.Duration;

/**
 * Settings of Snowflake ids.
 *
 * @param schema the installation's schema
 * @param node name of this process, kept beside its node id for people to read
 * @param lease how long a node id stays taken when its holder falls silent, 1 s to 10 min; default
 *     30 s. Renewed every third; ids are issued for nine tenths
 * @param maxWait longest wait of a caller while no node id is held, 0 to 1 min; default 2 s
 */
public record SnowflakeOptions(String schema, String node, Duration lease, Duration maxWait) {

  public SnowflakeOptions {
    range("evenkeel.ids.snowflake.lease", lease, Duration.ofSeconds(1), Duration.ofMinutes(10));
    range("evenkeel.ids.snowflake.max-wait", maxWait, Duration.ZERO, Duration.ofMinutes(1));
  }

  /** The defaults. */
  public static SnowflakeOptions defaults(String schema, String node) {
    return new SnowflakeOptions(schema, node, Duration.ofSeconds(30), Duration.ofSeconds(2));
  }

  private static void range(String setting, Duration value, Duration min, Duration max) {
    if (value.compareTo(min) < 0 || value.compareTo(max) > 0) {
      throw new IllegalArgumentException(
          "%s must be between %s and %s, was %s".formatted(setting, min, max, value));
    }
  }
}
