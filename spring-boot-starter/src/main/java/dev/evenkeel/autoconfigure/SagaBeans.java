package dev.evenkeel.autoconfigure;

import dev.evenkeel.saga.Saga;
import dev.evenkeel.saga.definition.AnnotatedSaga;
import dev.evenkeel.saga.definition.SagaDefinition;
import dev.evenkeel.saga.definition.SagaDefinitionException;
import dev.evenkeel.saga.definition.SagaDefinitions;
import java.util.ArrayList;
import java.util.List;
import org.springframework.aop.scope.ScopedProxyUtils;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.core.annotation.AnnotatedElementUtils;

/**
 * The beans that declare sagas. Looks at types first: only beans that carry {@link Saga} are made.
 *
 * @param annotated those that carry {@link Saga}
 * @param definitions theirs, and those that are beans themselves; without those that are mistaken
 * @param mistakes each as a sentence
 */
record SagaBeans(
    List<Annotated> annotated, List<SagaDefinition> definitions, List<String> mistakes) {

  /**
   * A bean that carries {@link Saga}.
   *
   * @param bean proxy included
   * @param type the class behind the proxy
   */
  record Annotated(Object bean, Class<?> type, Saga saga) {}

  /** Finds them, in the order of their definitions. */
  static SagaBeans find(ConfigurableListableBeanFactory beans) {
    List<Annotated> annotated = new ArrayList<>();
    List<SagaDefinition> definitions = new ArrayList<>();
    List<String> mistakes = new ArrayList<>();
    for (String name : beans.getBeanDefinitionNames()) {
      Class<?> type = ScopedProxyUtils.isScopedTarget(name) ? null : BeanTypes.find(beans, name);
      Saga saga =
          type == null ? null : AnnotatedElementUtils.findMergedAnnotation(type, Saga.class);
      if (type == null || saga == null) {
        continue;
      }
      if (beans.getBeanDefinition(name).isPrototype()) {
        mistakes.add(
            "Bean \"%s\" has @Saga and scope prototype; make it a singleton".formatted(name));
        continue;
      }
      Object bean = beans.getBean(name);
      annotated.add(new Annotated(bean, type, saga));
      try {
        definitions.add(AnnotatedSaga.of(bean, type));
      } catch (SagaDefinitionException e) {
        mistakes.add(String.valueOf(e.getMessage()));
      }
    }
    beans.getBeanProvider(SagaDefinition.class).orderedStream().forEach(definitions::add);
    try {
      SagaDefinitions.of(definitions);
    } catch (SagaDefinitionException e) {
      mistakes.add(String.valueOf(e.getMessage()));
    }
    return new SagaBeans(List.copyOf(annotated), List.copyOf(definitions), List.copyOf(mistakes));
  }

  /**
   * What the engine runs.
   *
   * @throws EvenkeelConfigurationException naming every mistake
   */
  SagaDefinitions usable() {
    if (!mistakes.isEmpty()) {
      throw new EvenkeelConfigurationException(String.join("; ", mistakes));
    }
    return SagaDefinitions.of(definitions);
  }
}
