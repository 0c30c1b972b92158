package dev.evenkeel.bench;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;

/** What the operating system says of this process; the database's processes are not in it. */
final class Cpu {

  private Cpu() {}

  /** Processor time that this JVM has used so far, on all cores. */
  static Duration used() {
    return Duration.ofNanos(system().getProcessCpuTime());
  }

  /** Bytes. */
  static long physicalMemory() {
    return system().getTotalMemorySize();
  }

  /**
   * Processes that ran or waited to, on average over the last minute; this machine's whole load.
   */
  static double loadAverage() {
    return system().getSystemLoadAverage();
  }

  private static OperatingSystemMXBean system() {
    return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
  }
}
