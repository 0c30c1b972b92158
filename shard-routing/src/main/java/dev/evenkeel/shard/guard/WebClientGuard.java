package dev.evenkeel.shard.guard;

import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.springframework.aop.support.AopUtils;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.web.reactive.function.client.ClientRequest;
import org.springframework.web.reactive.function.client.ClientResponse;
import org.springframework.web.reactive.function.client.ExchangeFilterFunction;
import org.springframework.web.reactive.function.client.ExchangeFunction;
import org.springframework.web.reactive.function.client.WebClient;
import reactor.core.publisher.Mono;

/**
 * Checks the calls of WebClient and WebClient.Builder beans. A call is made by whoever subscribes,
 * and only on that thread can its transaction be seen: the usual {@code block()} inside a
 * transactional method is found, a call that is subscribed to on a scheduler is not. Reactive
 * transactions are not bound to a thread, and not found.
 */
public final class WebClientGuard implements BeanPostProcessor {

  private final Filter filter;

  /**
   * Made by auto-configuration, or in a static bean method.
   *
   * @param guard asked for at the first call
   */
  public WebClientGuard(Supplier<DualWriteGuard> guard) {
    this.filter = new Filter(guard);
  }

  @Override
  public Object postProcessAfterInitialization(Object bean, String beanName) {
    if (AopUtils.isAopProxy(bean)) {
      return bean;
    }
    if (bean instanceof WebClient.Builder builder) {
      guard(builder);
    } else if (bean instanceof WebClient client && isSprings(bean)) {
      return guarded(client);
    }
    return bean;
  }

  /** Checks the calls of what the builder will build. */
  public void guard(WebClient.Builder builder) {
    builder.filters(this::add);
  }

  /** A client can't be changed, but be built again. */
  private WebClient guarded(WebClient client) {
    WebClient.Builder builder = client.mutate();
    AtomicBoolean added = new AtomicBoolean();
    builder.filters(all -> added.set(add(all)));
    return added.get() ? builder.build() : client;
  }

  /** Built again, a client of another class, such as a mock, would be another client. */
  private static boolean isSprings(Object bean) {
    return bean.getClass().getPackage() == WebClient.class.getPackage();
  }

  /** First, so that filters that call on their own come after it. */
  private boolean add(List<ExchangeFilterFunction> all) {
    if (all.stream().anyMatch(Filter.class::isInstance)) {
      return false;
    }
    all.add(0, filter);
    return true;
  }

  private record Filter(Supplier<DualWriteGuard> guard) implements ExchangeFilterFunction {

    @Override
    public Mono<ClientResponse> filter(ClientRequest request, ExchangeFunction next) {
      guard
          .get()
          .check(
              DualWriteKind.HTTP,
              () -> RestClientGuard.describe(request.method().name(), request.url()));
      return next.exchange(request);
    }
  }
}
