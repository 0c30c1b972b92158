package dev.evenkeel.bench;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.stream.Stream;

/** What the operating system says of this process; the database's processes are not in it. */
final class Cpu {

  private Cpu() {}

  /** Processor time that this JVM has used so far, on all cores. */
  static Duration used() {
    return Duration.ofNanos(system().getProcessCpuTime());
  }

  /** The processor's name where the system says it, otherwise "model unknown". */
  static String model() {
    Path cpus = Path.of("/proc/cpuinfo");
    if (!Files.isReadable(cpus)) {
      return "model unknown";
    }
    try (Stream<String> lines = Files.lines(cpus)) {
      return lines
          .filter(line -> line.startsWith("model name"))
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .findFirst()
          .orElse("model unknown");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
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
