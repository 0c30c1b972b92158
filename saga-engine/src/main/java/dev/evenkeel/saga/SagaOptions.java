package dev.evenkeel.saga;

import dev.evenkeel.saga.definition.Execution;
import java.time.Duration;
import java.util.Set;

/**
 * How the engine works.
 *
 * @param schema of the installation
 * @param node name of this process, which no other has
 * @param concurrency most steps that run at one time on each shard, 1 to 1,000; keep it below the
 *     size of the connection pool
 * @param maxActive most instances in memory, 1 to 1,000,000; what is started beyond it waits in the
 *     database
 * @param lease how long a silent node's sagas stay its own, 1 s to 10 min
 * @param poll how often each home shard is looked at for news, 10 ms to 10 s
 * @param stuckAfter attempts after which an instance that can't turn back any more, or has to turn
 *     back, is marked as stuck, 1 to 1,000
 * @param retention how long ended instances are kept, at least a day: a step of a node that stands
 *     still may arrive late, and has to find its row
 * @param keyRetention how long a key is kept beyond its instance
 * @param signalRetention how long a signal waits for its saga's start
 * @param maxPayloadBytes largest command, result and event
 * @param virtualThreads whether steps run on virtual threads, where the JVM has them
 */
public record SagaOptions(
    String schema,
    String node,
    String service,
    Set<String> remoteParticipants,
    int concurrency,
    int maxActive,
    Duration lease,
    Duration poll,
    int stuckAfter,
    Duration retention,
    Duration keyRetention,
    Duration signalRetention,
    int maxPayloadBytes,
    boolean virtualThreads) {

  private static final int MOST_CONCURRENCY = 1_000;
  private static final int MOST_ACTIVE = 1_000_000;

  private static final String CHILDREN = ".sagas";

  /** Stands for all participants. */
  public static final String EVERY_PARTICIPANT = "*";

  public SagaOptions {
    if (!Execution.Participant.isLegal(service)) {
      throw new IllegalArgumentException(
          "evenkeel.saga.service must be 1 to 100 letters, digits, '.', '_' or '-', was \"%s\""
              .formatted(service));
    }
    remoteParticipants = Set.copyOf(remoteParticipants);
    require("concurrency", concurrency, 1, MOST_CONCURRENCY);
    require("max-active", maxActive, 1, MOST_ACTIVE);
    require("stuck-after", stuckAfter, 1, MOST_CONCURRENCY);
    require("max-payload", maxPayloadBytes, 1, 1 << 30);
    require("lease", lease, Duration.ofSeconds(1), Duration.ofMinutes(10));
    require("poll", poll, Duration.ofMillis(10), Duration.ofSeconds(10));
    require("retention", retention, Duration.ofDays(1), Duration.ofDays(3650));
    require("key-retention", keyRetention, Duration.ZERO, Duration.ofDays(3650));
    require("signal-retention", signalRetention, Duration.ZERO, Duration.ofDays(3650));
  }

  /** The participant that this service's sagas are, for the steps that are sagas of their own. */
  String childParticipant() {
    return service + CHILDREN;
  }

  /** The defaults. */
  public static SagaOptions defaults(String schema, String node) {
    return new SagaOptions(
        schema,
        node,
        "application",
        Set.of(),
        8,
        10_000,
        Duration.ofSeconds(5),
        Duration.ofMillis(200),
        10,
        Duration.ofDays(7),
        Duration.ofDays(30),
        Duration.ofDays(1),
        256 * 1024,
        true);
  }

  /** The same, but with participants that are asked by messages though they are in this process. */
  public SagaOptions withRemoteParticipants(String... names) {
    return new SagaOptions(
        schema,
        node,
        service,
        Set.of(names),
        concurrency,
        maxActive,
        lease,
        poll,
        stuckAfter,
        retention,
        keyRetention,
        signalRetention,
        maxPayloadBytes,
        virtualThreads);
  }

  private static <T extends Comparable<T>> void require(String property, T value, T least, T most) {
    if (value.compareTo(least) < 0 || value.compareTo(most) > 0) {
      throw new IllegalArgumentException(
          "evenkeel.saga.%s must be between %s and %s, was %s"
              .formatted(property, least, most, value));
    }
  }
}
