package dev.evenkeel.autoconfigure;

import dev.evenkeel.outbox.DeadLetterPolicy;
import dev.evenkeel.outbox.EventTypes;
import dev.evenkeel.outbox.InboxHandler;
import dev.evenkeel.outbox.InboxHandlers;
import dev.evenkeel.outbox.spi.PayloadCodec;
import dev.evenkeel.outbox.spi.Upcaster;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.springframework.aop.scope.ScopedProxyUtils;
import org.springframework.aop.support.AopUtils;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.core.MethodIntrospector;
import org.springframework.core.annotation.AnnotatedElementUtils;

/**
 * Finds the methods with {@link InboxHandler} of all beans. Looks at types first: only beans that
 * have such a method are made, so it may run when the others still wait for their first use.
 */
final class InboxHandlerCollector {

  private final ConfigurableListableBeanFactory beans;
  private final DeadLetterPolicy policy;
  private final List<String> mistakes = new ArrayList<>();

  InboxHandlerCollector(ConfigurableListableBeanFactory beans, DeadLetterPolicy policy) {
    this.beans = beans;
    this.policy = policy;
  }

  /**
   * Collects.
   *
   * @param upcasters what leads from older versions to those that are handled
   * @param sources of handlers that are no methods with {@link InboxHandler}
   * @throws EvenkeelConfigurationException naming every mistake
   */
  InboxHandlers collect(
      EventTypes types,
      PayloadCodec codec,
      List<Upcaster> upcasters,
      List<InboxHandlerSource> sources) {
    InboxHandlers.Builder builder = InboxHandlers.builder(types, codec, upcasters);
    try {
      builder.onDeadLetter(policy);
    } catch (IllegalArgumentException e) {
      mistakes.add(String.valueOf(e.getMessage()));
    }
    for (String name : beans.getBeanDefinitionNames()) {
      if (!ScopedProxyUtils.isScopedTarget(name)) {
        collect(name, builder);
      }
    }
    sources.forEach(source -> mistakes.addAll(source.addTo(builder)));
    InboxHandlers handlers = null;
    try {
      handlers = builder.build();
    } catch (IllegalArgumentException e) {
      mistakes.add(0, String.valueOf(e.getMessage()));
    }
    if (handlers == null || !mistakes.isEmpty()) {
      throw new EvenkeelConfigurationException(String.join("; ", mistakes));
    }
    return handlers;
  }

  private void collect(String name, InboxHandlers.Builder builder) {
    Class<?> type = BeanTypes.find(beans, name);
    if (type == null) {
      return;
    }
    Map<Method, InboxHandler> methods =
        MethodIntrospector.selectMethods(
            type,
            (MethodIntrospector.MetadataLookup<InboxHandler>)
                method -> AnnotatedElementUtils.findMergedAnnotation(method, InboxHandler.class));
    if (methods.isEmpty()) {
      return;
    }
    if (beans.containsBeanDefinition(name) && beans.getBeanDefinition(name).isPrototype()) {
      mistakes.add(
          "Bean \"%s\" has @InboxHandler methods and scope prototype; make it a singleton"
              .formatted(name));
      return;
    }
    Object bean = beans.getBean(name);
    methods.forEach((method, annotation) -> add(bean, method, annotation, builder));
  }

  private void add(
      Object bean, Method method, InboxHandler annotation, InboxHandlers.Builder builder) {
    try {
      builder.add(bean, AopUtils.selectInvocableMethod(method, bean.getClass()), annotation);
    } catch (IllegalStateException e) { // not reachable through the bean's proxy
      mistakes.add(String.valueOf(e.getMessage()));
    }
  }
}
