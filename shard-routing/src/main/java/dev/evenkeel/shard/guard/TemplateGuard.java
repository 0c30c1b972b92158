package dev.evenkeel.shard.guard;

import java.util.Set;
import java.util.function.Supplier;
import org.aopalliance.intercept.MethodInterceptor;
import org.springframework.beans.factory.config.BeanPostProcessor;

/**
 * Checks the sends of every bean of a messaging template's class. The beans keep their class;
 * templates that are no beans are not seen, nor are copies that a JmsClient makes for settings of
 * one call.
 */
public final class TemplateGuard implements BeanPostProcessor {

  /**
   * What sends, in KafkaTemplate, RabbitTemplate and JmsTemplate and their subclasses. Callbacks on
   * a producer, channel or session count as sends: what they do can't be seen.
   */
  private static final Set<String> SENDS =
      Set.of(
          "send",
          "sendDefault",
          "sendAndReceive",
          "convertAndSend",
          "correlationConvertAndSend",
          "convertSendAndReceive",
          "convertSendAndReceiveAsType",
          "receiveAndReply",
          "execute",
          "executeInTransaction",
          "invoke");

  private final DualWriteKind kind;
  private final Class<?> type;
  private final Supplier<DualWriteGuard> guard;

  /**
   * Made by auto-configuration, or in a static bean method.
   *
   * @param kind of the messages
   * @param type of the template
   * @param guard asked for at the first send
   */
  public TemplateGuard(DualWriteKind kind, Class<?> type, Supplier<DualWriteGuard> guard) {
    this.kind = kind;
    this.type = type;
    this.guard = guard;
  }

  @Override
  public Object postProcessAfterInitialization(Object bean, String beanName) {
    return type.isInstance(bean) ? Advice.around(bean, beanName, SENDS, checked(beanName)) : bean;
  }

  private MethodInterceptor checked(String beanName) {
    return call -> {
      guard
          .get()
          .check(
              kind,
              () ->
                  "%s of %s '%s'"
                      .formatted(call.getMethod().getName(), type.getSimpleName(), beanName));
      return call.proceed();
    };
  }
}
