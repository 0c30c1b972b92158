package dev.evenkeel.shard.id.hibernate;

import java.lang.annotation.Annotation;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.ObjectProvider;

/** The bean that an annotation's ids come from: looked up once, with the first id. */
final class OnlyBean<T> implements Supplier<T> {

  private final Class<? extends Annotation> annotation;
  private final Class<T> type;
  private final ObjectProvider<T> beans;
  private volatile @Nullable T bean;

  OnlyBean(Class<? extends Annotation> annotation, Class<T> type, ObjectProvider<T> beans) {
    this.annotation = annotation;
    this.type = type;
    this.beans = beans;
  }

  /**
   * The bean.
   *
   * @throws IllegalStateException if there is none, or several with none of them primary
   */
  @Override
  public T get() {
    T found = bean;
    if (found == null) {
      found = beans.getIfUnique();
      if (found == null) {
        throw new IllegalStateException(
            "@%s needs exactly one bean of type %s, and the context has %d; define one, or mark one as primary"
                .formatted(annotation.getSimpleName(), type.getName(), beans.stream().count()));
      }
      bean = found;
    }
    return found;
  }
}
