package dev.evenkeel.bench;

/**
 * One backlog read twice, from two replication slots: what the bare reference's engine is worth.
 *
 * @param raw rows per second through the driver alone
 * @param reference rows per second through the bare engine
 */
record BareDrain(double raw, double reference) {

  /** A reference that is slower than this share of the raw stream is no reference. */
  static final double LEAST_OF_RAW = 0.5;

  static BareDrain measure(Drain backlog) throws Exception {
    try (BenchDatabase database = BenchDatabase.create();
        ReferencePipeline pipeline = new ReferencePipeline(database)) {
      String rawSlot = "raw_" + database.info().name();
      pipeline.prepare();
      pipeline.createReplicationSlot(rawSlot);
      backlog.write(database, pipeline);
      double raw =
          RawStream.rowsPerSecond(
              database.info(), rawSlot, ReferencePipeline.PUBLICATION, Drain.BACKLOG);
      return new BareDrain(raw, Drain.rowsPerSecond(pipeline));
    }
  }

  /** Makes the run invalid when the reference is none. */
  void judge(Results results) {
    if (reference < LEAST_OF_RAW * raw) {
      results.invalidate(
          "the bare reference drained %.0f rows/s, less than half of the raw stream's %.0f"
              .formatted(reference, raw));
    }
  }
}
