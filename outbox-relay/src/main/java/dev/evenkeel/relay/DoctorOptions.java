package dev.evenkeel.relay;

import dev.evenkeel.outbox.Checks;

/**
 * When the slot doctor warns of WAL that the replication slot keeps.
 *
 * @param retainedWal bytes, 1 MiB to 1 PiB; default 1 GiB
 * @param retainedShare share of {@code max_slot_wal_keep_size}, above 0 up to 1; default 0.5. Of no
 *     effect where the server has no such limit
 */
public record DoctorOptions(long retainedWal, double retainedShare) {

  public DoctorOptions {
    Checks.range("evenkeel.relay.doctor.retained-wal", retainedWal, 1L << 20, 1L << 50);
    if (!(retainedShare > 0 && retainedShare <= 1)) {
      throw new IllegalArgumentException(
          "evenkeel.relay.doctor.retained-share must be above 0 and at most 1, was "
              + retainedShare);
    }
  }

  /** 1 GiB, and half of what the server keeps. */
  public static DoctorOptions defaults() {
    return new DoctorOptions(1L << 30, 0.5);
  }
}
