package com.example.avro;

import dev.evenkeel.outbox.spi.PayloadCodec;
import dev.evenkeel.outbox.spi.PayloadException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import tools.jackson.core.JacksonException;
import tools.jackson.dataformat.avro.AvroMapper;
import tools.jackson.dataformat.avro.AvroSchema;

/** Avro's binary form; the schema of each version is that of its class. */
class AvroPayloadCodec implements PayloadCodec {

  private final AvroMapper mapper = AvroMapper.builder().build();
  private final Map<Class<?>, AvroSchema> schemas = new ConcurrentHashMap<>();

  @Override
  public byte[] encode(Object event) {
    try {
      return mapper.writer(schema(event.getClass())).writeValueAsBytes(event);
    } catch (JacksonException e) {
      throw new PayloadException(event.getClass().getName() + " can't be written as Avro", e);
    }
  }

  @Override
  public <T> T decode(byte[] payload, Class<T> type) {
    try {
      return mapper.readerFor(type).with(schema(type)).readValue(payload);
    } catch (JacksonException e) {
      throw new PayloadException("payload is not a " + type.getName(), e);
    }
  }

  private AvroSchema schema(Class<?> type) {
    return schemas.computeIfAbsent(type, mapper::schemaFor);
  }
}
