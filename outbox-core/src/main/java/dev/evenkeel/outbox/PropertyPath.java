package dev.evenkeel.outbox;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A property path such as {@code customer.id}, resolved once; record accessors and getters only.
 */
public final class PropertyPath {

  private final String name;
  private final String path;
  private final List<Method> accessors;

  private PropertyPath(String name, String path, List<Method> accessors) {
    this.name = name;
    this.path = path;
    this.accessors = accessors;
  }

  /**
   * Resolves a path against a class.
   *
   * @param name what the path is, for errors, such as {@code key}
   * @throws IllegalArgumentException naming the property that does not exist
   */
  public static PropertyPath of(String name, Class<?> root, String path) {
    List<Method> accessors = new ArrayList<>();
    Class<?> current = root;
    for (String property : path.split("\\.", -1)) {
      Method accessor = accessor(current, property);
      if (accessor == null) {
        throw new IllegalArgumentException(
            "%s \"%s\" of %s: %s has no property \"%s\""
                .formatted(name, path, root.getName(), current.getName(), property));
      }
      accessors.add(accessor);
      current = accessor.getReturnType();
    }
    return new PropertyPath(name, path, accessors);
  }

  private static @Nullable Method accessor(Class<?> type, String property) {
    if (property.isBlank()) {
      return null;
    }
    String capitalised = Character.toUpperCase(property.charAt(0)) + property.substring(1);
    for (String name : List.of(property, "get" + capitalised, "is" + capitalised)) {
      try {
        Method method = type.getMethod(name);
        if (method.getReturnType() != void.class) {
          method.trySetAccessible(); // records are often package-private
          return method;
        }
      } catch (NoSuchMethodException e) {
        // the next spelling
      }
    }
    return null;
  }

  /**
   * The value's text.
   *
   * @throws OutboxException if a step of the path is null, the text blank or an accessor fails
   */
  String read(Object root) {
    String key;
    try {
      key = find(root);
    } catch (IllegalStateException e) {
      throw new OutboxException(String.valueOf(e.getMessage()), e);
    }
    if (key == null || key.isBlank()) {
      throw new OutboxException(
          "%s \"%s\" of %s must not be null or blank, was %s"
              .formatted(name, path, root.getClass().getName(), key == null ? "null" : "blank"));
    }
    return key;
  }

  /**
   * The value's text; null when a step of the path is null.
   *
   * @throws IllegalStateException if an accessor fails
   */
  public @Nullable String find(Object root) {
    Object value = value(root);
    return value == null ? null : value.toString();
  }

  /**
   * The value; null when a step of the path is null.
   *
   * @throws IllegalStateException if an accessor fails
   */
  public @Nullable Object value(Object root) {
    Object value = root;
    for (Method accessor : accessors) {
      try {
        value = accessor.invoke(value);
      } catch (IllegalAccessException | InvocationTargetException e) {
        throw new IllegalStateException(
            "%s \"%s\" of %s can't be read: %s".formatted(name, path, root.getClass().getName(), e),
            e);
      }
      if (value == null) {
        return null;
      }
    }
    return value;
  }

  /** Class of the value, as declared. */
  public Class<?> type() {
    return accessors.get(accessors.size() - 1).getReturnType();
  }
}
