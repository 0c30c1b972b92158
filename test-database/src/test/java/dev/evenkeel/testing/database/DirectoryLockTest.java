package dev.evenkeel.testing.database;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DirectoryLockTest {

  @TempDir Path folder;

  /** Otherwise another JVM takes a server that runs for one that was left behind, and stops it. */
  @Test
  void attemptOfTheSameJvmLeavesTheLockWhereItIs() throws Exception {
    Path data = folder.resolve("data");
    try (DirectoryLock held = DirectoryLock.tryAcquire(data).orElseThrow()) {
      assertThat(DirectoryLock.tryAcquire(data)).isEmpty();
      assertThat(anotherJvmAcquires(data)).isFalse();
    }
    assertThat(anotherJvmAcquires(data)).isTrue();
    Optional<DirectoryLock> again = DirectoryLock.tryAcquire(data);
    assertThat(again).isPresent();
    again.get().close();
  }

  private static boolean anotherJvmAcquires(Path data) throws IOException, InterruptedException {
    int exit =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                AnotherJvm.class.getName(),
                data.toString())
            .inheritIO()
            .start()
            .waitFor();
    assertThat(exit).isBetween(0, 1);
    return exit == 0;
  }

  /** Ends with 0 when it got the lock, and with 1 when somebody has it. */
  static final class AnotherJvm {

    private AnotherJvm() {}

    public static void main(String[] arguments) {
      Runtime.getRuntime()
          .halt(DirectoryLock.tryAcquire(Path.of(arguments[0])).isPresent() ? 0 : 1);
    }
  }
}
