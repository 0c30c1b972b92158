package dev.evenkeel.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.evenkeel.outbox.spi.PayloadCodec;
import dev.evenkeel.outbox.spi.PayloadException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/**
 * What outbox and inbox rely on in every {@link PayloadCodec}. Extend it beside your codec; JUnit
 * runs the inherited tests.
 */
public abstract class PayloadCodecContract {

  /** The codec under test. */
  protected abstract PayloadCodec codec();

  /**
   * Events that must read back equal to what was written. The default suits codecs for any record;
   * a codec for generated classes names its own.
   */
  protected List<Object> events() {
    return List.of(
        new ContractEvent("key", 1),
        new ContractEvent("", Integer.MIN_VALUE),
        new ContractEvent("quote \" backslash \\ line\nZürich 東京 😀", Integer.MAX_VALUE));
  }

  /** Something that the codec can't write. */
  protected abstract Object unwritable();

  /** Bytes that are no payload of {@link #events()}; the default is text in no known format. */
  protected byte[] unreadable() {
    return "\u0007?not a payload".getBytes(StandardCharsets.UTF_8);
  }

  @Test
  void everyEventReadsBack() {
    for (Object event : events()) {
      byte[] payload = codec().encode(event);

      assertThat((Object) codec().decode(payload, event.getClass())).isEqualTo(event);
    }
  }

  @Test
  void anEventIsWrittenTheSameWayEachTime() {
    for (Object event : events()) {
      assertThat(codec().encode(event)).isEqualTo(codec().encode(event));
    }
  }

  @Test
  void anUnreadablePayloadIsAPayloadException() {
    Class<?> type = events().get(0).getClass();

    assertThatExceptionOfType(PayloadException.class)
        .isThrownBy(() -> codec().decode(unreadable(), type));
  }

  @Test
  void whatCantBeWrittenIsAPayloadException() {
    assertThatExceptionOfType(PayloadException.class)
        .isThrownBy(() -> codec().encode(unwritable()));
  }

  @Test
  void threadsShareACodec() throws Exception {
    PayloadCodec codec = codec();
    int threads = 8;
    ExecutorService executor = Executors.newFixedThreadPool(threads);
    try {
      List<Future<?>> running = new ArrayList<>();
      for (int i = 0; i < threads; i++) {
        running.add(
            executor.submit(
                () -> {
                  for (int round = 0; round < 200; round++) {
                    for (Object event : events()) {
                      Object read = codec.decode(codec.encode(event), event.getClass());
                      assertThat(read).isEqualTo(event);
                    }
                  }
                }));
      }
      for (Future<?> future : running) {
        future.get(20, TimeUnit.SECONDS);
      }
    } finally {
      executor.shutdownNow();
    }
  }
}
