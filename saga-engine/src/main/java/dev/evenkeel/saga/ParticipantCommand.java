package dev.evenkeel.saga;

import dev.evenkeel.outbox.OutboxEvent;
import dev.evenkeel.outbox.PropertyPath;
import dev.evenkeel.outbox.spi.ShardKey;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.UndeclaredThrowableException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.core.annotation.AnnotatedElementUtils;
import org.springframework.util.ClassUtils;
import org.springframework.util.ReflectionUtils;

/** A participant's handler of one kind of command. Immutable, thread-safe. */
final class ParticipantCommand {

  private final String type;
  private final Class<?> commandType;
  private final Class<?> resultType;
  private final @Nullable PropertyPath shardKey;
  private final String shardStrategy;
  private final Object bean;
  private final Method action;
  private final @Nullable Method compensation;
  private final List<Class<? extends Exception>> refusals;

  private ParticipantCommand(
      Object bean,
      CommandHandler said,
      Method action,
      @Nullable Method compensation,
      @Nullable PropertyPath shardKey) {
    this.commandType = action.getParameterTypes()[0];
    this.type = typeOf(commandType);
    this.resultType =
        action.getReturnType() == void.class
            ? Void.class
            : ClassUtils.resolvePrimitiveIfNecessary(action.getReturnType());
    this.shardKey = shardKey;
    this.shardStrategy = said.shardStrategy();
    this.bean = bean;
    this.action = action;
    this.compensation = compensation;
    this.refusals = List.of(said.refusals());
    action.trySetAccessible();
    if (compensation != null) {
      compensation.trySetAccessible();
    }
  }

  /** Logical name of a command, on the wire and in the database. */
  static String typeOf(Class<?> command) {
    OutboxEvent event = command.getAnnotation(OutboxEvent.class);
    return event == null ? command.getSimpleName() : event.type();
  }

  /** Reads the handlers of a bean; what is wrong is added, and left out. */
  static List<ParticipantCommand> read(
      String participant, SagaParticipants.Bean bean, List<String> mistakes) {
    List<ParticipantCommand> commands = new ArrayList<>();
    Method[] methods = ReflectionUtils.getUniqueDeclaredMethods(bean.type());
    Arrays.sort(methods, Comparator.comparing(Method::toString));
    for (Method method : methods) {
      CommandHandler said =
          method.isSynthetic()
              ? null
              : AnnotatedElementUtils.findMergedAnnotation(method, CommandHandler.class);
      if (said != null) {
        try {
          commands.add(read(bean, said, method, methods));
        } catch (IllegalArgumentException | IllegalStateException e) {
          mistakes.add(
              "%s.%s of participant \"%s\": %s"
                  .formatted(
                      bean.type().getSimpleName(), method.getName(), participant, e.getMessage()));
        }
      }
    }
    if (commands.isEmpty() && mistakes.isEmpty()) {
      mistakes.add(
          "participant \"%s\" must have a method with @CommandHandler, %s has none"
              .formatted(participant, bean.type().getName()));
    }
    return commands;
  }

  private static ParticipantCommand read(
      SagaParticipants.Bean bean, CommandHandler said, Method method, Method[] all) {
    if (method.getParameterCount() != 1 || method.getParameterTypes()[0].isPrimitive()) {
      throw new IllegalArgumentException(
          "it must take one parameter, the command; it takes "
              + Arrays.toString(method.getParameterTypes()));
    }
    Class<?> command = method.getParameterTypes()[0];
    PropertyPath shardKey =
        said.shardKey().isEmpty() ? null : PropertyPath.of("shardKey", command, said.shardKey());
    Method compensation =
        said.compensation().isEmpty() ? null : compensation(bean, said, method, all);
    return new ParticipantCommand(
        bean.bean(), said, callable(bean, method), compensation, shardKey);
  }

  private static Method compensation(
      SagaParticipants.Bean bean, CommandHandler said, Method method, Method[] all) {
    List<Method> found =
        Arrays.stream(all)
            .filter(m -> !m.isSynthetic() && m.getName().equals(said.compensation()))
            .filter(m -> takes(m, method.getParameterTypes()[0], method.getReturnType()))
            .toList();
    if (found.size() != 1) {
      throw new IllegalArgumentException(
          "its compensation \"%s\" must be one method that takes the command, and what the handler returns if it wants that, was %s"
              .formatted(said.compensation(), found.isEmpty() ? "none" : found.size()));
    }
    return callable(bean, found.get(0));
  }

  private static boolean takes(Method method, Class<?> command, Class<?> result) {
    Class<?>[] parameters = method.getParameterTypes();
    return parameters.length >= 1
        && parameters[0] == command
        && (parameters.length == 1
            || (parameters.length == 2 && parameters[1].isAssignableFrom(result)));
  }

  /** A proxy is asked in its target's stead only through methods that it can override. */
  private static Method callable(SagaParticipants.Bean bean, Method method) {
    int modifiers = method.getModifiers();
    boolean isProxy = bean.bean().getClass() != bean.type();
    if (!bean.type().isInstance(bean.bean())
        || Modifier.isPrivate(modifiers)
        || Modifier.isStatic(modifiers)
        || (isProxy && Modifier.isFinal(modifiers))) {
      throw new IllegalArgumentException(
          "%s must be an instance method that is neither private nor, on a proxied bean, final, and its bean proxied by class"
              .formatted(method.getName()));
    }
    return method;
  }

  String type() {
    return type;
  }

  Class<?> commandType() {
    return commandType;
  }

  Class<?> resultType() {
    return resultType;
  }

  boolean isUndoable() {
    return compensation != null;
  }

  /**
   * The key of the transaction's shard; null for the slot of the saga's home.
   *
   * @throws IllegalArgumentException if the key is null or blank
   */
  @Nullable ShardKey shardKey(Object command) {
    if (shardKey == null) {
      return null;
    }
    String key = shardKey.find(command);
    if (key == null || key.isBlank()) {
      throw new IllegalArgumentException(
          "The shard key of command \"%s\" is %s".formatted(type, key == null ? "null" : "blank"));
    }
    return new ShardKey(shardStrategy, key);
  }

  boolean isRefusal(Throwable failure) {
    return refusals.stream().anyMatch(refusal -> refusal.isInstance(failure));
  }

  /** Carries it out. Throws what the handler throws. */
  @Nullable Object execute(Object command) throws Exception {
    return call(action, command);
  }

  /**
   * Undoes it. Throws what the compensation throws.
   *
   * @param result what the handler had returned
   */
  void undo(Object command, @Nullable Object result) throws Exception {
    if (compensation == null) {
      throw new IllegalStateException(
          "%s has no compensation; name one in its @CommandHandler".formatted(this));
    }
    if (compensation.getParameterCount() == 1) {
      call(compensation, command);
    } else {
      call(compensation, command, result);
    }
  }

  private @Nullable Object call(Method method, @Nullable Object... arguments) throws Exception {
    try {
      return method.invoke(bean, arguments);
    } catch (InvocationTargetException e) {
      if (e.getCause() instanceof Exception exception) {
        throw exception;
      }
      if (e.getCause() instanceof Error error) {
        throw error;
      }
      throw new UndeclaredThrowableException(e.getCause());
    }
  }

  @Override
  public String toString() {
    return action.getDeclaringClass().getSimpleName() + "." + action.getName();
  }
}
