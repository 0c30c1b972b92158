package dev.evenkeel.shard.id;

import java.io.IOException;
import java.nio.LongBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * The ids of a process, in memory that is a file: complete after a SIGKILL, and readable while the
 * process lives.
 */
final class IdFile {

  private static final int COUNT = 0;
  private static final int REFUSALS = 1;
  private static final int HEADER = 2;
  private static final int CAPACITY = 2_000_000;

  private final LongBuffer longs;

  private IdFile(LongBuffer longs) {
    this.longs = longs;
  }

  static IdFile open(Path path) throws IOException {
    try (FileChannel channel =
        FileChannel.open(
            path, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      return new IdFile(
          channel
              .map(FileChannel.MapMode.READ_WRITE, 0, (long) (HEADER + CAPACITY) * Long.BYTES)
              .asLongBuffer());
    }
  }

  /** False when there is no room. */
  boolean add(long id) {
    int count = count();
    longs.put(HEADER + count, id);
    longs.put(COUNT, count + 1L);
    return count + 1 < CAPACITY;
  }

  void addRefusal() {
    longs.put(REFUSALS, longs.get(REFUSALS) + 1);
  }

  int count() {
    return (int) longs.get(COUNT);
  }

  long refusals() {
    return longs.get(REFUSALS);
  }

  long[] ids() {
    long[] ids = new long[count()];
    longs.get(HEADER, ids);
    return ids;
  }
}
