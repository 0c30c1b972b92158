package dev.evenkeel.outbox;

import dev.evenkeel.outbox.spi.PayloadCodec;
import dev.evenkeel.outbox.spi.ShardKey;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.UndeclaredThrowableException;
import org.jspecify.annotations.Nullable;

/** One method, bound to one subscription. Immutable, thread-safe. */
public final class InboxHandlerMethod {

  private final Subscription subscription;
  private final Object bean;
  private final Method method;
  private final @Nullable Class<?> payloadClass;
  private final boolean takesMessage;
  private final PayloadCodec codec;
  private final @Nullable Keyed shardKey;

  /** How a shard key is read, and what turns it into a slot. */
  record Keyed(PropertyPath path, String strategy) {}

  InboxHandlerMethod(
      Subscription subscription,
      Object bean,
      Method method,
      @Nullable Class<?> payloadClass,
      PayloadCodec codec,
      @Nullable Keyed shardKey) {
    this.subscription = subscription;
    this.bean = bean;
    this.method = method;
    this.payloadClass = payloadClass;
    this.takesMessage = payloadClass == null || method.getParameterCount() == 2;
    this.codec = codec;
    this.shardKey = shardKey;
    method.trySetAccessible();
  }

  /** The consumer that the method belongs to. */
  public String consumer() {
    return subscription.consumer();
  }

  Subscription subscription() {
    return subscription;
  }

  /**
   * The shard key of the effects; null when the handler names none.
   *
   * @throws dev.evenkeel.outbox.spi.PayloadException if the payload is not of the expected form
   * @throws OutboxException if the key is null or blank
   */
  @Nullable ShardKey shardKey(OutboxMessage message) {
    return shardKey == null || payloadClass == null
        ? null
        : new ShardKey(
            shardKey.strategy(),
            shardKey.path().read(codec.decode(message.payload(), payloadClass)));
  }

  /**
   * Decodes and calls. Throws what the handler throws.
   *
   * @throws dev.evenkeel.outbox.spi.PayloadException if the payload is not of the expected form
   */
  void invoke(OutboxMessage message) {
    Object[] arguments = arguments(message);
    CurrentMessage.run(message, () -> call(arguments));
  }

  private Object[] arguments(OutboxMessage message) {
    if (payloadClass == null) {
      return new Object[] {message};
    }
    Object payload = codec.decode(message.payload(), payloadClass);
    return takesMessage ? new Object[] {payload, message} : new Object[] {payload};
  }

  private void call(Object[] arguments) {
    try {
      method.invoke(bean, arguments);
    } catch (IllegalAccessException e) {
      throw new IllegalStateException(this + " can't be called: " + e.getMessage(), e);
    } catch (InvocationTargetException e) {
      if (e.getCause() instanceof RuntimeException runtime) {
        throw runtime;
      }
      if (e.getCause() instanceof Error error) {
        throw error;
      }
      throw new UndeclaredThrowableException(e.getCause());
    }
  }

  @Override
  public String toString() {
    return method.getDeclaringClass().getSimpleName() + "." + method.getName();
  }
}
