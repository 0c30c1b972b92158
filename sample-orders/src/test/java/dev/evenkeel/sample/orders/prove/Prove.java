package dev.evenkeel.sample.orders.prove;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ThreadLocalRandom;
import org.springframework.util.FileSystemUtils;

/** {@code bin/prove}: draws a schedule, runs it, and says what held. */
final class Prove {

  private static final int SHOWN = 10;
  private static final int LONGEST_MINUTES = 24 * 60;
  private static final long MAX_SEED = 999_999_999_999_999_999L;
  private static final PrintStream out = System.out;

  private Prove() {}

  /** What it was asked for. */
  record Options(long seed, int minutes, List<Mode> modes, Path folder) {

    static Options parse(String[] arguments) {
      long seed = ThreadLocalRandom.current().nextInt(1_000_000);
      int minutes = 3;
      List<Mode> modes = List.of(Mode.values());
      Path folder = Path.of("target", "prove");
      Iterator<String> words = List.of(arguments).iterator();
      while (words.hasNext()) {
        String option = words.next();
        if (!words.hasNext()) {
          throw new IllegalArgumentException(option + " needs a value");
        }
        String value = words.next();
        switch (option) {
          case "--seed" -> seed = number(option, value, 0, MAX_SEED);
          case "--minutes" -> minutes = (int) number(option, value, 1, LONGEST_MINUTES);
          case "--mode" -> modes = modes(value);
          case "--folder" -> folder = Path.of(value);
          default ->
              throw new IllegalArgumentException(
                  "%s is no option; there are --minutes, --seed and --mode".formatted(option));
        }
      }
      return new Options(seed, minutes, modes, folder.resolve(String.valueOf(seed)));
    }

    private static long number(String option, String value, long least, long most) {
      if (value.matches("[0-9]{1,18}")) {
        long number = Long.parseLong(value);
        if (number >= least && number <= most) {
          return number;
        }
      }
      throw new IllegalArgumentException(
          "%s must be a number from %d to %d, was %s".formatted(option, least, most, value));
    }

    private static List<Mode> modes(String value) {
      if (value.equals("all")) {
        return List.of(Mode.values());
      }
      for (Mode mode : Mode.values()) {
        if (mode.name().toLowerCase(Locale.ROOT).equals(value)) {
          return List.of(mode);
        }
      }
      throw new IllegalArgumentException(
          "--mode must be shards, kafka, split or all, was " + value);
    }
  }

  /**
   * Runs.
   *
   * @param arguments {@code --seed}, {@code --minutes}, {@code --mode} and {@code --folder}, each
   *     with a value
   */
  public static void main(String[] arguments) {
    int exit = 2;
    try {
      exit = run(Options.parse(arguments));
    } catch (IllegalArgumentException e) {
      System.err.println(e.getMessage());
    } catch (Exception e) {
      e.printStackTrace();
    }
    System.exit(exit);
  }

  private static int run(Options options) throws Exception {
    Schedule schedule = Schedule.draw(options.seed(), options.minutes(), options.modes());
    out.print(schedule.text());
    FileSystemUtils.deleteRecursively(options.folder()); // an earlier run of the seed
    Files.createDirectories(options.folder());
    write(options.folder().resolve("schedule.txt"), schedule.text());
    long began = System.nanoTime();
    List<Outcome> outcomes = new ArrayList<>();
    Report report = new Report(schedule, outcomes, 0);
    try (Servers servers = new Servers()) {
      for (Schedule.Round round : schedule.rounds()) {
        boolean over = System.nanoTime() - began > Duration.ofMinutes(options.minutes()).toNanos();
        if (over && outcomes.size() >= options.modes().size()) { // each mode at least once
          break;
        }
        Path folder = options.folder().resolve("round-" + round.number());
        Outcome outcome = new Ordeal(servers, round, folder, began).run();
        outcomes.add(outcome);
        report = new Report(schedule, List.copyOf(outcomes), System.nanoTime() - began);
        write(options.folder().resolve("report.md"), report.markdown()); // a long run may be ended
        write(options.folder().resolve("faults.csv"), report.csv());
        out.println(outcome.text());
        outcome
            .verdict()
            .forEach(
                (law, broken) ->
                    broken.stream()
                        .limit(SHOWN)
                        .forEach(what -> out.printf("  %s: %s%n", law, what)));
      }
    }
    out.println(report.counts());
    out.printf("History and report are in %s%n", options.folder());
    out.printf("%d passed, %d failed%n", report.passed(), report.failed());
    return report.failed() == 0 ? 0 : 1;
  }

  private static void write(Path file, String text) throws IOException {
    Files.writeString(file, text, StandardCharsets.UTF_8);
  }
}
