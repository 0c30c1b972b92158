package dev.evenkeel.autoconfigure;

import dev.evenkeel.outbox.InboxHandlers;
import dev.evenkeel.saga.SagaException;
import dev.evenkeel.saga.Sagas;
import dev.evenkeel.saga.StartSaga;
import dev.evenkeel.saga.StartedSaga;
import dev.evenkeel.saga.definition.SagaDefinition;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.aop.support.AopUtils;
import org.springframework.core.MethodIntrospector;
import org.springframework.core.annotation.AnnotatedElementUtils;
import org.springframework.util.ReflectionUtils;

/**
 * Makes an inbox handler of each method with {@link StartSaga}. Its consumer is {@code saga:} and
 * the saga's name, and it runs on the saga's home shard, so that inbox row and instance commit
 * together: one event starts one instance.
 */
final class SagaStarts implements InboxHandlerSource {

  private static final Logger log = LoggerFactory.getLogger(SagaStarts.class);

  /** Names of such consumers begin with it. */
  static final String CONSUMER_PREFIX = "saga:";

  private final SagaBeans sagas;
  private final Sagas starter;

  SagaStarts(SagaBeans sagas, Sagas starter) {
    this.sagas = sagas;
    this.starter = starter;
  }

  @Override
  public List<String> addTo(InboxHandlers.Builder builder) {
    List<String> mistakes = new ArrayList<>(sagas.mistakes());
    for (SagaBeans.Annotated saga : sagas.annotated()) {
      Map<Method, StartSaga> methods =
          MethodIntrospector.selectMethods(
              saga.type(),
              (MethodIntrospector.MetadataLookup<StartSaga>)
                  method -> AnnotatedElementUtils.findMergedAnnotation(method, StartSaga.class));
      methods.forEach((method, start) -> add(saga, method, start, builder, mistakes));
    }
    return mistakes;
  }

  private void add(
      SagaBeans.Annotated saga,
      Method method,
      StartSaga start,
      InboxHandlers.Builder builder,
      List<String> mistakes) {
    String name = saga.type().getName() + "." + method.getName();
    String mistake = mistake(saga, method, start);
    if (mistake != null) {
      mistakes.add(name + " " + mistake);
      return;
    }
    try {
      Method callable = AopUtils.selectInvocableMethod(method, saga.bean().getClass());
      callable.trySetAccessible();
      String path = start.shardKey().isEmpty() ? saga.saga().shardKey() : start.shardKey();
      builder.add(
          name,
          CONSUMER_PREFIX + saga.saga().name(),
          start.on(),
          path,
          saga.saga().shardStrategy(),
          event -> start(name, saga, callable, event));
    } catch (IllegalStateException e) { // not reachable through the bean's proxy
      mistakes.add(String.valueOf(e.getMessage()));
    }
  }

  /** What is wrong with a method, without its name; null when nothing is. */
  private @Nullable String mistake(SagaBeans.Annotated saga, Method method, StartSaga start) {
    Class<?>[] parameters = method.getParameterTypes();
    if (parameters.length != 1 || parameters[0] != start.on()) {
      return "must take one parameter, the event %s that @StartSaga names; it takes %s"
          .formatted(start.on().getName(), Arrays.toString(parameters));
    }
    SagaDefinition newest =
        sagas.definitions().stream()
            .filter(definition -> definition.name().equals(saga.saga().name()))
            .max(Comparator.comparingInt(SagaDefinition::version))
            .orElse(null);
    if (newest == null) {
      return null; // its definition is a mistake, which is reported already
    }
    if (newest.version() != saga.saga().version()) {
      return "starts version %d of saga \"%s\", and new instances are of version %d; move @StartSaga there"
          .formatted(saga.saga().version(), saga.saga().name(), newest.version());
    }
    if (!newest.commandType().isAssignableFrom(method.getReturnType())) {
      return "must return the command of saga \"%s\", %s; it returns %s"
          .formatted(
              saga.saga().name(), newest.commandType().getName(), method.getReturnType().getName());
    }
    return null;
  }

  private void start(String name, SagaBeans.Annotated saga, Method method, Object event) {
    Object command = ReflectionUtils.invokeMethod(method, saga.bean(), event);
    if (command == null) {
      throw new SagaException(
          "%s made null of %s, and saga \"%s\" can't be started without a command; return one, or do not publish the event"
              .formatted(name, event.getClass().getName(), saga.saga().name()));
    }
    StartedSaga started = starter.start(saga.saga().name(), command);
    if (!started.isNew() && !started.sameCommand()) {
      log.warn(
          "An event started nothing: its key had started saga {} {} with another command",
          saga.saga().name(),
          started.id());
    }
  }
}
