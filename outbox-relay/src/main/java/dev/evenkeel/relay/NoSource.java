package dev.evenkeel.relay;

import io.debezium.config.CommonConnectorConfig;
import io.debezium.connector.AbstractSourceInfo;
import io.debezium.connector.SourceInfoStructMaker;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.SchemaBuilder;
import org.apache.kafka.connect.data.Struct;

/**
 * Leaves out where a record comes from: what the relay needs of that is in the record's offset. One
 * empty struct serves all records. It has no time either, so that Debezium does not hand each
 * record's lag to a thread of its own, which was a fifth of what decoding a backlog costs. Public
 * because Debezium makes it.
 */
public final class NoSource implements SourceInfoStructMaker<AbstractSourceInfo> {

  /** Its metrics look for these. */
  private static final Schema SCHEMA =
      SchemaBuilder.struct()
          .name("evenkeel.NoSource")
          .field("ts_ms", Schema.OPTIONAL_INT64_SCHEMA)
          .field("txId", Schema.OPTIONAL_INT64_SCHEMA)
          .field("lsn", Schema.OPTIONAL_INT64_SCHEMA)
          .field("xmin", Schema.OPTIONAL_INT64_SCHEMA)
          .build();

  private static final Struct NOTHING = new Struct(SCHEMA);

  @Override
  public void init(String connector, String version, CommonConnectorConfig config) {}

  @Override
  public Schema schema() {
    return SCHEMA;
  }

  @Override
  public Struct struct(AbstractSourceInfo source) {
    return NOTHING;
  }
}
