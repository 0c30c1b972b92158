package dev.evenkeel.relay;

import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Properties;
import org.jspecify.annotations.Nullable;
import org.postgresql.Driver;
import org.postgresql.PGProperty;

/**
 * The connector by which Kafka Connect relays an installation's messages: Debezium's connector for
 * PostgreSQL with its outbox event router, on the replication slot, the publication and the table
 * of the embedded relay. Made by {@code bin/connect-config}.
 *
 * @param name of the connector
 * @param config its settings, as Connect's REST interface takes them, in a fixed order
 */
public record ConnectConnector(String name, Map<String, String> config) {

  /** Stands for the aggregate type in the name of a topic. */
  private static final String AGGREGATE_TYPE = "<aggregatetype>";

  /** What a record has beside its payload: key, headers and the producer's own. */
  private static final int RECORD_OVERHEAD_BYTES = 64 * 1024;

  private static final Duration ATTACH_PAUSE = Duration.ofSeconds(1);
  private static final Duration ATTACH_PATIENCE = Duration.ofHours(1);

  public ConnectConnector {
    config = Collections.unmodifiableMap(new LinkedHashMap<>(config));
  }

  /**
   * The connector of an installation.
   *
   * @param options of its relay
   * @param database how the relay reaches the database; Connect has to reach it so, too
   * @param password what to print as the password: a reference that Connect resolves, such as
   *     {@code ${file:/etc/connect/secrets.properties:orders}}
   * @param topic name of a message's topic, with {@code <aggregatetype>} in the place of the
   *     aggregate type
   * @param maxPayloadBytes largest payload of a message
   * @throws IllegalArgumentException if the URL names no database
   */
  public static ConnectConnector of(
      RelayOptions options,
      ConnectionSettings database,
      String password,
      String topic,
      int maxPayloadBytes) {
    Properties target = Driver.parseURL(database.jdbcUrl(), new Properties());
    if (target == null) {
      throw new IllegalArgumentException("not a PostgreSQL URL: " + database.jdbcUrl());
    }
    String name = PGProperty.PG_DBNAME.getOrDefault(target);
    if (name == null || name.isEmpty()) {
      throw new IllegalArgumentException("no database in the URL " + database.jdbcUrl());
    }
    String schema = options.schema();
    String slot = ReplicationSlot.name(name, schema);
    Map<String, String> c = new LinkedHashMap<>();
    c.put("connector.class", "io.debezium.connector.postgresql.PostgresConnector");
    c.put("tasks.max", "1");
    reach(c, target, database.username(), password);
    c.put("database.dbname", name);
    stream(c, slot, options);
    limits(c, options, maxPayloadBytes);
    deliverOnce(c);
    route(c, topic);
    return new ConnectConnector(slot.replace('_', '-'), c);
  }

  private static void reach(
      Map<String, String> c, Properties target, String username, String password) {
    c.put("database.hostname", first(PGProperty.PG_HOST.getOrDefault(target)));
    c.put("database.port", first(PGProperty.PG_PORT.getOrDefault(target)));
    c.put("database.user", username);
    c.put("database.password", password);
    putIfSet(c, "database.sslmode", PGProperty.SSL_MODE.getOrDefault(target));
    putIfSet(c, "database.sslrootcert", PGProperty.SSL_ROOT_CERT.getOrDefault(target));
    putIfSet(c, "database.sslcert", PGProperty.SSL_CERT.getOrDefault(target));
    putIfSet(c, "database.sslkey", PGProperty.SSL_KEY.getOrDefault(target));
  }

  /** What is read, and from where on. */
  private static void stream(Map<String, String> c, String slot, RelayOptions options) {
    String schema = options.schema();
    c.put("topic.prefix", slot); // under which offsets are stored and heartbeats are sent
    c.put("plugin.name", ReplicationSlot.PLUGIN);
    c.put("slot.name", slot);
    c.put("slot.drop.on.stop", "false");
    c.put("publication.name", schema + "_outbox");
    c.put("publication.autocreate.mode", "disabled");
    c.put("table.include.list", schema + "\\.outbox");
    c.put("column.exclude.list", schema + "\\.outbox\\.(bucket|slot|position|xid)");
    c.put("snapshot.mode", "no_data"); // the ring is sent by the application's relay
    // The replication slot is the position to go on from: others stream from it in between, and
    // then Connect's own offset is behind it.
    c.put("offset.mismatch.strategy", "trust_slot");
    c.put("lsn.flush.mode", "connector");
    // The relay keeps the replication slot for itself while it sends from the ring.
    c.put("slot.retry.delay.ms", Long.toString(ATTACH_PAUSE.toMillis()));
    c.put("slot.max.retries", Long.toString(ATTACH_PATIENCE.dividedBy(ATTACH_PAUSE)));
    c.put("retriable.restart.connector.wait.ms", Long.toString(ATTACH_PAUSE.toMillis()));
    // On a quiet database there would be nothing to confirm, and the WAL of all others would stay.
    c.put("heartbeat.interval.ms", Long.toString(options.heartbeat().toMillis()));
    c.put(
        "heartbeat.action.query",
        "SELECT pg_logical_emit_message(true, '%s:connect', '')"
            .formatted(Term.heartbeatPrefix(schema)));
    c.put("message.prefix.exclude.list", ".*"); // they only move the position
  }

  private static void limits(Map<String, String> c, RelayOptions options, int maxPayloadBytes) {
    c.put("poll.interval.ms", Long.toString(options.pollInterval().toMillis()));
    c.put("max.batch.size", "2048");
    c.put("max.queue.size", "8192");
    c.put("max.queue.size.in.bytes", Long.toString(options.maxInFlightBytes()));
    c.put(
        "producer.override.max.request.size",
        Long.toString((long) maxPayloadBytes + RECORD_OVERHEAD_BYTES));
  }

  /**
   * Without transactions Connect tells the connector of each acknowledged record, also of one whose
   * predecessors are still on their way; Debezium then confirms those to PostgreSQL, and a crash
   * loses them. A worker that has no transactions must refuse the connector.
   */
  private static void deliverOnce(Map<String, String> c) {
    c.put("exactly.once.support", "required");
    c.put("transaction.boundary", "poll");
  }

  /** What comes out: the records of the embedded relay. */
  private static void route(Map<String, String> c, String topic) {
    String router = "transforms.outbox.";
    c.put("transforms", "outbox");
    c.put(router + "type", "io.debezium.transforms.outbox.EventRouter");
    c.put(router + "route.by.field", "aggregatetype");
    c.put(router + "route.topic.regex", "(?<type>.*)");
    c.put(router + "route.topic.replacement", topic.replace(AGGREGATE_TYPE, "${type}"));
    c.put(router + "table.field.event.id", "id");
    c.put(router + "table.field.event.key", "aggregateid");
    c.put(router + "table.field.event.payload", "payload");
    c.put(
        router + "table.fields.additional.placement",
        "type:header,version:header,created_at:header,headers:header");
    c.put(router + "table.op.invalid.behavior", "fatal");
    c.put("extended.headers.enabled", "false");
    c.put("tombstones.on.delete", "false");
    c.put("binary.handling.mode", "bytes");
    c.put("key.converter", "org.apache.kafka.connect.storage.StringConverter");
    c.put("header.converter", "org.apache.kafka.connect.storage.StringConverter");
    // Payloads as they are; heartbeats, which have none, as JSON.
    c.put("value.converter", "io.debezium.converters.BinaryDataConverter");
    c.put("value.converter.delegate.converter.type", "org.apache.kafka.connect.json.JsonConverter");
    c.put("value.converter.delegate.converter.type.schemas.enable", "false");
  }

  private static void putIfSet(Map<String, String> c, String setting, @Nullable String value) {
    if (value != null) {
      c.put(setting, value);
    }
  }

  private static String first(@Nullable String list) {
    return list == null ? "" : list.split(",", 2)[0];
  }
}
