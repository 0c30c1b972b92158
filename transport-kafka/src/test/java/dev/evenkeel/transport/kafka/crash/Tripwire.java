package dev.evenkeel.transport.kafka.crash;

import dev.evenkeel.transport.kafka.crash.Boundary.Side;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Is told of each boundary that this process passes, and hurts the process where it is armed.
 * Thread-safe.
 */
final class Tripwire {

  /** Drivers and interceptors are made by name. In the parent nothing is installed. */
  private static final AtomicReference<@Nullable Tripwire> OF_PROCESS = new AtomicReference<>();

  private final Journal journal;
  private final String node;
  private final Path folder;
  private volatile @Nullable Armed armed;

  private record Armed(Arm arm, AtomicInteger passages) {}

  /**
   * Makes a tripwire.
   *
   * @param folder where processes agree on who is a victim
   */
  Tripwire(Journal journal, String node, Path folder) {
    this.journal = journal;
    this.node = node;
    this.folder = folder;
  }

  static void install(Tripwire tripwire) {
    OF_PROCESS.set(tripwire);
  }

  /** This process, on whatever thread, stands at a boundary. May never return. */
  static void pass(Boundary boundary, Side side) {
    Tripwire tripwire = OF_PROCESS.get();
    if (tripwire != null) {
      tripwire.passed(boundary, side);
    }
  }

  void arm(@Nullable Arm arm) {
    armed = arm == null ? null : new Armed(arm, new AtomicInteger());
  }

  private void passed(Boundary boundary, Side side) {
    if (side == Side.AFTER && isByFence(boundary)) {
      journal.process(Journal.Kind.FENCED_WRITE, node, boundary.name());
    }
    Armed now = armed;
    if (now != null
        && now.arm.boundary() == boundary
        && now.arm.side() == side
        && now.passages.incrementAndGet() == now.arm.passage()
        && isVictim(now.arm)) {
      journal.process(Journal.Kind.FAULT, node, boundary.name());
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(now.arm.lingerMillis()));
      hurt(now.arm.fault());
    }
  }

  /** What only the leader, or the partition's owner, can commit. */
  private static boolean isByFence(Boundary boundary) {
    return switch (boundary) {
      case PARK, QUEUE, RELEASE, SET_ASIDE, SET_BEHIND, SET_FREE, WITNESS -> true;
      default -> false;
    };
  }

  /** Making a file is atomic over processes: so many are hurt and no more. */
  private boolean isVictim(Arm arm) {
    for (int n = 1; n <= arm.victims(); n++) {
      try {
        Files.createFile(folder.resolve("cell-%d-victim-%d".formatted(arm.cell(), n)));
        return true;
      } catch (FileAlreadyExistsException e) {
        journal.process(Journal.Kind.SPARED, node, arm.boundary().name());
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return false;
  }

  private void hurt(Arm.Fault fault) {
    if (fault == Arm.Fault.HALT) {
      Runtime.getRuntime().halt(137);
    }
    try {
      String self = Long.toString(ProcessHandle.current().pid());
      new ProcessBuilder("kill", "-STOP", self).start().waitFor(); // ends when it was woken
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) { // the watchdog's, after waking
      Thread.currentThread().interrupt();
    }
    journal.process(Journal.Kind.WOKE, node, "-");
  }
}
