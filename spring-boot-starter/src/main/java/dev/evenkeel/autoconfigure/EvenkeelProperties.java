package dev.evenkeel.autoconfigure;

import dev.evenkeel.outbox.DeadLetterPolicy;
import dev.evenkeel.outbox.InboxCommit;
import dev.evenkeel.outbox.OutboxStorage;
import dev.evenkeel.relay.RelayMode;
import dev.evenkeel.shard.guard.DualWriteMode;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.StringUtils;
import org.springframework.util.unit.DataSize;

/**
 * Everything under {@code evenkeel.*}. Ranges are checked by the options records that the values
 * end in; {@link EvenkeelOptions} makes those.
 *
 * @param enabled Whether Evenkeel is configured at all.
 * @param schema Schema of the installation: 1 to 40 lower-case letters, digits and underscores. Two
 *     applications that share a database use two schemas.
 * @param scanPackages Packages searched for @OutboxEvent classes, besides those of the application.
 * @param transport How messages travel from the relay to their handlers: in-process, or kafka with
 *     evenkeel-transport-kafka and spring-boot-starter-kafka on the class path.
 * @param migration Migration of the schema.
 * @param outbox The writing side.
 * @param inbox The receiving side.
 * @param relay Publishing from the write-ahead log.
 * @param kafka Messages by Kafka, whose clients take the settings under spring.kafka.
 * @param saga Running sagas.
 * @param janitor Truncation of what has been published and handled.
 * @param catalogue Name of the shard that holds the slot map. Needed with shards.
 * @param shards The shards by name: 1 to 40 lower-case letters, digits and hyphens, a letter first.
 *     A name is for ever. Without any, the application has one database, its DataSource.
 * @param sharding What concerns all shards.
 * @param ids Generators of ids.
 * @param guard What must not happen inside a local transaction.
 */
@ConfigurationProperties("evenkeel")
record EvenkeelProperties(
    @DefaultValue("true") boolean enabled,
    @DefaultValue("evenkeel") String schema,
    @DefaultValue List<String> scanPackages,
    @DefaultValue("in-process") TransportKind transport,
    @DefaultValue Migration migration,
    @DefaultValue Outbox outbox,
    @DefaultValue Inbox inbox,
    @DefaultValue Relay relay,
    @DefaultValue Kafka kafka,
    @DefaultValue Saga saga,
    @DefaultValue Janitor janitor,
    @Nullable String catalogue,
    @DefaultValue Map<String, Shard> shards,
    @DefaultValue Sharding sharding,
    @DefaultValue Ids ids,
    @DefaultValue Guard guard) {

  /**
   * Generators of ids.
   *
   * @param snowflake Numbers of 64 bits with a leased node id.
   */
  record Ids(@DefaultValue Snowflake snowflake) {}

  /**
   * Numbers of 64 bits with a leased node id.
   *
   * @param lease How long a node id stays taken when its holder falls silent, 1s to 10m.
   * @param maxWait Longest wait of a caller while this process holds no node id, up to 1m. After it
   *     the call fails.
   */
  record Snowflake(@DefaultValue("30s") Duration lease, @DefaultValue("2s") Duration maxWait) {}

  /**
   * One shard. Its pool takes the settings under spring.datasource.hikari, and those under
   * evenkeel.shards.[name].hikari, which win.
   *
   * @param url JDBC URL of the primary.
   * @param username Role of the application on the shard.
   * @param password Password of that role.
   * @param replicaUrl JDBC URL of a replica for read-only transactions that ask for it. Default:
   *     they read from the primary.
   */
  record Shard(
      String url,
      @DefaultValue("") String username,
      @DefaultValue("") String password,
      @Nullable String replicaUrl) {

    @Override
    public String toString() {
      return "Shard[url=%s, username=%s]".formatted(url, username);
    }
  }

  /**
   * What concerns all shards.
   *
   * @param instances How many processes share the shards, for the budget of connections, 1 to
   *     10000.
   * @param fanOutTimeout How long a fan-out waits for its shards, 100ms to 10m.
   */
  record Sharding(@DefaultValue("1") int instances, @DefaultValue("30s") Duration fanOutTimeout) {}

  /**
   * Migration of the schema.
   *
   * @param enabled Whether the application migrates the schema when it starts. When not, it checks
   *     that somebody did.
   * @param applicationRole Role that writes and handles messages, granted what it needs. Empty when
   *     it is the owner.
   * @param relayRole Role that publishes, granted what it needs. Empty when it is the owner.
   * @param url JDBC URL that the migration uses. Default: the URL of the application's DataSource.
   * @param username Role that owns the schema. Default: the migration uses the application's
   *     DataSource.
   * @param password Password of the role that owns the schema.
   */
  record Migration(
      @DefaultValue("true") boolean enabled,
      @DefaultValue("") String applicationRole,
      @DefaultValue("") String relayRole,
      @Nullable String url,
      @Nullable String username,
      @Nullable String password) {

    /** Whether the migration logs in otherwise than the application. */
    boolean ownLogin() {
      return StringUtils.hasText(url) || StringUtils.hasText(username);
    }

    @Override
    public String toString() {
      return "Migration[enabled=%s, url=%s, username=%s]".formatted(enabled, url, username);
    }
  }

  /**
   * The writing side.
   *
   * @param storage Where messages are until they are sent: table, or wal (no rows, so nothing to
   *     remove, but a lost replication slot loses what was not sent yet).
   * @param maxPayload Largest payload that a message carries itself, 1B to 64MB.
   * @param retention How long published messages stay in the outbox, up to 30 days.
   * @param claimCheck Payloads too large to travel in a message.
   */
  record Outbox(
      @DefaultValue("table") OutboxStorage storage,
      @DefaultValue("1MB") DataSize maxPayload,
      @DefaultValue("6h") Duration retention,
      @DefaultValue ClaimCheck claimCheck) {}

  /**
   * Payloads too large to travel in a message.
   *
   * @param threshold Larger payloads go to the payload store, and the message carries a claim; up
   *     to the largest payload of a message. Default: none does, and what is too large is refused.
   * @param maxPayload Largest payload of the payload store, from the threshold to 64MB.
   */
  record ClaimCheck(@Nullable DataSize threshold, @DefaultValue("16MB") DataSize maxPayload) {}

  /**
   * The receiving side.
   *
   * @param window How long a handled message is remembered. Longer than any message can take to
   *     come back, shorter than the inbox ring; older messages are dead letters at first receipt.
   * @param handlerTimeout Longest time a handler may take, 10ms to 5m, and more than 1.5s below the
   *     relay's lease. Beyond it the transaction is ended and the attempt has failed.
   * @param commit When a handler's transaction waits for the disk. durable: at its commit. grouped:
   *     together with others before the message is acknowledged; a crash of the server in between
   *     takes it back, and the message is delivered again.
   * @param lanes Most deliveries at a time, each with a database connection while it runs, 1 to
   *     1024.
   * @param outageBudget How long a database may be away before messages headed there are parked, up
   *     to 5m.
   * @param deadLetterPolicy What a dead letter means for later messages of its key, for handlers
   *     that do not say it themselves: block (they wait) or skip (they flow on, and a retried one
   *     comes late).
   * @param retired Consumers that nobody waits for any more. Naming one that has a handler is an
   *     error.
   * @param retry What happens when a handler fails.
   */
  record Inbox(
      @DefaultValue("10d") Duration window,
      @DefaultValue("5s") Duration handlerTimeout,
      @DefaultValue("durable") InboxCommit commit,
      @DefaultValue("16") int lanes,
      @DefaultValue("10s") Duration outageBudget,
      @DefaultValue("block") DeadLetterPolicy deadLetterPolicy,
      @DefaultValue List<String> retired,
      @DefaultValue Retry retry) {}

  /**
   * What happens when a handler fails.
   *
   * @param inMemoryAttempts Attempts before a failing message is parked with its key, 1 to 100.
   * @param inMemoryBudget Longest time over which those attempts are spread, up to 1m.
   * @param maxAttempts Attempts of a parked message before it is a dead letter, 1 to 1000.
   * @param firstBackoff Wait before the first attempt of a parked message, doubling from then on,
   *     1ms to 1h.
   * @param maxBackoff Longest wait between two attempts of a parked message, up to 1 day.
   */
  record Retry(
      @DefaultValue("3") int inMemoryAttempts,
      @DefaultValue("2s") Duration inMemoryBudget,
      @DefaultValue("20") int maxAttempts,
      @DefaultValue("1s") Duration firstBackoff,
      @DefaultValue("5m") Duration maxBackoff) {}

  /**
   * Publishing what was appended.
   *
   * @param enabled Whether this process may lead. When not, it only writes messages; its handlers
   *     run in processes that may.
   * @param mode Who relays. cdc: this process reads the write-ahead log. polling: this process
   *     reads the outbox, where the log can't be read. auto: cdc where the server permits it when a
   *     process begins to lead, otherwise polling. connect: Debezium in Kafka Connect.
   * @param url JDBC URL that the relay connects to, directly and not through a transaction pooler.
   *     Default: the URL of the application's DataSource.
   * @param username Role of the relay, with LOGIN and REPLICATION. Default: the role of the
   *     application's DataSource.
   * @param password Password of the relay's role. Default: the password of the application's
   *     DataSource.
   * @param node Name of this process, unique. Default: application name, host, process id and a
   *     random suffix.
   * @param lease How long a leader may be silent before others take over, 2s to 10m.
   * @param contendInterval How often the others look whether the lease has run out, 50ms to 1m.
   * @param heartbeatInterval How often progress is recorded and the replication slot moves, 50ms to
   *     10s, at most a third of the lease.
   * @param pollInterval How long Debezium waits for the next record, 1ms to 1s. It is the floor of
   *     the delay from commit to handler.
   * @param maxInFlight Most messages sent and not acknowledged, 1 to 1000000.
   * @param maxInFlightBytes Most bytes of messages sent and not acknowledged, 1MB to 1GB.
   * @param drainTimeout How long a stop waits for messages under way, up to 5m.
   * @param polling How often a relay looks into the outbox where it polls.
   * @param doctor When WAL that the replication slot keeps is worth a warning.
   */
  record Relay(
      @DefaultValue("true") boolean enabled,
      @DefaultValue("cdc") RelayMode mode,
      @Nullable String url,
      @Nullable String username,
      @Nullable String password,
      @Nullable String node,
      @DefaultValue("10s") Duration lease,
      @DefaultValue("500ms") Duration contendInterval,
      @DefaultValue("1s") Duration heartbeatInterval,
      @DefaultValue("2ms") Duration pollInterval,
      @DefaultValue("8192") int maxInFlight,
      @DefaultValue("32MB") DataSize maxInFlightBytes,
      @DefaultValue("10s") Duration drainTimeout,
      @DefaultValue Polling polling,
      @DefaultValue Doctor doctor) {

    @Override
    public String toString() {
      return "Relay[enabled=%s, url=%s, username=%s, node=%s]"
          .formatted(enabled, url, username, node);
    }
  }

  /**
   * How often a relay looks into the outbox where it polls. After a look that found something the
   * pause is the shortest, and then the pauses double; an append of the same process ends one.
   *
   * @param minInterval Shortest pause, 1ms to 1s.
   * @param maxInterval Longest pause, from the shortest to 10s.
   */
  record Polling(
      @DefaultValue("10ms") Duration minInterval, @DefaultValue("500ms") Duration maxInterval) {}

  /**
   * When WAL that the replication slot keeps is worth a warning.
   *
   * @param retainedWal So much of it, 1MB to 1PB.
   * @param retainedShare That share of max_slot_wal_keep_size, above 0 to 1.
   */
  record Doctor(
      @DefaultValue("1GB") DataSize retainedWal, @DefaultValue("0.5") double retainedShare) {}

  /**
   * Messages by Kafka, whose clients take the settings under spring.kafka.
   *
   * @param topic Topic of a message. The text in angle brackets stands for its aggregate type; a
   *     name without it is one topic for all.
   * @param source CloudEvents source of every message, a URI reference. Default: a slash and the
   *     application's name.
   * @param contentType What the payload codec writes, for CloudEvents.
   * @param createTopics Whether the relay makes topics that are missing, with the broker's
   *     defaults.
   * @param topicBudget How long a topic may be missing or forbidden before its messages are parked,
   *     up to 5m.
   * @param inbox Receiving from Kafka.
   */
  record Kafka(
      @DefaultValue("outbox.event.<aggregatetype>") String topic,
      @Nullable String source,
      @DefaultValue("application/json") String contentType,
      @DefaultValue("false") boolean createTopics,
      @DefaultValue("10s") Duration topicBudget,
      @DefaultValue KafkaInbox inbox) {}

  /**
   * Receiving from Kafka.
   *
   * @param enabled Whether this process serves its handlers from Kafka.
   * @param group Id of the consumer group. Default: the application's name. Parked messages are
   *     known by it, so keep it.
   * @param maxInFlight Most messages polled and not done, 1 to 1000000.
   * @param maxInFlightBytes Most bytes of messages polled and not done, 1MB to 1GB.
   * @param commitInterval How often offsets are committed, 10ms to 1m.
   */
  record KafkaInbox(
      @DefaultValue("true") boolean enabled,
      @Nullable String group,
      @DefaultValue("4096") int maxInFlight,
      @DefaultValue("32MB") DataSize maxInFlightBytes,
      @DefaultValue("500ms") Duration commitInterval) {}

  /**
   * Running sagas.
   *
   * @param enabled Whether this process runs sagas. When not, it only starts, signals and shows
   *     them, and other processes run them.
   * @param service Name of this service to the participants of its sagas, which answer under it.
   *     Default: the application's name. Keep it: answers on their way are addressed by it.
   * @param remoteParticipants Participants whose commands travel as messages although this process
   *     has their handlers; an asterisk stands for all. Holds for sagas started from now on.
   * @param concurrency Most steps that run at a time on each shard, each with a database
   *     connection, 1 to 1000. Keep it below the size of the connection pool.
   * @param maxActive Most sagas in memory, 1 to 1000000. What is started beyond it waits in the
   *     database.
   * @param lease How long a silent process's sagas stay its own before others take them over, 1s to
   *     10m.
   * @param poll How often each shard is looked at for news, 10ms to 10s.
   * @param stuckAfter Attempts after which a saga that can only go on, or only back, is marked as
   *     stuck, 1 to 1000. It is repeated all the same.
   * @param retention How long ended sagas are kept, 1 to 3650 days.
   * @param keyRetention How long a saga's key is remembered after the saga was deleted, up to 3650
   *     days. Starting the key again meanwhile starts nothing.
   * @param signalRetention How long a signal waits for its saga to be started, up to 3650 days.
   * @param maxPayload Largest command, result and event of a saga, 1B to 1GB.
   */
  record Saga(
      @DefaultValue("true") boolean enabled,
      @Nullable String service,
      @DefaultValue Set<String> remoteParticipants,
      @DefaultValue("8") int concurrency,
      @DefaultValue("10000") int maxActive,
      @DefaultValue("5s") Duration lease,
      @DefaultValue("200ms") Duration poll,
      @DefaultValue("10") int stuckAfter,
      @DefaultValue("7d") Duration retention,
      @DefaultValue("30d") Duration keyRetention,
      @DefaultValue("1d") Duration signalRetention,
      @DefaultValue("256KB") DataSize maxPayload) {}

  /**
   * Truncation of what has been published and handled.
   *
   * @param interval How often the janitor looks, 100ms to 1h.
   */
  record Janitor(@DefaultValue("1m") Duration interval) {}

  /**
   * What must not happen inside a local transaction.
   *
   * @param dualWrite What happens when a broker send, an HTTP call or a second DataSource is used
   *     inside a local transaction, with which it does not commit together: off, warn or fail.
   */
  record Guard(@DefaultValue("warn") DualWriteMode dualWrite) {}
}
