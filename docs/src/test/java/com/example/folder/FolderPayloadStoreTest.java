package com.example.folder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.evenkeel.outbox.OutboxMessage;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FolderPayloadStoreTest {

  @TempDir Path folder;

  @Test
  void payloadIsFoundAgainByItsClaimOnly() {
    FolderPayloadStore store = new FolderPayloadStore(folder);
    byte[] payload = new byte[100_000];
    payload[99_999] = 7;

    String claim = store.store(OutboxMessage.of("report", 1, "report", "1", payload));

    assertThat(store.load(claim)).hasValue(payload);
    assertThat(store.load("folder:" + UUID.randomUUID())).isEmpty();
    assertThat(store.load("home/3/" + UUID.randomUUID())).isEmpty();
  }

  @Test
  void folderThatIsAwayIsNoMissingClaim() {
    FolderPayloadStore store = new FolderPayloadStore(folder.resolve("away"));

    assertThatExceptionOfType(UncheckedIOException.class)
        .isThrownBy(() -> store.load("folder:" + UUID.randomUUID()));
  }
}
