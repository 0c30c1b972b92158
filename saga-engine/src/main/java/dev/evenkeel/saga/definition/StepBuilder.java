package dev.evenkeel.saga.definition;

import dev.evenkeel.saga.ChildSaga;
import dev.evenkeel.saga.Command;
import dev.evenkeel.saga.StepKind;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.util.ClassUtils;

/**
 * Describes a step that does something, inside {@link SagaBuilder#step}: in a local transaction,
 * unless it says otherwise. Paths are those of {@link dev.evenkeel.saga.SagaStep}.
 *
 * @param <C> the command
 */
public final class StepBuilder<C> extends StepDraft {

  private static final int MOST_ATTEMPTS = 1_000;

  private StepKind kind = StepKind.COMPENSATABLE;
  private Execution execution = Execution.OwnCode.LOCAL;
  private String forEach = "";
  private String shardKey = "";
  private String shardStrategy = "hash";
  private @Nullable Binding action;
  private @Nullable Binding compensation;
  private boolean nothingToUndo;
  private boolean several;
  private RetryPolicy retry = RetryPolicy.DEFAULT;
  private Duration timeout = Duration.ofSeconds(5);

  StepBuilder(String name) {
    super(name, Void.class);
  }

  /**
   * What a step does.
   *
   * @param <C> the command
   */
  @FunctionalInterface
  public interface Action<C> {

    /**
     * Runs in a transaction on the step's shard, perhaps several times, of which one commits.
     *
     * @return the result, of the class given to {@link StepBuilder#returns}; null for none
     */
    @Nullable Object run(StepContext<C> context) throws Exception;
  }

  /**
   * What undoes a step.
   *
   * @param <C> the command
   */
  @FunctionalInterface
  public interface Compensation<C> {

    /** Runs in a transaction on the step's shard, only if the step took effect. */
    void run(StepContext<C> context) throws Exception;
  }

  /** Steps that have to be done before this one. Obligatory; none: it starts at once. */
  public StepBuilder<C> after(String... steps) {
    after = List.of(steps);
    return this;
  }

  /** Where it stands relative to the pivot. Default: compensatable. */
  public StepBuilder<C> kind(StepKind value) {
    kind = value;
    return this;
  }

  /**
   * A participant carries it out: {@link #run} returns the command, a {@link
   * dev.evenkeel.saga.Command} or its payload, and does nothing else. The participant's handler has
   * the shard key, the refusals and the compensation.
   */
  public StepBuilder<C> participant(String participant) {
    return execution(new Execution.Participant(participant));
  }

  /**
   * It runs outside a transaction, to call what is not transactional. It may run several times,
   * each time with the same {@link StepContext#idempotencyKey()}; so may its compensation.
   */
  public StepBuilder<C> external() {
    return execution(Execution.OwnCode.EXTERNAL);
  }

  /**
   * It is a saga of its own: {@link #run} returns the start command, and does nothing else. The
   * result is a {@link dev.evenkeel.saga.ChildSaga}.
   */
  public StepBuilder<C> child(String saga, Class<?> command) {
    resultType = ChildSaga.class;
    return execution(new Execution.Child(saga, command));
  }

  /** Property path to the shard key of the step's transaction. Default: the home slot. */
  public StepBuilder<C> shardKey(String path) {
    shardKey = path;
    return this;
  }

  /** What turns the shard key into a slot. Default: {@code hash}. */
  public StepBuilder<C> shardStrategy(String strategy) {
    shardStrategy = strategy;
    return this;
  }

  /** Property path to a collection: the step runs once for each item. Default: a single step. */
  public StepBuilder<C> forEach(String path) {
    forEach = path;
    return this;
  }

  /** Property path in the command to a boolean; false or null counts as done. Default: always. */
  public StepBuilder<C> when(String path) {
    when = path;
    return this;
  }

  /** Class of what the step returns. Default: it returns nothing. */
  public StepBuilder<C> returns(Class<?> result) {
    resultType = ClassUtils.resolvePrimitiveIfNecessary(result);
    return this;
  }

  /** What it does. Obligatory. */
  public StepBuilder<C> run(Action<C> what) {
    return run(
        (scope, mistakes) ->
            execution.isDelegated()
                ? context -> what.run(typed(context))
                : new CheckedResult(this, context -> what.run(typed(context))));
  }

  /** What undoes it. A compensatable step has this or {@link #nothingToUndo()}. */
  public StepBuilder<C> compensation(Compensation<C> what) {
    return compensation(
        (scope, mistakes) ->
            context -> {
              what.run(typed(context));
              return null;
            });
  }

  /** Says that whoever carries the step out undoes it: its participant, or the child saga. */
  public StepBuilder<C> delegatedCompensation() {
    return compensation((scope, mistakes) -> ActionStep.DELEGATED);
  }

  /** Says that a compensatable step leaves nothing to undo. */
  public StepBuilder<C> nothingToUndo() {
    nothingToUndo = true;
    return this;
  }

  /** How it is repeated. Default: {@link RetryPolicy#DEFAULT}. */
  public StepBuilder<C> retry(RetryPolicy policy) {
    retry = policy;
    return this;
  }

  /** Longest time for one attempt, above zero and at most 3,650 days. Default: 5 s. */
  public StepBuilder<C> timeout(Duration length) {
    timeout = length;
    return this;
  }

  /**
   * Name of the step in the versions that the saga {@link SagaBuilder#continues}. Default: the
   * same.
   */
  public StepBuilder<C> formerly(String step) {
    formerly = step;
    return this;
  }

  /**
   * The version of the saga in which the step came; instances of earlier versions go on without it.
   * Default: 1.
   */
  public StepBuilder<C> since(int version) {
    since = version;
    return this;
  }

  private StepBuilder<C> execution(Execution by) {
    if (execution != Execution.OwnCode.LOCAL) {
      several = true;
    }
    execution = by;
    return this;
  }

  Execution execution() {
    return execution;
  }

  StepBuilder<C> run(Binding binding) {
    action = binding;
    return this;
  }

  StepBuilder<C> compensation(Binding binding) {
    compensation = binding;
    return this;
  }

  StepKind kind() {
    return kind;
  }

  @Override
  boolean isForEach() {
    return !forEach.isEmpty();
  }

  @Override
  StepDefinition define(StepScope scope, Mistakes mistakes) {
    Items items = isForEach() ? Items.of(forEach, scope, mistakes) : null;
    StepScope withItem = scope.withItem(itemType(items));
    checkKind(mistakes);
    checkExecution(mistakes);
    checkRetry(mistakes);
    mistakes.requireLength("timeout", timeout);
    if (shardStrategy.isBlank()) {
      mistakes.add("shardStrategy must not be blank");
    }
    ActionStep.Call call = context -> null;
    if (action == null) {
      mistakes.add("it must say what it does; give it run(...)");
    } else {
      ActionStep.Call bound = action.bind(withItem, mistakes);
      call = execution.isDelegated() ? new DelegatedCall(this, bound) : bound;
    }
    ActionStep.Call undo = compensation == null ? null : compensation.bind(withItem, mistakes);
    if (undo == ActionStep.DELEGATED && !execution.isDelegated()) {
      mistakes.add(
          "its compensation can't be delegated, for it runs in this saga; only a participant or a"
              + " child saga undoes what it did");
    } else if (undo != null && undo != ActionStep.DELEGATED && execution.isDelegated()) {
      mistakes.add(
          "its compensation must be delegated to whoever carries it out, was code of this saga");
    }
    return new ActionStep(
        name,
        afterOrNone(),
        scope.ancestorNames(),
        kind,
        execution,
        resultType,
        Wanted.of(when, scope, mistakes),
        items,
        key(withItem, mistakes),
        shardStrategy,
        call,
        undo,
        retry,
        timeout);
  }

  /** Where the collection is mistaken, items may be anything: that is one mistake, not several. */
  private @Nullable Class<?> itemType(@Nullable Items items) {
    return !isForEach() ? null : items == null ? Object.class : items.path().elementType();
  }

  private ActionStep.@Nullable Reader<String> key(StepScope scope, Mistakes mistakes) {
    if (shardKey.isEmpty()) {
      return null;
    }
    StepPath path = StepPath.bind("shardKey", shardKey, scope, mistakes);
    return path == null ? null : new ShardKeyText(path);
  }

  private void checkKind(Mistakes mistakes) {
    if (kind == StepKind.COMPENSATABLE) {
      if (compensation == null && !nothingToUndo) {
        mistakes.add(
            "it must have a compensation or say that there is nothing to undo, as every compensatable"
                + " step");
      }
      if (compensation != null && nothingToUndo) {
        mistakes.add("it has a compensation and says that there is nothing to undo; drop one");
      }
    } else if (compensation != null) {
      mistakes.add("a %s step must have no compensation: it is never undone".formatted(kind));
    }
    if (kind == StepKind.PIVOT && isForEach()) {
      mistakes.add("a pivot must have no forEach, was \"%s\": it happens once".formatted(forEach));
    }
    if (kind == StepKind.PIVOT && !when.isEmpty()) {
      mistakes.add("a pivot must have no when, was \"%s\": it happens always".formatted(when));
    }
    if (kind == StepKind.RETRIABLE && !retry.refusals().isEmpty()) {
      mistakes.add(
          "a retriable step must not refuse, was %s: nothing is undone after the pivot"
              .formatted(retry.refusals().stream().map(Class::getName).toList()));
    }
  }

  private void checkExecution(Mistakes mistakes) {
    if (several) {
      mistakes.add("it must be one of participant, external and child, was several");
    }
    if (execution instanceof Execution.Participant participant
        && !Execution.Participant.isLegal(participant.name())) {
      mistakes.add(
          "participant must be 1 to 100 letters, digits, '.', '_' or '-', was \"%s\""
              .formatted(participant.name()));
    }
    if (execution.isDelegated() && !shardKey.isEmpty()) {
      mistakes.add(
          "it must have no shardKey, was \"%s\": whoever carries it out has one"
              .formatted(shardKey));
    }
    if (execution.isDelegated() && !retry.refusals().isEmpty()) {
      mistakes.add(
          "it must have no refusals, was %s: whoever carries it out has them"
              .formatted(retry.refusals().stream().map(Class::getName).toList()));
    }
  }

  private void checkRetry(Mistakes mistakes) {
    if (retry.maxAttempts() < 1 || retry.maxAttempts() > MOST_ATTEMPTS) {
      mistakes.add(
          "maxAttempts must be between 1 and %d, was %d"
              .formatted(MOST_ATTEMPTS, retry.maxAttempts()));
    }
    mistakes.requireLength("backoff", retry.backoff());
    mistakes.requireLength("maxBackoff", retry.maxBackoff());
    if (retry.backoff().compareTo(retry.maxBackoff()) > 0) {
      mistakes.add(
          "backoff must be at most maxBackoff, %s, was %s"
              .formatted(retry.maxBackoff(), retry.backoff()));
    }
  }

  /** The definition is for one class of command, and the engine gives no other. */
  @SuppressWarnings("unchecked")
  private static <C> StepContext<C> typed(StepContext<Object> context) {
    return (StepContext<C>) context;
  }

  /** Reads a shard key as text. */
  record ShardKeyText(StepPath path) implements ActionStep.Reader<String> {

    @Override
    public @Nullable String read(StepContext<Object> context) {
      Object value = path.read(context);
      return value == null ? null : value.toString();
    }

    @Override
    public String toString() {
      return path.toString();
    }
  }

  /** Makes the command, without what wraps it. */
  private record DelegatedCall(StepBuilder<?> step, ActionStep.Call call)
      implements ActionStep.Call {

    @Override
    public Object call(StepContext<Object> context) throws Exception {
      Object made = call.call(context);
      Object command = made instanceof Command<?> wrapped ? wrapped.payload() : made;
      if (command == null) {
        throw new IllegalStateException(
            "Step \"%s\" must return the command for its %s, was null"
                .formatted(
                    step.name,
                    step.execution instanceof Execution.Participant ? "participant" : "child"));
      }
      return command;
    }
  }

  /** Refuses a result that could not be read back. */
  private record CheckedResult(StepBuilder<?> step, ActionStep.Call call)
      implements ActionStep.Call {

    @Override
    public @Nullable Object call(StepContext<Object> context) throws Exception {
      Object result = call.call(context);
      if (result != null && !step.resultType.isInstance(result)) {
        throw new IllegalStateException(
            "Step \"%s\" must return %s, as declared by returns(...), was %s"
                .formatted(step.name, step.resultType.getName(), result.getClass().getName()));
      }
      return result;
    }
  }
}
