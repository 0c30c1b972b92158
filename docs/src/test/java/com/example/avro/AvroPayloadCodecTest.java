package com.example.avro;

import dev.evenkeel.outbox.spi.PayloadCodec;
import dev.evenkeel.testing.PayloadCodecContract;

class AvroPayloadCodecTest extends PayloadCodecContract {

  @Override
  protected PayloadCodec codec() {
    return new AvroPayloadCodec();
  }

  @Override
  protected Object unwritable() {
    return new Broken("key");
  }

  record Broken(String key) {

    public String getText() {
      throw new UnsupportedOperationException("no text");
    }
  }
}
