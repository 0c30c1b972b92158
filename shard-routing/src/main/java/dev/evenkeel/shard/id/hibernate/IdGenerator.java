package dev.evenkeel.shard.id.hibernate;

import java.lang.annotation.Annotation;
import java.util.EnumSet;
import org.hibernate.MappingException;
import org.hibernate.engine.spi.SharedSessionContractImplementor;
import org.hibernate.generator.AnnotationBasedGenerator;
import org.hibernate.generator.BeforeExecutionGenerator;
import org.hibernate.generator.EventType;
import org.hibernate.generator.EventTypeSets;
import org.hibernate.generator.GeneratorCreationContext;
import org.jspecify.annotations.Nullable;

/** Gives an entity its id before it is inserted, and refuses attributes of another type. */
abstract class IdGenerator<A extends Annotation>
    implements BeforeExecutionGenerator, AnnotationBasedGenerator<A> {

  private final Class<?> type;

  IdGenerator(Class<?> type) {
    this.type = type;
  }

  /** A new id. */
  abstract Object next();

  @Override
  public final void initialize(A annotation, GeneratorCreationContext context) {
    Class<?> attribute = context.getType().getReturnedClass();
    if (attribute != type) {
      throw new MappingException(
          "@%s on %s.%s needs an attribute of type %s, was %s"
              .formatted(
                  annotation.annotationType().getSimpleName(),
                  context.getPersistentClass().getEntityName(),
                  context.getProperty().getName(),
                  type.getSimpleName(),
                  attribute.getSimpleName()));
    }
  }

  @Override
  public final Object generate(
      SharedSessionContractImplementor session,
      Object owner,
      @Nullable Object currentValue,
      EventType eventType) {
    return next();
  }

  @Override
  public final EnumSet<EventType> getEventTypes() {
    return EventTypeSets.INSERT_ONLY;
  }
}
