package dev.evenkeel.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.evenkeel.outbox.DeadLetterPolicy;
import dev.evenkeel.outbox.EventTypes;
import dev.evenkeel.outbox.InboxHandler;
import dev.evenkeel.outbox.InboxHandlers;
import dev.evenkeel.outbox.JsonPayloadCodec;
import dev.evenkeel.outbox.OutboxEvent;
import dev.evenkeel.outbox.Subscription;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.aopalliance.intercept.MethodInterceptor;
import org.aopalliance.intercept.MethodInvocation;
import org.junit.jupiter.api.Test;
import org.springframework.aop.Advisor;
import org.springframework.aop.framework.ProxyFactory;
import org.springframework.aop.framework.autoproxy.DefaultAdvisorAutoProxyCreator;
import org.springframework.aop.support.DefaultPointcutAdvisor;
import org.springframework.context.support.GenericApplicationContext;
import tools.jackson.databind.json.JsonMapper;

class InboxHandlerCollectorTest {

  @OutboxEvent(type = "placed", aggregateType = "order", key = "id")
  record Placed(String id) {}

  record Unregistered(String id) {}

  static class Billing {
    @InboxHandler(consumer = "billing")
    void on(Placed event) {}
  }

  static class Broken {
    @InboxHandler(consumer = "broken")
    void on(Unregistered event) {}
  }

  interface Shipping {
    void ship();
  }

  static class ShippingBehindAnInterface implements Shipping {
    @Override
    public void ship() {}

    @InboxHandler(consumer = "shipping")
    public void on(Placed event) {}
  }

  private final GenericApplicationContext context = new GenericApplicationContext();

  private InboxHandlers collect() {
    context.refresh();
    return new InboxHandlerCollector(context.getBeanFactory(), DeadLetterPolicy.BLOCK)
        .collect(
            EventTypes.of(List.of(Placed.class)),
            new JsonPayloadCodec(JsonMapper.shared()),
            List.of(),
            List.of());
  }

  @Test
  void methodsOfAllBeansAreFound() {
    context.registerBean(Billing.class);

    assertThat(collect().subscriptions()).containsExactly(new Subscription("billing", "placed", 1));
  }

  @Test
  void methodsOfClassProxiesAreFound() {
    ProxyFactory proxies = new ProxyFactory(new Billing());
    proxies.setProxyTargetClass(true);
    context.registerBean("billing", Billing.class, () -> (Billing) proxies.getProxy());

    assertThat(collect().subscriptions()).hasSize(1);
  }

  @Test
  void lazyBeanWithoutHandlersStaysUnmade() {
    AtomicInteger made = new AtomicInteger();
    context.registerBean(
        "unrelated",
        Object.class,
        () -> {
          made.incrementAndGet();
          return new Object();
        },
        definition -> definition.setLazyInit(true));

    collect();

    assertThat(made).hasValue(0);
  }

  @Test
  void everyMistakeIsInOneMessage() {
    context.registerBean(Broken.class);
    context.registerBean("many", Billing.class, definition -> definition.setScope("prototype"));

    assertThatExceptionOfType(EvenkeelConfigurationException.class)
        .isThrownBy(this::collect)
        .withMessageContaining("Unregistered, which nobody registered")
        .withMessageContaining("Bean \"many\" has @InboxHandler methods and scope prototype");
  }

  @Test
  void methodThatTheProxyHidesIsAMistake() {
    context.registerBean(ShippingBehindAnInterface.class);
    context.registerBean(
        "proxies",
        DefaultAdvisorAutoProxyCreator.class,
        DefaultAdvisorAutoProxyCreator::new,
        definition -> definition.getPropertyValues().add("proxyTargetClass", false));
    context.registerBean(
        "advisor",
        Advisor.class,
        () -> new DefaultPointcutAdvisor((MethodInterceptor) MethodInvocation::proceed));

    assertThatExceptionOfType(EvenkeelConfigurationException.class)
        .isThrownBy(this::collect)
        .withMessageContaining("ShippingBehindAnInterface");
  }
}
