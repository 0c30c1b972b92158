package dev.evenkeel.saga.definition;

import dev.evenkeel.saga.IdempotencyKey;
import dev.evenkeel.saga.ResultOf;
import dev.evenkeel.saga.SagaFailure;
import java.lang.reflect.Method;
import java.lang.reflect.Parameter;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.core.ResolvableType;

/**
 * Finds out what each parameter of a method is: by {@link ResultOf}, else by its type, which must
 * fit one source. A list is the results of a {@code forEach} ancestor.
 *
 * @param bean what the method is called on
 * @param targetClass class of the bean, not of its proxy
 * @param count how many parameters, from the first, are to be found
 * @param undoes whether the method is a compensation
 */
record MethodBinding(Object bean, Class<?> targetClass, Method method, int count, boolean undoes)
    implements Binding {

  /** Something that a single parameter can be. */
  private record Source(String what, Class<?> type, ActionStep.Reader<Object> reader) {}

  static MethodBinding ofStep(Object bean, Class<?> targetClass, Method method) {
    return new MethodBinding(bean, targetClass, method, method.getParameterCount(), false);
  }

  static MethodBinding ofCompensation(Object bean, Class<?> targetClass, Method method) {
    return new MethodBinding(bean, targetClass, method, method.getParameterCount(), true);
  }

  /** The event comes last, and nobody calls the method. */
  static MethodBinding ofAwait(Object bean, Class<?> targetClass, Method method) {
    return new MethodBinding(bean, targetClass, method, method.getParameterCount() - 1, false);
  }

  @Override
  public ActionStep.Call bind(StepScope scope, Mistakes mistakes) {
    List<ActionStep.Reader<Object>> arguments = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      ActionStep.Reader<Object> reader = argument(i, scope, mistakes);
      arguments.add(reader == null ? context -> null : reader);
    }
    return new MethodCall(bean, method, arguments);
  }

  /** Null when there is a mistake, which is added. */
  private ActionStep.@Nullable Reader<Object> argument(
      int index, StepScope scope, Mistakes mistakes) {
    Parameter parameter = method.getParameters()[index];
    ResolvableType type = ResolvableType.forMethodParameter(method, index, targetClass);
    Class<?> raw = type.toClass();
    String where =
        "parameter %d of %s.%s, %s,"
            .formatted(index + 1, targetClass.getSimpleName(), method.getName(), type);
    if (raw.isPrimitive()) {
      mistakes.add(
          where
              + " must not be primitive, for a step that is left out gives null; use its wrapper");
      return null;
    }
    ResultOf resultOf = parameter.getAnnotation(ResultOf.class);
    if (resultOf != null) {
      return resultOf(resultOf.value(), type, where, scope, mistakes);
    }
    List<Source> fitting = raw == List.class ? lists(type, scope) : singles(raw, scope);
    if (fitting.size() == 1) {
      return fitting.get(0).reader();
    }
    if (fitting.isEmpty()) {
      mistakes.add(
          "%s must fit %s%s"
              .formatted(where, String.join(", ", offered(scope)), hint(raw, type, scope)));
    } else {
      mistakes.add(
          "%s must fit one source only, was %s; say which by @ResultOf"
              .formatted(where, fitting.stream().map(Source::what).toList()));
    }
    return null;
  }

  private ActionStep.@Nullable Reader<Object> resultOf(
      String step, ResolvableType type, String where, StepScope scope, Mistakes mistakes) {
    StepDraft source = undoes && step.equals(scope.own().name) ? scope.own() : scope.ancestor(step);
    if (source == null) {
      mistakes.add(
          "%s has @ResultOf(\"%s\"), which must be an ancestor, was %s"
              .formatted(where, step, scope.isStep(step) ? "another step" : "no step at all"));
      return null;
    }
    boolean asList = source.isForEach() && source != scope.own();
    boolean fits =
        asList
            ? type.toClass() == List.class && element(type).isAssignableFrom(source.resultType)
            : type.toClass().isAssignableFrom(source.resultType);
    if (!fits || source.resultType == Void.class) {
      mistakes.add(
          "%s must fit the result of \"%s\", was %s"
              .formatted(where, step, resultText(source, asList)));
      return null;
    }
    return asList ? list(source).reader() : single(source).reader();
  }

  private static String resultText(StepDraft step, boolean asList) {
    return step.resultType == Void.class
        ? "nothing"
        : (asList ? "List<%s>" : "%s").formatted(step.resultType.getName());
  }

  private List<Source> singles(Class<?> type, StepScope scope) {
    return singles(scope).stream().filter(s -> type.isAssignableFrom(s.type())).toList();
  }

  private List<Source> singles(StepScope scope) {
    List<Source> sources = new ArrayList<>();
    sources.add(new Source("the command", scope.command(), StepContext::command));
    Class<?> item = scope.item();
    if (item != null) {
      sources.add(new Source("the item", item, context -> context.item(item)));
    }
    if (scope.own() instanceof StepBuilder<?> action
        && action.execution() == Execution.OwnCode.EXTERNAL) {
      sources.add(
          new Source("the idempotency key", IdempotencyKey.class, StepContext::idempotencyKey));
    }
    if (undoes) {
      sources.add(new Source("the failure", SagaFailure.class, StepContext::failure));
      if (scope.own().resultType != Void.class) {
        sources.add(single(scope.own()));
      }
    }
    scope.ancestors().stream()
        .filter(a -> !a.isForEach() && a.resultType != Void.class)
        .forEach(a -> sources.add(single(a)));
    return sources;
  }

  private static List<Source> lists(ResolvableType type, StepScope scope) {
    Class<?> element = element(type);
    return scope.ancestors().stream()
        .filter(StepDraft::isForEach)
        .filter(a -> a.resultType != Void.class && element.isAssignableFrom(a.resultType))
        .map(MethodBinding::list)
        .toList();
  }

  private static Source single(StepDraft step) {
    String name = step.name;
    Class<?> type = step.resultType;
    return new Source("result of \"" + name + "\"", type, context -> context.result(name, type));
  }

  private static Source list(StepDraft step) {
    String name = step.name;
    Class<?> type = step.resultType;
    return new Source("results of \"" + name + "\"", type, context -> context.results(name, type));
  }

  /** Of a raw list anything. */
  private static Class<?> element(ResolvableType list) {
    return list.getGeneric(0).resolve(Object.class);
  }

  private List<String> offered(StepScope scope) {
    List<String> offered = new ArrayList<>();
    singles(scope).forEach(s -> offered.add(s.what() + " (" + s.type().getName() + ")"));
    lists(ResolvableType.forClass(List.class), scope)
        .forEach(s -> offered.add(s.what() + " (List<" + s.type().getName() + ">)"));
    return offered;
  }

  /** What is near, but can't be had. */
  private static String hint(Class<?> raw, ResolvableType type, StepScope scope) {
    Class<?> wanted = raw == List.class ? element(type) : raw;
    return scope.all().stream()
        .filter(s -> s != scope.own() && s.resultType == wanted)
        .filter(s -> scope.ancestor(s.name) == null)
        .findFirst()
        .map(s -> "; step \"%s\" has such a result, but is no ancestor".formatted(s.name))
        .orElse("");
  }
}
