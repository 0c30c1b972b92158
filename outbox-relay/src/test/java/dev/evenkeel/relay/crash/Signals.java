package dev.evenkeel.relay.crash;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.concurrent.TimeUnit;

/** Signals to processes of this machine. */
public final class Signals {

  private static final int SECONDS = 10;

  private Signals() {}

  /**
   * Sends one.
   *
   * @param name such as {@code STOP}
   */
  public static void send(String name, long pid) throws InterruptedException {
    try {
      Process kill = new ProcessBuilder("kill", "-" + name, Long.toString(pid)).start();
      if (!kill.waitFor(SECONDS, TimeUnit.SECONDS) || kill.exitValue() != 0) {
        throw new IllegalStateException("kill -%s %s failed".formatted(name, pid));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
