package dev.evenkeel.autoconfigure;

import dev.evenkeel.saga.SagaParticipant;
import dev.evenkeel.saga.SagaParticipants;
import dev.evenkeel.saga.definition.SagaDefinitionException;
import java.util.ArrayList;
import java.util.List;
import org.springframework.aop.scope.ScopedProxyUtils;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.core.annotation.AnnotatedElementUtils;

/**
 * The beans that carry out steps of sagas. Looks at types first: only beans that carry {@link
 * SagaParticipant} are made.
 *
 * @param participants without anybody when there is a mistake
 * @param mistakes each as a sentence
 */
record ParticipantBeans(SagaParticipants participants, List<String> mistakes) {

  /** Finds them. */
  static ParticipantBeans find(ConfigurableListableBeanFactory beans) {
    List<SagaParticipants.Bean> found = new ArrayList<>();
    List<String> mistakes = new ArrayList<>();
    for (String name : beans.getBeanDefinitionNames()) {
      Class<?> type = ScopedProxyUtils.isScopedTarget(name) ? null : BeanTypes.find(beans, name);
      if (type == null || !AnnotatedElementUtils.hasAnnotation(type, SagaParticipant.class)) {
        continue;
      }
      if (beans.getBeanDefinition(name).isPrototype()) {
        mistakes.add(
            "Bean \"%s\" has @SagaParticipant and scope prototype; make it a singleton"
                .formatted(name));
        continue;
      }
      found.add(new SagaParticipants.Bean(beans.getBean(name), type));
    }
    SagaParticipants participants = SagaParticipants.NONE;
    try {
      participants = SagaParticipants.of(found);
    } catch (SagaDefinitionException e) {
      mistakes.addAll(e.mistakes());
    }
    return new ParticipantBeans(participants, List.copyOf(mistakes));
  }

  /**
   * What steps are carried out by.
   *
   * @throws EvenkeelConfigurationException naming every mistake
   */
  SagaParticipants usable() {
    if (!mistakes.isEmpty()) {
      throw new EvenkeelConfigurationException(String.join("; ", mistakes));
    }
    return participants;
  }
}
