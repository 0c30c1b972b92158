package dev.evenkeel.saga.definition;

import dev.evenkeel.saga.AwaitEvent;
import dev.evenkeel.saga.Command;
import dev.evenkeel.saga.Retry;
import dev.evenkeel.saga.Saga;
import dev.evenkeel.saga.SagaFor;
import dev.evenkeel.saga.SagaStep;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.springframework.core.ResolvableType;
import org.springframework.core.annotation.AnnotatedElementUtils;
import org.springframework.util.ClassUtils;
import org.springframework.util.ReflectionUtils;

/**
 * Reads a saga from a bean with {@link Saga}: the annotations say to a {@link SagaBuilder} what one
 * could say oneself. Methods have no order that a JVM promises, so steps that could come in any
 * order come by the names of their methods.
 */
public final class AnnotatedSaga {

  private final Object bean;
  private final Class<?> targetClass;
  private final Saga saga;
  private final List<Method> methods;

  private AnnotatedSaga(Object bean, Class<?> targetClass, Saga saga) {
    this.bean = bean;
    this.targetClass = targetClass;
    this.saga = saga;
    this.methods =
        Arrays.stream(ReflectionUtils.getUniqueDeclaredMethods(targetClass, m -> !isOfObject(m)))
            .filter(m -> !m.isSynthetic()) // not before: a bridge hides what it overrides
            .sorted(Comparator.comparing(Method::getName).thenComparing(Method::toString))
            .toList();
  }

  /**
   * Reads a saga. Called once for each bean at start-up.
   *
   * @param bean the object to call, proxy included; keeps no state, for it is called by several
   *     threads
   * @param targetClass class of the bean, not of its proxy
   * @throws SagaDefinitionException naming every mistake
   */
  public static SagaDefinition of(Object bean, Class<?> targetClass) {
    Saga saga = AnnotatedElementUtils.findMergedAnnotation(targetClass, Saga.class);
    Class<?> command = commandType(targetClass).resolve();
    if (saga == null || command == null) {
      throw new SagaDefinitionException(
          List.of(
              "class %s must have @Saga and implement SagaFor with the class of its command"
                  .formatted(targetClass.getName())));
    }
    return new AnnotatedSaga(bean, targetClass, saga).read(command);
  }

  private static ResolvableType commandType(Class<?> targetClass) {
    return ResolvableType.forClass(SagaFor.class, targetClass).getGeneric(0);
  }

  private static boolean isOfObject(Method method) {
    return method.getDeclaringClass() == Object.class;
  }

  private <C> SagaDefinition read(Class<C> command) {
    SagaBuilder<C> builder =
        SagaBuilder.saga(saga.name(), saga.version(), command)
            .key(saga.key())
            .shardKey(saga.shardKey())
            .shardStrategy(saga.shardStrategy())
            .continues(saga.continues());
    Mistakes mistakes = builder.noticed();
    if (!targetClass.isInstance(bean)) {
      mistakes.add(
          "its bean must be a %s, was %s; have it proxied by class, not by interface"
              .formatted(targetClass.getName(), bean.getClass().getName()));
    }
    storable("the command", commandType(targetClass), mistakes);
    if (!saga.deadline().isEmpty()) {
      parse("deadline", saga.deadline(), mistakes).ifPresent(builder::deadline);
    }
    for (Method method : methods) {
      SagaStep step = method.getAnnotation(SagaStep.class);
      AwaitEvent await = method.getAnnotation(AwaitEvent.class);
      if (step != null) {
        String name = step.name().isEmpty() ? method.getName() : step.name();
        Mistakes ofStep = mistakes.step(name);
        builder.step(name, s -> describe(s, step, method, ofStep));
        if (await != null) {
          ofStep.add(text(method) + " must have @SagaStep or @AwaitEvent, was both");
        }
      } else if (await != null) {
        String name = await.name().isEmpty() ? method.getName() : await.name();
        Mistakes ofStep = mistakes.step(name);
        builder.await(name, event(method, ofStep), a -> describe(a, await, method, ofStep));
      }
    }
    return builder.build();
  }

  private <C> void describe(StepBuilder<C> step, SagaStep said, Method method, Mistakes mistakes) {
    requireCallable(method, mistakes);
    step.after(said.after())
        .kind(said.kind())
        .shardKey(said.shardKey())
        .shardStrategy(said.shardStrategy())
        .forEach(said.forEach())
        .when(said.when())
        .formerly(said.formerly())
        .since(said.since())
        .retry(retry(said.retry(), mistakes))
        .run(MethodBinding.ofStep(bean, targetClass, method));
    if (!said.child().isEmpty()) {
      step.child(said.child(), result(method, mistakes));
    } else {
      step.returns(
          said.participant().isEmpty() ? result(method, mistakes) : answer(method, mistakes));
    }
    if (!said.participant().isEmpty()) {
      step.participant(said.participant());
    }
    if (said.external()) {
      step.external();
    }
    parse("timeout", said.timeout(), mistakes).ifPresent(step::timeout);
    if (said.compensation().equals(SagaStep.NONE)) {
      step.nothingToUndo();
    } else if (said.compensation().equals(SagaStep.DELEGATED)) {
      step.delegatedCompensation();
    } else if (!said.compensation().isEmpty()) {
      step.compensation(compensation(said.compensation(), mistakes));
    }
  }

  private void describe(AwaitBuilder await, AwaitEvent said, Method method, Mistakes mistakes) {
    await
        .after(said.after())
        .when(said.when())
        .formerly(said.formerly())
        .since(said.since())
        .onTimeout(said.onTimeout())
        .declaredBy(MethodBinding.ofAwait(bean, targetClass, method));
    if (!said.timeout().isEmpty()) {
      parse("timeout", said.timeout(), mistakes).ifPresent(await::timeout);
    }
  }

  private Binding compensation(String name, Mistakes mistakes) {
    List<Method> found = methods.stream().filter(m -> m.getName().equals(name)).toList();
    if (found.size() != 1) {
      mistakes.add(
          "compensation \"%s\" must be one method of %s, was %s"
              .formatted(name, targetClass.getName(), found.isEmpty() ? "none" : found.size()));
      return (scope, ignored) -> context -> null;
    }
    requireCallable(found.get(0), mistakes);
    return MethodBinding.ofCompensation(bean, targetClass, found.get(0));
  }

  /** A proxy is asked in its target's stead only through methods that it can override. */
  private void requireCallable(Method method, Mistakes mistakes) {
    int modifiers = method.getModifiers();
    boolean isProxy = bean.getClass() != targetClass;
    if (Modifier.isPrivate(modifiers)
        || Modifier.isStatic(modifiers)
        || (isProxy && Modifier.isFinal(modifiers))) {
      mistakes.add(
          "%s must be an instance method that is neither private nor, on a proxied bean, final"
              .formatted(text(method)));
    }
  }

  private Class<?> result(Method method, Mistakes mistakes) {
    ResolvableType type = ResolvableType.forMethodReturnType(method, targetClass);
    if (type.toClass() == void.class) {
      return Void.class;
    }
    return storable("the result of " + text(method), type, mistakes);
  }

  /** What the participant answers to the command that the method makes. */
  private Class<?> answer(Method method, Mistakes mistakes) {
    ResolvableType type = ResolvableType.forMethodReturnType(method, targetClass);
    ResolvableType answer = type.as(Command.class).getGeneric(0);
    if (type.toClass() != Command.class || answer.resolve() == null) {
      mistakes.add(
          "%s must return a Command<R>, with R what the participant answers, was %s"
              .formatted(text(method), type));
      return Void.class;
    }
    return answer.toClass() == Void.class
        ? Void.class
        : storable("what answers the command of " + text(method), answer, mistakes);
  }

  private Class<?> event(Method method, Mistakes mistakes) {
    int parameters = method.getParameterCount();
    if (parameters == 0 || method.getReturnType() != void.class) {
      mistakes.add(
          "%s must return nothing and have the event as its last parameter"
              .formatted(text(method)));
    }
    return parameters == 0
        ? Void.class
        : storable(
            "the event of " + text(method),
            ResolvableType.forMethodParameter(method, parameters - 1, targetClass),
            mistakes);
  }

  /** What is stored is read back by its class, of which type parameters are no part. */
  private static Class<?> storable(String what, ResolvableType type, Mistakes mistakes) {
    if (type.resolve() == null || type.hasGenerics()) {
      mistakes.add(
          "%s must be a class without type parameters, was %s; wrap it in a record"
              .formatted(what, type));
    }
    return ClassUtils.resolvePrimitiveIfNecessary(type.toClass());
  }

  private static RetryPolicy retry(Retry said, Mistakes mistakes) {
    RetryPolicy otherwise = RetryPolicy.DEFAULT;
    Optional<Duration> backoff = parse("backoff", said.backoff(), mistakes);
    Optional<Duration> maxBackoff = parse("maxBackoff", said.maxBackoff(), mistakes);
    return backoff.isEmpty() || maxBackoff.isEmpty()
        ? otherwise
        : new RetryPolicy(
            said.maxAttempts(), backoff.get(), maxBackoff.get(), List.of(said.noRetryFor()));
  }

  /** Empty with a mistake added. */
  private static Optional<Duration> parse(String name, String text, Mistakes mistakes) {
    try {
      return Optional.of(Duration.parse(text));
    } catch (DateTimeParseException e) {
      mistakes.add(
          "%s must be an ISO-8601 duration such as PT30S, was \"%s\"".formatted(name, text));
      return Optional.empty();
    }
  }

  private String text(Method method) {
    return targetClass.getSimpleName() + "." + method.getName();
  }
}
