package dev.evenkeel.bench;

import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * A summary of collapsed stacks ({@code thread;frame;...;frame samples} per line). Time in the
 * kernel and in native code counts for the Java method that asked for it.
 */
final class HotFrames {

  private static final int LINES = 30;
  private static final String OURS = "dev/evenkeel/";

  private record Stack(String thread, List<String> javaFrames, long samples) {}

  private final List<Stack> stacks;
  private final long total;

  HotFrames(String collapsed) {
    stacks = collapsed.lines().map(HotFrames::parse).toList();
    total = stacks.stream().mapToLong(Stack::samples).sum();
  }

  private static Stack parse(String line) {
    int end = line.lastIndexOf(' ');
    List<String> frames = Arrays.asList(line.substring(0, end).split(";", -1));
    return new Stack(
        frames.get(0).replaceAll("[0-9]+", "N"),
        // Java's frames are the ones with a package; native and kernel frames have none.
        frames.stream().skip(1).filter(frame -> frame.contains("/")).toList(),
        Long.parseLong(line.substring(end + 1)));
  }

  /**
   * Three lists: threads, methods by their own time, the framework's methods with all they call.
   */
  String summary() {
    return table("Threads", stack -> Set.of(stack.thread()))
        + table("Own time, innermost Java method", HotFrames::innermost)
        + table("The framework, with all that it calls", HotFrames::ours);
  }

  private static Set<String> innermost(Stack stack) {
    List<String> frames = stack.javaFrames();
    return Set.of(frames.isEmpty() ? "(the JVM itself)" : frames.get(frames.size() - 1));
  }

  private static Set<String> ours(Stack stack) {
    return stack.javaFrames().stream()
        .filter(frame -> frame.startsWith(OURS) && !frame.contains("Lambda"))
        .collect(Collectors.toCollection(LinkedHashSet::new));
  }

  private String table(String title, Function<Stack, Set<String>> names) {
    Map<String, Long> samples = new HashMap<>();
    for (Stack stack : stacks) {
      names.apply(stack).forEach(name -> samples.merge(name, stack.samples(), Long::sum));
    }
    return samples.entrySet().stream()
        .sorted(Map.Entry.<String, Long>comparingByValue().reversed())
        .limit(LINES)
        .map(
            entry ->
                String.format(
                    Locale.ROOT,
                    "%6.1f %%  %s%n",
                    100.0 * entry.getValue() / total,
                    entry.getKey()))
        .collect(Collectors.joining("", title + System.lineSeparator(), System.lineSeparator()));
  }
}
