package dev.evenkeel.saga.definition;

import dev.evenkeel.outbox.OutboxEvent;
import dev.evenkeel.saga.OnTimeout;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Describes a step that waits for an event, inside {@link SagaBuilder#await}. */
public final class AwaitBuilder extends StepDraft {

  private @Nullable Duration timeout;
  private OnTimeout onTimeout = OnTimeout.COMPENSATE;
  private @Nullable Binding declaration;

  AwaitBuilder(String name, Class<?> event) {
    super(name, event);
  }

  /** Steps that have to be done before the waiting begins. Obligatory; none: it begins at once. */
  public AwaitBuilder after(String... steps) {
    after = List.of(steps);
    return this;
  }

  /** Property path in the command to a boolean; false or null counts as done. Default: always. */
  public AwaitBuilder when(String path) {
    when = path;
    return this;
  }

  /** How long to wait, above zero and at most 3,650 days. Default: for ever. */
  public AwaitBuilder timeout(Duration length) {
    timeout = length;
    return this;
  }

  /** What happens then. Default: the saga turns back. */
  public AwaitBuilder onTimeout(OnTimeout what) {
    onTimeout = what;
    return this;
  }

  /**
   * Name of the step in the versions that the saga {@link SagaBuilder#continues}. Default: the
   * same.
   */
  public AwaitBuilder formerly(String step) {
    formerly = step;
    return this;
  }

  /**
   * The version of the saga in which the step came; instances of earlier versions go on without it.
   * Default: 1.
   */
  public AwaitBuilder since(int version) {
    since = version;
    return this;
  }

  /** What is checked with it, for those who declare it by a method. */
  AwaitBuilder declaredBy(Binding binding) {
    declaration = binding;
    return this;
  }

  /** Whether it can turn the saga back. */
  boolean mayTurnBack() {
    return timeout != null && onTimeout == OnTimeout.COMPENSATE;
  }

  String eventType() {
    OutboxEvent event = resultType.getAnnotation(OutboxEvent.class);
    return event == null ? resultType.getSimpleName() : event.type();
  }

  @Override
  boolean isForEach() {
    return false;
  }

  @Override
  StepDefinition define(StepScope scope, Mistakes mistakes) {
    if (timeout != null) {
      mistakes.requireLength("timeout", timeout);
    }
    if (declaration != null) {
      declaration.bind(scope, mistakes);
    }
    return new AwaitStep(
        name,
        afterOrNone(),
        scope.ancestorNames(),
        eventType(),
        resultType,
        Wanted.of(when, scope, mistakes),
        timeout,
        onTimeout);
  }
}
