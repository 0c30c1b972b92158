package dev.evenkeel.mutants;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Called by mutated lines. Notes in a file that one was executed, so that processes that a test
 * starts, and kills, can say so as well: they inherit the class path and the environment.
 */
public final class Reached {

  /** The environment variable that says where the file is to be. */
  static final String FILE = "EVENKEEL_MUTANT_REACHED";

  private static volatile boolean noted;

  private Reached() {}

  /**
   * Notes that the line was executed.
   *
   * @return true, so that it can be part of a condition
   */
  public static boolean here() {
    if (!noted) {
      try {
        Files.writeString(
            Path.of(System.getenv(FILE)), "", StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      noted = true;
    }
    return true;
  }
}
