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
  private static final String LSN = "lsn";
  private static final String XID = "txId";

  /**
   * The position that Debezium confirms for this record: the end of the last transaction that was
   * streamed whole before it. So a transaction is confirmed as a whole or not at all. Null before
   * the first.
   */
  @Nullable LogSequenceNumber lastCommit() {
    Long lsn = number(LAST_COMMIT);
    return lsn == null ? null : LogSequenceNumber.valueOf(lsn);
  }

  /** Of the record itself; null where Debezium does not know it. */
  @Nullable Long lsn() {
    return number(LSN);
  }

  /** The transaction that the server decodes, as 32 bits; null where Debezium does not know it. */
  @Nullable Long xid() {
    return number(XID);
  }

  private @Nullable Long number(String key) {
    return event.record().sourceOffset().get(key) instanceof Long number ? number : null;
  }
}
