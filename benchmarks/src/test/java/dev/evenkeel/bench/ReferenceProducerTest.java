package dev.evenkeel.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.debezium.engine.DebeziumEngine.Offsets;
import io.debezium.engine.DebeziumEngine.RecordCommitter;
import io.debezium.engine.RecordChangeEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.common.Cluster;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.SchemaBuilder;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.source.SourceRecord;
import org.junit.jupiter.api.Test;

class ReferenceProducerTest {

  private static final Schema ROW =
      SchemaBuilder.struct()
          .optional()
          .field("id", Schema.STRING_SCHEMA)
          .field("aggregateid", Schema.STRING_SCHEMA)
          .field("type", Schema.STRING_SCHEMA)
          .field("payload", Schema.BYTES_SCHEMA)
          .build();

  private static final Schema CHANGE = SchemaBuilder.struct().field("after", ROW).build();

  private final MockProducer<byte[], byte[]> broker =
      new MockProducer<>(
          Cluster.empty(), false, null, new ByteArraySerializer(), new ByteArraySerializer());
  private final ReferenceProducer producer = new ReferenceProducer(broker, "topic");
  private final List<String> confirmed = new ArrayList<>();

  private final RecordCommitter<RecordChangeEvent<SourceRecord>> committer =
      new RecordCommitter<>() {
        @Override
        public void markProcessed(RecordChangeEvent<SourceRecord> row) {
          confirmed.add(
              ((Struct) row.record().value()).getStruct("after").getString("aggregateid"));
        }

        @Override
        public void markBatchFinished() {}

        @Override
        public void markProcessed(RecordChangeEvent<SourceRecord> row, Offsets offsets) {
          throw new UnsupportedOperationException();
        }

        @Override
        public Offsets buildOffsets() {
          throw new UnsupportedOperationException();
        }
      };

  @Test
  void rowIsConfirmedWhenTheBrokerHasItAndAllBefore() throws Exception {
    producer.handleBatch(List.of(row("1"), row("2")), committer);
    assertThat(confirmed).isEmpty();

    broker.completeNext();
    producer.handleBatch(List.of(row("3")), committer);
    assertThat(confirmed).containsExactly("1");

    broker.completeNext();
    broker.completeNext();
    producer.handleBatch(List.of(row("4")), committer);
    assertThat(confirmed).containsExactly("1", "2", "3");
  }

  @Test
  void refusedRowEndsTheEngineAndIsNotConfirmed() throws Exception {
    producer.handleBatch(List.of(row("1"), row("2")), committer);
    broker.errorNext(new IllegalStateException("no"));
    broker.completeNext();

    assertThatIllegalStateException()
        .isThrownBy(() -> producer.handleBatch(List.of(row("3")), committer));
    assertThat(confirmed).isEmpty();
  }

  private static RecordChangeEvent<SourceRecord> row(String aggregate) {
    Struct after =
        new Struct(ROW)
            .put("id", "id-" + aggregate)
            .put("aggregateid", aggregate)
            .put("type", "order-placed")
            .put("payload", new byte[] {1});
    SourceRecord change =
        new SourceRecord(Map.of(), Map.of(), "t", CHANGE, new Struct(CHANGE).put("after", after));
    return () -> change;
  }
}
