package dev.evenkeel.modulith;

import dev.evenkeel.outbox.EventType;
import dev.evenkeel.outbox.EventTypeSource;
import dev.evenkeel.outbox.OutboxEvent;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.annotation.AnnotatedBeanDefinition;
import org.springframework.beans.factory.config.BeanDefinition;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.boot.autoconfigure.AutoConfigurationPackages;
import org.springframework.context.ApplicationEvent;
import org.springframework.context.annotation.ClassPathScanningCandidateComponentProvider;
import org.springframework.core.annotation.MergedAnnotation;
import org.springframework.core.annotation.MergedAnnotations;
import org.springframework.core.annotation.MergedAnnotations.SearchStrategy;
import org.springframework.core.env.Environment;
import org.springframework.core.io.ResourceLoader;
import org.springframework.core.type.AnnotationMetadata;
import org.springframework.core.type.MethodMetadata;
import org.springframework.core.type.classreading.MetadataReader;
import org.springframework.core.type.filter.AbstractTypeHierarchyTraversingFilter;
import org.springframework.modulith.events.EventExternalizationConfiguration;
import org.springframework.modulith.events.Externalized;
import org.springframework.util.ClassUtils;

/**
 * Registers the classes that carry {@code @Externalized}, Modulith's or jMolecules', themselves or
 * by a superclass, an interface or another annotation, as Modulith looks for it.
 *
 * <p>The type's name is the application-local name, which Modulith takes for a target where none is
 * stated: {@code com.acme.shop.orders.OrderCompleted} of the application {@code com.acme.shop} is
 * {@code orders.OrderCompleted}, version 1. A name that a renamed class keeps, or a second version,
 * takes {@link OutboxEvent}; classes that carry it, too, are registered by it alone.
 */
final class ExternalizedTypes implements EventTypeSource {

  private static final String MODULITH = Externalized.class.getName();

  /** Which classes make the configuration that knows annotations only. */
  private static final Set<String> DEFAULTS =
      Set.of(
          EvenkeelModulithAutoConfiguration.class.getName(),
          EvenkeelModulithAutoConfiguration.MODULITHS_DEFAULTS);

  private static final String JMOLECULES = "org.jmolecules.event.annotation.Externalized";

  private final ConfigurableListableBeanFactory beans;
  private final ResourceLoader resources;
  private final ClassPathScanningCandidateComponentProvider scanner =
      new ClassPathScanningCandidateComponentProvider(false);

  ExternalizedTypes(
      ConfigurableListableBeanFactory beans, Environment environment, ResourceLoader resources) {
    this.beans = beans;
    this.resources = resources;
    scanner.setEnvironment(environment);
    scanner.setResourceLoader(resources);
    scanner.addIncludeFilter(new ExternalizedFilter());
  }

  @Override
  public Collection<EventType> types(Collection<String> packages) {
    boolean annotationsRoute = annotationsRoute();
    Set<String> roots = roots(packages);
    List<EventType> types = new ArrayList<>();
    List<String> mistakes = new ArrayList<>();
    for (Class<?> event : scan(packages)) {
      String target = declaredTarget(event);
      if (ApplicationEvent.class.isAssignableFrom(event)) {
        mistakes.add(
            "%s carries @Externalized and extends ApplicationEvent, which is never appended; publish a plain object"
                .formatted(event.getName()));
      } else if (annotationsRoute && key(target).isBlank()) {
        mistakes.add(
            ("@Externalized(\"%s\") of %s names no key, but order is kept per key; name one, such as"
                    + " @Externalized(\"orders::#{orderId()}\"), or route it with a key in a bean of"
                    + " type EventExternalizationConfiguration")
                .formatted(target, event.getName()));
      }
      String name = localName(event, roots);
      types.add(new EventType(name, 1, aggregateType(target, name), event));
    }
    if (!mistakes.isEmpty()) {
      throw new IllegalArgumentException(
          "The externalized events are not usable: " + String.join("; ", mistakes));
    }
    return types;
  }

  private Set<Class<?>> scan(Collection<String> packages) {
    Set<Class<?>> classes = new LinkedHashSet<>();
    for (String name : packages) {
      for (BeanDefinition candidate : scanner.findCandidateComponents(name)) {
        Class<?> event =
            ClassUtils.resolveClassName(
                String.valueOf(candidate.getBeanClassName()), resources.getClassLoader());
        if (!event.isAnnotationPresent(OutboxEvent.class)) {
          classes.add(event);
        }
      }
    }
    return classes;
  }

  /**
   * Whether the configuration is Modulith's default: it knows no other keys than those of the
   * annotations. A configuration of the application may add keys, which show at publication only.
   */
  private boolean annotationsRoute() {
    return Stream.of(
            beans.getBeanNamesForType(EventExternalizationConfiguration.class, false, false))
        .allMatch(
            name ->
                beans.containsBeanDefinition(name)
                    && beans.getBeanDefinition(name) instanceof AnnotatedBeanDefinition definition
                    && isDefault(definition.getFactoryMethodMetadata()));
  }

  private static boolean isDefault(@Nullable MethodMetadata factory) {
    return factory != null && DEFAULTS.contains(factory.getDeclaringClassName());
  }

  /** What the annotation says, {@code target::key}; empty when it says nothing. */
  private static String declaredTarget(Class<?> event) {
    MergedAnnotations annotations = MergedAnnotations.from(event, SearchStrategy.TYPE_HIERARCHY);
    for (String name : List.of(JMOLECULES, MODULITH)) {
      MergedAnnotation<?> annotation = annotations.get(name);
      for (String attribute : List.of("target", "value")) {
        String target = annotation.getValue(attribute, String.class).orElse("");
        if (!target.isBlank()) {
          return target;
        }
      }
    }
    return "";
  }

  private static String key(String target) {
    int separator = target.indexOf("::");
    return separator < 0 ? "" : target.substring(separator + 2);
  }

  /** For whoever lists types: what counts is the routing, which may differ from event to event. */
  private static String aggregateType(String target, String name) {
    int separator = target.indexOf("::");
    String stated = (separator < 0 ? target : target.substring(0, separator)).strip();
    return stated.isEmpty() || stated.startsWith("#{") ? name : stated;
  }

  /**
   * What names are relative to. The application's own packages come first, so that a name does not
   * change when another package is scanned, too.
   */
  private Set<String> roots(Collection<String> packages) {
    Set<String> roots = new LinkedHashSet<>();
    if (AutoConfigurationPackages.has(beans)) {
      roots.addAll(AutoConfigurationPackages.get(beans));
    }
    roots.addAll(packages);
    return roots;
  }

  private static String localName(Class<?> event, Set<String> roots) {
    String name = event.getName();
    return roots.stream()
        .filter(prefix -> name.startsWith(prefix + "."))
        .map(prefix -> name.substring(prefix.length() + 1))
        .findFirst()
        .orElse(name)
        .replace('$', '.');
  }

  private static final class ExternalizedFilter extends AbstractTypeHierarchyTraversingFilter {

    ExternalizedFilter() {
      super(true, true);
    }

    @Override
    protected boolean matchSelf(MetadataReader reader) {
      AnnotationMetadata metadata = reader.getAnnotationMetadata();
      return metadata.isAnnotated(MODULITH) || metadata.isAnnotated(JMOLECULES);
    }

    @Override
    protected @Nullable Boolean matchSuperClass(String name) {
      return ofTheJdk(name);
    }

    @Override
    protected @Nullable Boolean matchInterface(String name) {
      return ofTheJdk(name);
    }

    /** The JDK's classes need not be read; null: read it. */
    private static @Nullable Boolean ofTheJdk(String name) {
      return name.startsWith("java.") ? Boolean.FALSE : null;
    }
  }
}
