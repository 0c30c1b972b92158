package dev.evenkeel.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AttemptTest {

  @TempDir Path folder;

  @Test
  void attemptsAreReadAsTheyWereWritten() throws Exception {
    Path file = folder.resolve("node");
    try (Attempt.Log log = new Attempt.Log(file)) {
      log.add(new AccountMoved(5, 2, 3));
    }

    List<Attempt> read = Attempt.Log.read(file, "node");

    assertThat(read).hasSize(1);
    assertThat(read.get(0))
        .usingRecursiveComparison()
        .ignoringFields("at")
        .isEqualTo(new Attempt(0, "node", 2, 3, 5));
    assertThat(Attempt.now() - read.get(0).at()).isBetween(0L, 60_000_000L);
  }

  @Test
  void lineOfAProcessThatWasKilledInItsMidstIsLeftOut() throws Exception {
    Path file = folder.resolve("node");
    Files.writeString(file, "1 2 3 4%n1 2".formatted(), StandardOpenOption.CREATE);

    assertThat(Attempt.Log.read(file, "node")).containsExactly(new Attempt(1, "node", 2, 3, 4));
  }
}
