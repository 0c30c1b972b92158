package dev.evenkeel.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class CachedTest {

  private final AtomicInteger reads = new AtomicInteger();

  @Test
  void manyScrapesReadOnce() {
    Cached<Integer> cached = new Cached<>(Duration.ofHours(1), reads::incrementAndGet);

    assertThat(cached.get()).isEqualTo(1);
    assertThat(cached.get()).isEqualTo(1);
  }

  @Test
  void oldReadingIsReadAgain() {
    Cached<Integer> cached = new Cached<>(Duration.ZERO, reads::incrementAndGet);

    assertThat(cached.get()).isEqualTo(1);
    assertThat(cached.get()).isEqualTo(2);
  }

  @Test
  void failedReadingIsUnknownAndKeptToo() {
    Cached<Integer> cached =
        new Cached<>(
            Duration.ofHours(1),
            () -> {
              reads.incrementAndGet();
              throw new IllegalStateException("away");
            });

    assertThat(cached.get()).isNull();
    assertThat(cached.get()).isNull();
    assertThat(reads).hasValue(1);
  }
}
