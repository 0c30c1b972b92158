package dev.evenkeel.saga.definition;

import dev.evenkeel.outbox.PropertyPath;
import java.lang.reflect.Method;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.core.ResolvableType;

/**
 * A path text, bound to what it starts at: the item, the command or an ancestor's result, in this
 * order. Its text is its {@code toString()}.
 */
final class StepPath implements ActionStep.Reader<Object> {

  private final String text;
  private final @Nullable String step;
  private final Class<?> rootType;
  private final ActionStep.Reader<Object> root;
  private final String pathText;
  private final PropertyPath path;

  private StepPath(
      String text,
      @Nullable String step,
      Class<?> rootType,
      ActionStep.Reader<Object> root,
      String pathText,
      PropertyPath path) {
    this.text = text;
    this.step = step;
    this.rootType = rootType;
    this.root = root;
    this.pathText = pathText;
    this.path = path;
  }

  /**
   * Binds a path.
   *
   * @param name what the path is, for errors
   * @return null when there is a mistake, which is added
   */
  static @Nullable StepPath bind(String name, String text, StepScope scope, Mistakes mistakes) {
    int dot = text.indexOf('.');
    String first = dot < 0 ? text : text.substring(0, dot);
    Class<?> item = scope.item();
    if (item != null && has(item, first)) {
      return at(name, text, null, item, context -> context.item(item), text, mistakes);
    }
    if (has(scope.command(), first)) {
      return at(name, text, null, scope.command(), StepContext::command, text, mistakes);
    }
    StepDraft ancestor = scope.ancestor(first);
    if (ancestor == null) {
      String hint = scope.isStep(first) ? "; the step \"%s\" is none".formatted(first) : "";
      mistakes.add(
          "%s \"%s\" must begin with a property of %s%s or the name of an ancestor%s"
              .formatted(
                  name,
                  text,
                  item == null ? "" : item.getName() + " or ",
                  scope.command().getName(),
                  hint));
      return null;
    }
    if (dot < 0 || ancestor.isForEach() || ancestor.resultType == Void.class) {
      mistakes.add(
          "%s \"%s\" must name a property of a single result, but %s"
              .formatted(
                  name,
                  text,
                  ancestor.isForEach()
                      ? "\"%s\" is a forEach step".formatted(first)
                      : dot < 0
                          ? "\"%s\" is a step".formatted(first)
                          : "\"%s\" returns nothing".formatted(first)));
      return null;
    }
    Class<?> result = ancestor.resultType;
    return at(
        name,
        text,
        first,
        result,
        context -> context.result(first, result),
        text.substring(dot + 1),
        mistakes);
  }

  private static @Nullable StepPath at(
      String name,
      String text,
      @Nullable String step,
      Class<?> rootType,
      ActionStep.Reader<Object> root,
      String pathText,
      Mistakes mistakes) {
    try {
      PropertyPath path = PropertyPath.of(name, rootType, pathText);
      return new StepPath(text, step, rootType, root, pathText, path);
    } catch (IllegalArgumentException e) {
      mistakes.add(e);
      return null;
    }
  }

  private static boolean has(Class<?> type, String property) {
    try {
      PropertyPath.of("path", type, property);
      return true;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  @Override
  public @Nullable Object read(StepContext<Object> context) {
    Object start = root.read(context);
    return start == null ? null : path.value(start);
  }

  /** The step at whose result it starts; null for the item and the command. */
  @Nullable String step() {
    return step;
  }

  /** Class of the value, as declared. */
  Class<?> type() {
    return path.type();
  }

  /** Class of the elements of a collection; {@code Object} where it is not declared. */
  Class<?> elementType() {
    ResolvableType current = ResolvableType.forClass(rootType);
    for (String property : pathText.split("\\.", -1)) {
      current = propertyType(current, property);
    }
    return current.as(Collection.class).getGeneric(0).resolve(Object.class);
  }

  private static ResolvableType propertyType(ResolvableType owner, String property) {
    String capitalised = Character.toUpperCase(property.charAt(0)) + property.substring(1);
    for (String name : List.of(property, "get" + capitalised)) {
      try {
        Method accessor = owner.toClass().getMethod(name);
        return ResolvableType.forType(accessor.getGenericReturnType(), owner);
      } catch (NoSuchMethodException e) {
        // the next spelling
      }
    }
    return ResolvableType.NONE;
  }

  @Override
  public String toString() {
    return text;
  }
}
