package dev.evenkeel.bench;

import java.util.stream.IntStream;

/**
 * What PostgreSQL writes to its WAL for an event.
 *
 * @param bytes of one event that has a transaction of its own and nothing beside it
 * @param bytesInBulk of one event in a transaction of a hundred
 */
record WalPerEvent(double bytes, double bytesInBulk) {

  private static final int EVENTS = 20_000;
  private static final int PER_BULK = 100;

  /** Before the pages that are written to are known to the WAL, it holds them whole. */
  private static final int WARM_UP = 2_000;

  /** Of a prepared pipeline that does not deliver. */
  static WalPerEvent measure(BenchDatabase database, Pipeline pipeline) throws Exception {
    pipeline.prepare();
    database.settle();
    try (Pipeline.Writer writer = pipeline.openWriter()) {
      write(writer, 0, WARM_UP, 1);
      double single = bytes(database, writer, WARM_UP, 1);
      double bulk = bytes(database, writer, WARM_UP + EVENTS, PER_BULK);
      return new WalPerEvent(single, bulk);
    }
  }

  private static double bytes(BenchDatabase database, Pipeline.Writer writer, int first, int step)
      throws Exception {
    long before = position(database);
    write(writer, first, EVENTS, step);
    return (position(database) - before) / (double) EVENTS;
  }

  private static void write(Pipeline.Writer writer, int first, int events, int step)
      throws Exception {
    for (int order : IntStream.range(0, events / step).map(n -> first + n * step).toArray()) {
      writer.writeEvents(order, step);
    }
  }

  /** Where the server's WAL ends, in bytes from its beginning. */
  static long position(BenchDatabase database) throws Exception {
    return Long.parseLong(
        database.text("SELECT (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::bigint"));
  }
}
