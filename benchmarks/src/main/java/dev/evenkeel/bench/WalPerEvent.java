package dev.evenkeel.bench;

import java.util.stream.IntStream;

/**
 * What PostgreSQL writes for an event.
 *
 * @param bytes of one event that has a transaction of its own and nothing beside it
 * @param bytesInBulk of one event in a transaction of a hundred
 * @param tableBytes by how much the outbox's table grows, which is written beside the WAL and has
 *     to be removed again
 */
record WalPerEvent(double bytes, double bytesInBulk, double tableBytes) {

  private static final String TABLE_BYTES =
      """
      SELECT sum(pg_total_relation_size(inhrelid))
        FROM pg_inherits WHERE inhparent = '%s.outbox'::regclass
      """
          .formatted(RelayWiring.SCHEMA);

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
      long table = Long.parseLong(database.text(TABLE_BYTES));
      double single = bytes(database, writer, WARM_UP, 1);
      double bulk = bytes(database, writer, WARM_UP + EVENTS, PER_BULK);
      double grown = (Long.parseLong(database.text(TABLE_BYTES)) - table) / (2.0 * EVENTS);
      return new WalPerEvent(single, bulk, grown);
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
