package dev.evenkeel.autoconfigure;

import io.micrometer.common.docs.KeyName;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.docs.MeterDocumentation;
import org.jspecify.annotations.Nullable;

/** Every meter of the framework: name, type, unit and tags. */
public enum EvenkeelMeters implements MeterDocumentation {
  /** Messages written to the outbox, those of transactions that rolled back afterwards included. */
  APPENDED("evenkeel.outbox.appended", Meter.Type.COUNTER, "messages"),
  /** Messages that this process's relay handed to the transport. */
  SENT("evenkeel.relay.sent", Meter.Type.COUNTER, "messages"),
  /** Messages that took effect; the time is the delay from append to commit of the effects. */
  HANDLED("evenkeel.inbox.handled", Meter.Type.TIMER, null, Tags.CONSUMER),
  /** Deliveries whose effects had happened before. */
  DUPLICATES("evenkeel.inbox.duplicates", Meter.Type.COUNTER, "messages", Tags.CONSUMER),
  /** Failed attempts that are repeated. */
  RETRIED("evenkeel.inbox.retried", Meter.Type.COUNTER, "attempts", Tags.CONSUMER),
  /** Messages moved to the parked messages. */
  PARKED("evenkeel.inbox.parked", Meter.Type.COUNTER, "messages", Tags.CONSUMER, Tags.REASON),
  /** Messages that became dead letters. */
  DEAD("evenkeel.inbox.dead", Meter.Type.COUNTER, "messages", Tags.CONSUMER, Tags.REASON),
  /** 1 while this process leads, else 0. */
  LEADER("evenkeel.relay.leader", Meter.Type.GAUGE, null, Tags.SHARD),
  /** Messages sent and not acknowledged. */
  IN_FLIGHT("evenkeel.relay.in-flight", Meter.Type.GAUGE, "messages", Tags.SHARD),
  /** How often, since the start, a replication slot was found lost or made again: alarm on it. */
  GAPS("evenkeel.relay.gaps", Meter.Type.GAUGE, null, Tags.SHARD),
  /** WAL that the replication slot keeps; NaN when it is not known. */
  LAG_BYTES("evenkeel.relay.lag.bytes", Meter.Type.GAUGE, "bytes", Tags.SHARD),
  /** Age of the oldest message that is not published; NaN when it is not known. */
  LAG_SECONDS("evenkeel.relay.lag.seconds", Meter.Type.GAUGE, "seconds", Tags.SHARD),
  /** Parked pairs of consumer and key; NaN when it is not known. */
  PARKED_KEYS("evenkeel.inbox.parked.keys", Meter.Type.GAUGE, "keys", Tags.SHARD),
  /** 1 while the shard takes transactions of this process, else 0. */
  SHARD_UP("evenkeel.shard.up", Meter.Type.GAUGE, null, Tags.SHARD),
  /**
   * Share of the connections of the shard's server that all declared instances can open; NaN when
   * it is not known.
   */
  SHARD_CONNECTIONS("evenkeel.shard.connections", Meter.Type.GAUGE, null, Tags.SHARD),
  /** Dead letters that wait for a decision; NaN when it is not known. */
  DEAD_LETTERS("evenkeel.inbox.dead.letters", Meter.Type.GAUGE, "messages", Tags.SHARD),
  /** Messages in the Kafka partitions of this process that it has not polled yet. */
  KAFKA_INBOX_LAG("evenkeel.kafka.inbox.lag", Meter.Type.GAUGE, "messages"),
  /** Messages polled from Kafka and not done. */
  KAFKA_INBOX_OPEN("evenkeel.kafka.inbox.open", Meter.Type.GAUGE, "messages"),
  /** Sagas started, by transactions that committed. */
  SAGA_STARTED("evenkeel.saga.started", Meter.Type.COUNTER, "sagas", Tags.SAGA),
  /** Sagas that this process brought to an end; the time is from their start. */
  SAGA_ENDED("evenkeel.saga.ended", Meter.Type.TIMER, null, Tags.SAGA, Tags.STATE),
  /** Attempts at steps and compensations; the time is that of the attempt. */
  SAGA_STEP(
      "evenkeel.saga.step",
      Meter.Type.TIMER,
      null,
      Tags.SAGA,
      Tags.STEP,
      Tags.DIRECTION,
      Tags.OUTCOME),
  /** Sagas that this process marked as stuck: alarm on it. */
  SAGA_STUCK("evenkeel.saga.stuck", Meter.Type.COUNTER, "sagas", Tags.SAGA, Tags.STEP),
  /** Sagas that this process took over from one whose lease had ended. */
  SAGA_TAKEN_OVER("evenkeel.saga.taken-over", Meter.Type.COUNTER, "sagas", Tags.SAGA),
  /** Signals whose saga was not started in time. */
  SAGA_SIGNALS_EXPIRED("evenkeel.saga.signals.expired", Meter.Type.COUNTER, "signals", Tags.SAGA),
  /** Sagas that have not ended, by home shard; NaN when it is not known. */
  SAGA_ACTIVE("evenkeel.saga.active", Meter.Type.GAUGE, "sagas", Tags.SHARD, Tags.STATE),
  /** Those of them that are marked as stuck; NaN when it is not known. */
  SAGA_ACTIVE_STUCK("evenkeel.saga.active.stuck", Meter.Type.GAUGE, "sagas", Tags.SHARD),
  /** Dual writes that were warned of or refused. */
  DUAL_WRITES("evenkeel.guard.dual-writes", Meter.Type.COUNTER, "calls", Tags.KIND);

  /** Tags of the meters. */
  public enum Tags implements KeyName {
    /** Name of the consumer; {@code *} for messages of unknown type. */
    CONSUMER("consumer"),
    /** Why a message was parked, a {@link dev.evenkeel.outbox.ParkReason}. */
    REASON("reason"),
    /** Name of the shard; {@code home} without shards. */
    SHARD("shard"),
    /** What was called, the tag of a {@link dev.evenkeel.shard.guard.DualWriteKind}. */
    KIND("kind"),
    /** Name of the saga. */
    SAGA("saga"),
    /** Name of the step; {@code none} where no step is the cause. */
    STEP("step"),
    /** {@code forward}, or {@code compensation} where a step is undone. */
    DIRECTION("direction"),
    /** How an attempt ended, as {@link dev.evenkeel.saga.spi.SagaObserver.Attempt} names it. */
    OUTCOME("outcome"),
    /** State of a saga, a {@link dev.evenkeel.saga.SagaState}. */
    STATE("state");

    private final String key;

    Tags(String key) {
      this.key = key;
    }

    @Override
    public String asString() {
      return key;
    }
  }

  private final String meterName;
  private final Meter.Type meterType;
  private final @Nullable String unit;

  @SuppressWarnings("ImmutableEnumChecker") // only copies leave
  private final KeyName[] keys;

  EvenkeelMeters(String meterName, Meter.Type meterType, @Nullable String unit, KeyName... keys) {
    this.meterName = meterName;
    this.meterType = meterType;
    this.unit = unit;
    this.keys = keys;
  }

  @Override
  public String getName() {
    return meterName;
  }

  @Override
  public Meter.Type getType() {
    return meterType;
  }

  @Override
  public @Nullable String getBaseUnit() {
    return unit;
  }

  @Override
  public KeyName[] getKeyNames() {
    return keys.clone();
  }
}
