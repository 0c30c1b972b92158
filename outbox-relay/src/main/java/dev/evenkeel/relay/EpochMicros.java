package dev.evenkeel.relay;

import io.debezium.spi.converter.CustomConverter;
import io.debezium.spi.converter.RelationalColumn;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.temporal.ChronoUnit;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.connect.data.SchemaBuilder;
import org.jspecify.annotations.Nullable;

/**
 * Has Debezium pass times on as microseconds, instead of as text that is made and parsed again for
 * each row. Public because Debezium makes it.
 */
public final class EpochMicros implements CustomConverter<SchemaBuilder, RelationalColumn> {

  private static final long PER_SECOND = 1_000_000;

  /** The last years that PostgreSQL knows have no number of microseconds. */
  private static final long LAST_SECOND = Long.MAX_VALUE / PER_SECOND - 1;

  @Override
  public void configure(Properties properties) {}

  @Override
  public void converterFor(
      RelationalColumn column, ConverterRegistration<SchemaBuilder> registration) {
    if ("timestamptz".equals(column.typeName())) {
      // Optional because of columns whose default is no constant: Debezium asks for that, too.
      registration.register(SchemaBuilder.int64().optional(), EpochMicros::of);
    }
  }

  private static @Nullable Object of(@Nullable Object value) {
    if (!(value instanceof OffsetDateTime time)) {
      return null;
    }
    long second = Math.min(time.toEpochSecond(), LAST_SECOND);
    return second * PER_SECOND + TimeUnit.NANOSECONDS.toMicros(time.getNano());
  }

  /** What {@link #of} made of a time. */
  static Instant toInstant(long micros) {
    return Instant.EPOCH.plus(micros, ChronoUnit.MICROS);
  }
}
