package dev.evenkeel.outbox;

import dev.evenkeel.outbox.spi.DirectHandler;
import dev.evenkeel.outbox.spi.PayloadCodec;
import dev.evenkeel.outbox.spi.ShardKey;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.UndeclaredThrowableException;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * One method, or code or a direct handler in its place, bound to one subscription. Immutable,
 * thread-safe.
 */
public final class InboxHandlerMethod {

  private final Subscription subscription;
  private final String name;
  private final BiConsumer<@Nullable Object, OutboxMessage> code;
  private final @Nullable Class<?> payloadClass;
  private final PayloadCodec codec;
  private final Upcasters upcasters;
  private final @Nullable Keyed shardKey;
  private final @Nullable DirectHandler direct;

  /** How a shard key is read, and what turns it into a slot. */
  record Keyed(PropertyPath path, String strategy) {}

  InboxHandlerMethod(
      Subscription subscription,
      Object bean,
      Method method,
      @Nullable Class<?> payloadClass,
      PayloadCodec codec,
      Upcasters upcasters,
      @Nullable Keyed shardKey) {
    this(
        subscription,
        method.getDeclaringClass().getSimpleName() + "." + method.getName(),
        calling(bean, method, payloadClass != null),
        payloadClass,
        codec,
        upcasters,
        shardKey);
  }

  /**
   * Binds code.
   *
   * @param code given the event, null without a payload class, and the message
   */
  InboxHandlerMethod(
      Subscription subscription,
      String name,
      BiConsumer<@Nullable Object, OutboxMessage> code,
      @Nullable Class<?> payloadClass,
      PayloadCodec codec,
      Upcasters upcasters,
      @Nullable Keyed shardKey) {
    this.subscription = subscription;
    this.name = name;
    this.code = code;
    this.payloadClass = payloadClass;
    this.codec = codec;
    this.upcasters = upcasters;
    this.shardKey = shardKey;
    this.direct = null;
  }

  /** Binds a direct handler, to every version of its type. */
  InboxHandlerMethod(DirectHandler direct, PayloadCodec codec, Upcasters upcasters) {
    this.subscription =
        new Subscription(direct.consumer(), direct.type(), Subscription.EVERY_VERSION);
    this.name = direct.getClass().getSimpleName() + " of " + subscription;
    this.code =
        (event, message) -> {
          throw new IllegalStateException(direct + " has transactions of its own");
        };
    this.payloadClass = null;
    this.codec = codec;
    this.upcasters = upcasters;
    this.shardKey = null;
    this.direct = direct;
  }

  private static BiConsumer<@Nullable Object, OutboxMessage> calling(
      Object bean, Method method, boolean takesEvent) {
    method.trySetAccessible();
    if (!takesEvent) {
      return (event, message) -> call(bean, method, message);
    }
    return method.getParameterCount() == 2
        ? (event, message) -> call(bean, method, event, message)
        : (event, message) -> call(bean, method, event);
  }

  /** The consumer that the method belongs to. */
  public String consumer() {
    return subscription.consumer();
  }

  Subscription subscription() {
    return subscription;
  }

  /** What handles messages in transactions of its own; null where the inbox has the transaction. */
  @Nullable DirectHandler direct() {
    return direct;
  }

  /**
   * The shard key of the effects; null when the handler names none.
   *
   * @throws dev.evenkeel.outbox.spi.PayloadException if the payload is not of the expected form
   * @throws ClaimMissingException if the message came without its payload
   * @throws OutboxException if the key is null or blank
   */
  @Nullable ShardKey shardKey(OutboxMessage message) {
    if (direct != null) {
      ClaimCheck.requirePayload(message);
      return direct.shardKey(message);
    }
    if (shardKey == null || payloadClass == null) {
      return null;
    }
    ClaimCheck.requirePayload(message);
    return new ShardKey(shardKey.strategy(), shardKey.path().read(decode(message, payloadClass)));
  }

  private Object decode(OutboxMessage message, Class<?> payloadClass) {
    return codec.decode(
        upcasters.upcast(
            message.type(), message.version(), subscription.version(), message.payload()),
        payloadClass);
  }

  /**
   * Decodes and calls. Throws what the handler throws.
   *
   * @throws dev.evenkeel.outbox.spi.PayloadException if the payload is not of the expected form
   * @throws ClaimMissingException if the message came without its payload
   */
  void invoke(OutboxMessage message) {
    ClaimCheck.requirePayload(message);
    Object event = payloadClass == null ? null : decode(message, payloadClass);
    CurrentMessage.run(message, () -> code.accept(event, message));
  }

  private static void call(Object bean, Method method, @Nullable Object... arguments) {
    try {
      method.invoke(bean, arguments);
    } catch (IllegalAccessException e) {
      throw new IllegalStateException(method + " can't be called: " + e.getMessage(), e);
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
    return name;
  }
}
