package dev.evenkeel.sample.orders.prove;

import java.util.Locale;

/** What is done to a process or a database. */
enum FaultKind {
  /** SIGKILL while it has sagas under way, and a new process some time later. */
  KILL(true),
  /** SIGSTOP for longer than the leases, then SIGCONT. */
  SUSPEND(true),
  /** Its clock is some minutes ahead or behind, for what is due and what is kept. */
  CLOCK(true),
  /** Slow requests have all connections of its pools. */
  POOL(true),
  /** It stops in order, and comes back with a newer version of the saga. */
  UPGRADE(true),
  /** PostgreSQL stops {@code immediate}, and starts again. */
  CRASH(false),
  /** All its connections are reset, several times. */
  RESET(false),
  /** Whatever is said to it or by it takes longer. */
  LATENCY(false),
  /** Nothing reaches it or leaves it for longer than the leases; then it goes on, or is reset. */
  BLACKHOLE(false),
  /** The relay's replication slot is dropped. */
  DROP_SLOT(false);

  private final boolean hurtsProcess;

  FaultKind(boolean hurtsProcess) {
    this.hurtsProcess = hurtsProcess;
  }

  /** Whether its target is a process; else it is a database. */
  boolean hurtsProcess() {
    return hurtsProcess;
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
