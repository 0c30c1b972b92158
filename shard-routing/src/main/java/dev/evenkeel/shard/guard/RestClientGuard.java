package dev.evenkeel.shard.guard;

import java.net.URI;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.springframework.aop.support.AopUtils;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.http.client.ClientHttpRequest;
import org.springframework.http.client.ClientHttpRequestInitializer;
import org.springframework.http.client.support.HttpAccessor;
import org.springframework.web.client.RestClient;

/**
 * Checks the calls of RestTemplate, RestClient and RestClient.Builder beans, before anything is
 * connected. It is an initializer of requests and not an interceptor, because interceptors buffer
 * bodies. What is built from a checked builder or client is checked too, once.
 */
public final class RestClientGuard implements BeanPostProcessor {

  private final Initializer initializer;

  /**
   * Made by auto-configuration, or in a static bean method.
   *
   * @param guard asked for at the first call
   */
  public RestClientGuard(Supplier<DualWriteGuard> guard) {
    this.initializer = new Initializer(guard);
  }

  @Override
  public Object postProcessAfterInitialization(Object bean, String beanName) {
    if (AopUtils.isAopProxy(bean)) {
      return bean;
    }
    if (bean instanceof HttpAccessor template) {
      guard(template);
    } else if (bean instanceof RestClient.Builder builder) {
      guard(builder);
    } else if (bean instanceof RestClient client && isSprings(bean)) {
      return guarded(client);
    }
    return bean;
  }

  /** Checks the calls of a RestTemplate that is no bean yet. */
  public void guard(HttpAccessor template) {
    add(template.getClientHttpRequestInitializers());
  }

  /** Checks the calls of what the builder will build. */
  public void guard(RestClient.Builder builder) {
    builder.requestInitializers(this::add);
  }

  /** A client can't be changed, but be built again. */
  private RestClient guarded(RestClient client) {
    RestClient.Builder builder = client.mutate();
    AtomicBoolean added = new AtomicBoolean();
    builder.requestInitializers(all -> added.set(add(all)));
    return added.get() ? builder.build() : client;
  }

  /** Built again, a client of another class, such as a mock, would be another client. */
  private static boolean isSprings(Object bean) {
    return bean.getClass().getPackage() == RestClient.class.getPackage();
  }

  private boolean add(List<ClientHttpRequestInitializer> all) {
    return all.stream().noneMatch(Initializer.class::isInstance) && all.add(initializer);
  }

  private record Initializer(Supplier<DualWriteGuard> guard)
      implements ClientHttpRequestInitializer {

    @Override
    public void initialize(ClientHttpRequest request) {
      guard
          .get()
          .check(DualWriteKind.HTTP, () -> describe(request.getMethod().name(), request.getURI()));
    }
  }

  /** Without path and query, which may hold what does not belong in a log. */
  static String describe(String method, URI uri) {
    return "HTTP %s to %s://%s".formatted(method, uri.getScheme(), host(uri));
  }

  private static String host(URI uri) {
    return uri.getPort() < 0 ? String.valueOf(uri.getHost()) : uri.getHost() + ":" + uri.getPort();
  }
}
