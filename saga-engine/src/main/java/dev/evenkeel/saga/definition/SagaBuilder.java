package dev.evenkeel.saga.definition;

import dev.evenkeel.outbox.PropertyPath;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Builds a definition, as the annotations do. Nothing is checked before {@link #build()}, which
 * then names every mistake.
 *
 * <pre>{@code
 * SagaBuilder.saga("place-order", 1, PlaceOrder.class)
 *     .key("orderId")
 *     .shardKey("customerId")
 *     .step("reserve", s -> s.after().run(this::reserve).compensation(this::release))
 *     .step("confirm", s -> s.after("reserve").kind(StepKind.PIVOT).run(this::confirm))
 *     .build();
 * }</pre>
 *
 * <p>Not thread-safe; what it builds is.
 *
 * @param <C> the command
 */
public final class SagaBuilder<C> {

  private final String name;
  private final int version;
  private final Class<C> commandType;
  private @Nullable KeySource key;
  private @Nullable KeySource shardKey;
  private String shardStrategy = "hash";
  private @Nullable Duration deadline;
  private int[] continued = {};
  private final List<StepDraft> drafts = new ArrayList<>();
  private final Mistakes noticed;

  /** Makes the function that reads a key; null with a mistake added. */
  private interface KeySource {
    @Nullable Function<Object, @Nullable String> function(Mistakes mistakes);
  }

  private SagaBuilder(String name, int version, Class<C> commandType) {
    this.name = name;
    this.version = version;
    this.commandType = commandType;
    this.noticed = Mistakes.of(name, version);
  }

  /**
   * Begins a definition.
   *
   * @param name stable for ever: instances are stored under it
   * @param version from 1; instances go on with the version they were started in
   * @param commandType class of the start command
   */
  public static <C> SagaBuilder<C> saga(String name, int version, Class<C> commandType) {
    return new SagaBuilder<>(name, version, commandType);
  }

  /**
   * Property path in the command to what makes an instance unique on its home slot. A key is
   * obligatory.
   */
  public SagaBuilder<C> key(String path) {
    key = mistakes -> path("key", path, mistakes);
    return this;
  }

  /** The same as a function, which must give equal texts for equal commands. */
  public SagaBuilder<C> key(Function<? super C, ?> function) {
    key = mistakes -> text(function);
    return this;
  }

  /** Property path in the command to the shard key of the home shard. It is obligatory. */
  public SagaBuilder<C> shardKey(String path) {
    shardKey = mistakes -> path("shardKey", path, mistakes);
    return this;
  }

  /** The same as a function, which must give equal texts for equal commands. */
  public SagaBuilder<C> shardKey(Function<? super C, ?> function) {
    shardKey = mistakes -> text(function);
    return this;
  }

  /** What turns the shard key into the home slot. Default: {@code hash}. */
  public SagaBuilder<C> shardStrategy(String strategy) {
    shardStrategy = strategy;
    return this;
  }

  /**
   * How long an instance may take before it turns back, above zero and at most 3,650 days. Default:
   * no deadline.
   */
  public SagaBuilder<C> deadline(Duration length) {
    deadline = length;
    return this;
  }

  /**
   * Earlier versions whose instances this definition's code goes on with, under the names that
   * {@link StepBuilder#formerly} gives. Default: none.
   */
  public SagaBuilder<C> continues(int... versions) {
    continued = versions.clone();
    return this;
  }

  /**
   * Adds a step that runs in a local transaction.
   *
   * @param step stable for ever
   */
  public SagaBuilder<C> step(String step, Consumer<StepBuilder<C>> description) {
    StepBuilder<C> builder = new StepBuilder<>(step);
    description.accept(builder);
    drafts.add(builder);
    return this;
  }

  /**
   * Adds a step that waits for an event. The event's logical name is the type of its {@code
   * OutboxEvent} if it has one, else the simple name of its class.
   *
   * @param step stable for ever
   */
  public SagaBuilder<C> await(String step, Class<?> event, Consumer<AwaitBuilder> description) {
    AwaitBuilder builder = new AwaitBuilder(step, event);
    description.accept(builder);
    drafts.add(builder);
    return this;
  }

  /** Takes what is wrong before anything is built, from those who describe steps by other means. */
  Mistakes noticed() {
    return noticed;
  }

  /**
   * Checks and makes the definition. Its steps are in topological order, otherwise as added.
   *
   * @throws SagaDefinitionException naming every mistake
   */
  public SagaDefinition build() {
    Mistakes mistakes = noticed.copy();
    checkSaga(mistakes);
    Function<Object, @Nullable String> readKey = read("key", key, mistakes);
    Function<Object, @Nullable String> readShardKey = read("shardKey", shardKey, mistakes);
    Map<String, StepDraft> named = named(mistakes);
    StepGraph graph = new StepGraph(named);
    checkGraph(graph, named.keySet(), mistakes);
    List<StepDefinition> steps = new ArrayList<>();
    for (StepDraft draft : graph.inOrder()) {
      StepScope scope =
          new StepScope(commandType, null, draft, graph.ancestors(draft), graph.inOrder());
      steps.add(draft.define(scope, mistakes.step(draft.name)));
    }
    new PivotRules(graph, mistakes).check();
    checkAwaits(graph, mistakes);
    List<List<StepDefinition>> earlier =
        new Continuation(version, named, steps).steps(continued, mistakes);
    mistakes.throwIfAny();
    SagaDefinition definition =
        new SagaDefinition(
            name, version, commandType, readKey, readShardKey, shardStrategy, deadline, steps);
    for (int i = 0; i < continued.length; i++) {
      definition = definition.continuing(continued[i], earlier.get(i));
    }
    return definition;
  }

  private void checkSaga(Mistakes mistakes) {
    if (name.isBlank()) {
      mistakes.add("its name must not be blank");
    }
    if (version < 1) {
      mistakes.add("its version must be at least 1, was %d".formatted(version));
    }
    if (shardStrategy.isBlank()) {
      mistakes.add("shardStrategy must not be blank");
    }
    if (deadline != null) {
      mistakes.requireLength("deadline", deadline);
    }
    if (drafts.isEmpty()) {
      mistakes.add("it must have a step");
    }
  }

  private Function<Object, @Nullable String> read(
      String what, @Nullable KeySource source, Mistakes mistakes) {
    if (source == null) {
      mistakes.add("it must say its " + what);
      return command -> null;
    }
    Function<Object, @Nullable String> function = source.function(mistakes);
    return function == null ? command -> null : function;
  }

  private @Nullable Function<Object, @Nullable String> path(
      String what, String text, Mistakes mistakes) {
    try {
      return PropertyPath.of(what, commandType, text)::find;
    } catch (IllegalArgumentException e) {
      mistakes.add(e);
      return null;
    }
  }

  private Function<Object, @Nullable String> text(Function<? super C, ?> function) {
    return command -> {
      Object value = function.apply(commandType.cast(command));
      return value == null ? null : value.toString();
    };
  }

  /** The steps that have a name of their own. */
  private Map<String, StepDraft> named(Mistakes mistakes) {
    Map<String, StepDraft> named = new LinkedHashMap<>();
    Set<String> twice = new HashSet<>();
    for (StepDraft draft : drafts) {
      if (draft.name.isBlank()) {
        mistakes.add("step \"%s\" must have a name that is not blank".formatted(draft.name));
      } else if (named.putIfAbsent(draft.name, draft) != null && twice.add(draft.name)) {
        mistakes.step(draft.name).add("its name must be its own, but several steps have it");
      }
    }
    return named;
  }

  private void checkGraph(StepGraph graph, Set<String> names, Mistakes mistakes) {
    for (StepDraft draft : graph.inOrder()) {
      Mistakes ofStep = mistakes.step(draft.name);
      if (draft.after == null) {
        ofStep.add("it must say what it comes after; after() without names starts it at once");
      }
      Set<String> seen = new HashSet<>();
      for (String before : draft.afterOrNone()) {
        if (!seen.add(before)) {
          ofStep.add("after must name a step once, was \"%s\" again".formatted(before));
        } else if (!names.contains(before)) {
          ofStep.add("after must name steps of the saga, %s, was \"%s\"".formatted(names, before));
        }
      }
    }
    for (List<String> cycle : graph.cycles()) {
      mistakes
          .step(cycle.get(0))
          .add("it can't come after itself, was %s".formatted(String.join(" -> ", cycle)));
    }
  }

  /** A signal belongs to one await, and what is stored under one name is read as one class. */
  private void checkAwaits(StepGraph graph, Mistakes mistakes) {
    List<AwaitBuilder> awaits = new ArrayList<>();
    for (StepDraft draft : graph.inOrder()) {
      if (draft instanceof AwaitBuilder await) {
        awaits.forEach(earlier -> checkAwaits(graph, earlier, await, mistakes.step(await.name)));
        awaits.add(await);
      }
    }
  }

  private static void checkAwaits(
      StepGraph graph, AwaitBuilder earlier, AwaitBuilder later, Mistakes ofStep) {
    if (!earlier.eventType().equals(later.eventType())) {
      return;
    }
    if (earlier.resultType != later.resultType) {
      ofStep.add(
          "its event \"%s\" must be of one class, was %s here and %s in step \"%s\""
              .formatted(
                  later.eventType(),
                  later.resultType.getName(),
                  earlier.resultType.getName(),
                  earlier.name));
    } else if (!graph.isAncestor(earlier, later) && !graph.isAncestor(later, earlier)) {
      ofStep.add(
          ("it awaits \"%s\" at one time with step \"%s\", so nobody knows whose a signal is; let one"
                  + " come after the other or use two events")
              .formatted(later.eventType(), earlier.name));
    }
  }
}
