package dev.evenkeel.shard.id.hibernate;

import java.lang.annotation.Annotation;
import org.hibernate.generator.GeneratorCreationContext;
import org.hibernate.resource.beans.container.spi.BeanContainer;
import org.hibernate.resource.beans.container.spi.ContainedBean;
import org.hibernate.resource.beans.spi.BeanInstanceProducer;
import org.hibernate.resource.beans.spi.ManagedBeanRegistry;
import org.jspecify.annotations.Nullable;

/**
 * The bean that a generator draws from, in the Spring context whose Hibernate it belongs to.
 *
 * <p>Hibernate makes generators by itself: it asks its bean container for them only under {@code
 * hibernate.cdi.extensions}, which Spring Boot leaves off. But the container is there, in the
 * registry ({@code SpringBeanContainer}), and answers; so two contexts in one JVM stay apart, as
 * they would not with a static field. It is asked with the first id, when all beans are there.
 */
final class IdSource<T> {

  private static final BeanContainer.LifecycleOptions THE_BEAN_ITSELF =
      new BeanContainer.LifecycleOptions() {
        @Override
        public boolean canUseCachedReferences() {
          return false; // else it would be destroyed with Hibernate
        }

        @Override
        public boolean useJpaCompliantCreation() {
          return false; // else a new one would be made
        }
      };

  private final Class<T> type;
  private final String annotation;
  private final @Nullable BeanContainer container;
  private volatile @Nullable T bean;

  IdSource(
      Class<T> type, Class<? extends Annotation> annotation, GeneratorCreationContext context) {
    this.type = type;
    this.annotation = annotation.getSimpleName();
    this.container =
        context.getServiceRegistry().requireService(ManagedBeanRegistry.class).getBeanContainer();
  }

  T get() {
    T found = bean;
    if (found == null) {
      found = find();
      bean = found;
    }
    return found;
  }

  private T find() {
    if (container == null) {
      throw new IllegalStateException(
          "@%s needs a bean of type %s, and this Hibernate has no bean container; set hibernate.resource.beans.container to a SpringBeanContainer, as Spring Boot does"
              .formatted(annotation, type.getName()));
    }
    ContainedBean<T> contained = container.getBean(type, THE_BEAN_ITSELF, new Missing());
    return contained.getBeanInstance();
  }

  /** What the container falls back to. */
  private final class Missing implements BeanInstanceProducer {

    @Override
    public <B> B produceBeanInstance(Class<B> beanType) {
      throw new IllegalStateException(
          "@%s needs exactly one bean of type %s, and the context has none or several; define one, or mark one as primary"
              .formatted(annotation, beanType.getName()));
    }

    @Override
    public <B> B produceBeanInstance(String name, Class<B> beanType) {
      return produceBeanInstance(beanType);
    }
  }
}
