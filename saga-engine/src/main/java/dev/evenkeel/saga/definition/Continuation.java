package dev.evenkeel.saga.definition;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Makes of a definition's steps those of an earlier version: under their former names, and without
 * the steps that came later. Rows, progress and history of that version's instances keep the names
 * they have, so a node with the earlier definition and one with this work beside each other, and a
 * step that both run has one row.
 *
 * <p>What a step reads was bound under the present names, and code that was written in lambdas asks
 * by them: both are given a {@link RenamedContext}.
 */
final class Continuation {

  private final int version;
  private final Map<String, StepDraft> drafts;
  private final List<StepDefinition> steps;

  /**
   * Of a definition that is being built.
   *
   * @param drafts by their present names
   * @param steps in topological order
   */
  Continuation(int version, Map<String, StepDraft> drafts, List<StepDefinition> steps) {
    this.version = version;
    this.drafts = drafts;
    this.steps = steps;
  }

  /** The steps of each of the versions; with a mistake added, they are not used. */
  List<List<StepDefinition>> steps(int[] versions, Mistakes mistakes) {
    checkSteps(versions.length > 0, mistakes);
    List<List<StepDefinition>> all = new ArrayList<>();
    Set<Integer> seen = new HashSet<>();
    for (int of : versions) {
      if (of < 1 || of >= version) {
        mistakes.add(
            "continues must name versions from 1 and below its own, %d, was %d"
                .formatted(version, of));
      } else if (!seen.add(of)) {
        mistakes.add("continues must name a version once, was %d again".formatted(of));
      }
      all.add(stepsOf(of, mistakes));
    }
    return all;
  }

  private void checkSteps(boolean isContinuing, Mistakes mistakes) {
    for (StepDraft draft : drafts.values()) {
      if (draft.since != 1 && (draft.since < 1 || draft.since > version)) {
        mistakes
            .step(draft.name)
            .add("since must be between 1 and %d, was %d".formatted(version, draft.since));
      }
      if (!draft.formerly.isEmpty() && !isContinuing) {
        mistakes
            .step(draft.name)
            .add(
                "it says that it was formerly \"%s\", but the saga continues no version; drop it, or say which"
                    .formatted(draft.formerly));
      }
    }
  }

  private List<StepDefinition> stepsOf(int of, Mistakes mistakes) {
    Map<String, @Nullable String> names = new HashMap<>();
    Map<String, String> taken = new HashMap<>();
    for (StepDraft draft : drafts.values()) {
      String name =
          draft.since > of ? null : draft.formerly.isEmpty() ? draft.name : draft.formerly;
      names.put(draft.name, name);
      String other = name == null ? null : taken.putIfAbsent(name, draft.name);
      if (other != null) {
        mistakes
            .step(draft.name)
            .add(
                "its name in version %d must be its own, was \"%s\" as that of step \"%s\""
                    .formatted(of, name, other));
      }
    }
    List<StepDefinition> earlier = new ArrayList<>();
    for (StepDefinition step : steps) {
      String name = names.get(step.name());
      if (name == null) {
        continue;
      }
      if (step instanceof ActionStep action) {
        requireThere("forEach", action.forEach(), names, of, mistakes.step(step.name()));
        requireThere("shardKey", action.shardKey(), names, of, mistakes.step(step.name()));
        earlier.add(renamed(action, name, names));
      } else if (step instanceof AwaitStep await) {
        earlier.add(renamed(await, name, names));
      }
    }
    return earlier;
  }

  /** How often and where a step runs can't be read from a result that is not there. */
  private static void requireThere(
      String what,
      ActionStep.@Nullable Reader<?> reader,
      Map<String, @Nullable String> names,
      int of,
      Mistakes mistakes) {
    StepPath path =
        reader instanceof Items items
            ? items.path()
            : reader instanceof StepBuilder.ShardKeyText text ? text.path() : null;
    String step = path == null ? null : path.step();
    if (step != null && names.get(step) == null) {
      mistakes.add(
          "%s \"%s\" must not need step \"%s\", which instances of version %d do not have"
              .formatted(what, path, step, of));
    }
  }

  private StepDefinition renamed(AwaitStep step, String name, Map<String, @Nullable String> names) {
    return new AwaitStep(
        name,
        after(step, names),
        former(step.ancestors(), names),
        step.eventType(),
        step.resultType(),
        step.wanted(),
        step.timeout(),
        step.onTimeout());
  }

  private StepDefinition renamed(
      ActionStep step, String name, Map<String, @Nullable String> names) {
    ActionStep.Call compensation = step.compensation();
    return new ActionStep(
        name,
        after(step, names),
        former(step.ancestors(), names),
        step.kind(),
        step.execution(),
        step.resultType(),
        step.wanted(),
        reader(step.forEach(), names),
        reader(step.shardKey(), names),
        step.shardStrategy(),
        call(step.action(), names),
        compensation == null || compensation == ActionStep.DELEGATED
            ? compensation
            : call(compensation, names),
        step.retry(),
        step.timeout());
  }

  private static <T> ActionStep.@Nullable Reader<T> reader(
      ActionStep.@Nullable Reader<T> reader, Map<String, @Nullable String> names) {
    return reader == null ? null : new RenamedReader<>(reader, names);
  }

  /** Reads by the former names, and is known by them. */
  private record RenamedReader<T>(ActionStep.Reader<T> reader, Map<String, @Nullable String> names)
      implements ActionStep.Reader<T> {

    @Override
    public @Nullable T read(StepContext<Object> context) {
      return reader.read(new RenamedContext(context, names));
    }

    @Override
    public String toString() {
      String text = reader.toString();
      String step = reader instanceof StepBuilder.ShardKeyText key ? key.path().step() : null;
      return step == null ? text : names.get(step) + text.substring(step.length());
    }
  }

  private static ActionStep.Call call(ActionStep.Call call, Map<String, @Nullable String> names) {
    return context -> call.call(new RenamedContext(context, names));
  }

  /** What comes after a step that is not there comes after its predecessors. */
  private List<String> after(StepDefinition step, Map<String, @Nullable String> names) {
    Set<String> after = new LinkedHashSet<>();
    addAfter(step.after(), names, after, new HashSet<>());
    return List.copyOf(after);
  }

  private void addAfter(
      Collection<String> present,
      Map<String, @Nullable String> names,
      Set<String> after,
      Set<String> seen) {
    for (String step : present) {
      String name = names.get(step);
      StepDraft draft = drafts.get(step);
      if (name != null) {
        after.add(name);
      } else if (draft != null && seen.add(step)) { // a cycle is a mistake, and not gone around
        addAfter(draft.afterOrNone(), names, after, seen);
      }
    }
  }

  private static Set<String> former(
      Collection<String> present, Map<String, @Nullable String> names) {
    Set<String> former = new HashSet<>();
    for (String step : present) {
      String name = names.get(step);
      if (name != null) {
        former.add(name);
      }
    }
    return former;
  }
}
