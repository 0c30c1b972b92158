package dev.evenkeel.relay;

import io.debezium.engine.RecordChangeEvent;
import org.apache.kafka.connect.source.SourceRecord;
import org.jspecify.annotations.Nullable;
import org.postgresql.replication.LogSequenceNumber;

/**
 * Where a record stands in the stream.
 *
 * @param event what Debezium wants back to confirm everything up to it
 */
record StreamPosition(RecordChangeEvent<SourceRecord> event) implements Place {

  private static final String LAST_COMMIT = "lsn_commit";

  /**
   * The position that Debezium confirms for this record: the end of the last transaction that was
   * streamed whole before it. So a transaction is confirmed as a whole or not at all. Null before
   * the first.
   */
  @Nullable LogSequenceNumber lastCommit() {
    return event.record().sourceOffset().get(LAST_COMMIT) instanceof Long lsn
        ? LogSequenceNumber.valueOf(lsn)
        : null;
  }
}
