package com.example.folder;

import dev.evenkeel.outbox.OutboxMessage;
import dev.evenkeel.outbox.spi.PayloadStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.UUID;

/** A folder that every service has mounted. What is older than 11 days may be deleted from it. */
class FolderPayloadStore implements PayloadStore {

  private static final String PREFIX = "folder:";

  private final Path folder;

  FolderPayloadStore(Path folder) {
    this.folder = folder;
  }

  @Override
  public String store(OutboxMessage message) {
    String name = UUID.randomUUID().toString();
    try (FileChannel file =
        FileChannel.open(
            folder.resolve(name), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      for (ByteBuffer rest = ByteBuffer.wrap(message.payload()); rest.hasRemaining(); ) {
        file.write(rest);
      }
      file.force(true); // the message commits afterwards
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return PREFIX + name;
  }

  @Override
  public Optional<byte[]> load(String claim) {
    if (!claim.startsWith(PREFIX)) {
      return Optional.empty(); // another store's
    }
    String name = UUID.fromString(claim.substring(PREFIX.length())).toString();
    try {
      return Optional.of(Files.readAllBytes(folder.resolve(name)));
    } catch (NoSuchFileException e) {
      if (Files.isDirectory(folder)) {
        return Optional.empty();
      }
      throw new UncheckedIOException(e); // not mounted: that says nothing of the file
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
