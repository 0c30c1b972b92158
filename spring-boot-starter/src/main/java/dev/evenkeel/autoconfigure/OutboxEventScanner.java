package dev.evenkeel.autoconfigure;

import dev.evenkeel.outbox.EventType;
import dev.evenkeel.outbox.EventTypeSource;
import dev.evenkeel.outbox.EventTypes;
import dev.evenkeel.outbox.OutboxEvent;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.springframework.beans.factory.config.BeanDefinition;
import org.springframework.context.annotation.ClassPathScanningCandidateComponentProvider;
import org.springframework.core.env.Environment;
import org.springframework.core.io.ResourceLoader;
import org.springframework.core.type.filter.AnnotationTypeFilter;
import org.springframework.util.ClassUtils;

/** Registers every class of some packages that carries {@link OutboxEvent}. */
final class OutboxEventScanner {

  private final ClassPathScanningCandidateComponentProvider scanner =
      new ClassPathScanningCandidateComponentProvider(false);
  private final ResourceLoader resources;

  OutboxEventScanner(Environment environment, ResourceLoader resources) {
    this.resources = resources;
    scanner.setEnvironment(environment);
    scanner.setResourceLoader(resources);
    scanner.addIncludeFilter(new AnnotationTypeFilter(OutboxEvent.class, false));
  }

  /**
   * Scans.
   *
   * @param sources of types that are not found by scanning
   * @throws EvenkeelConfigurationException naming every mistake
   */
  EventTypes scan(Collection<String> packages, List<EventTypeSource> sources) {
    Set<Class<?>> classes = new HashSet<>();
    for (String name : packages) {
      for (BeanDefinition candidate : scanner.findCandidateComponents(name)) {
        classes.add(load(candidate));
      }
    }
    try {
      List<EventType> others = new ArrayList<>();
      sources.forEach(source -> others.addAll(source.types(packages)));
      return EventTypes.of(classes, others);
    } catch (IllegalArgumentException e) {
      throw new EvenkeelConfigurationException(String.valueOf(e.getMessage()), e);
    }
  }

  private Class<?> load(BeanDefinition candidate) {
    return ClassUtils.resolveClassName(
        String.valueOf(candidate.getBeanClassName()), resources.getClassLoader());
  }
}
