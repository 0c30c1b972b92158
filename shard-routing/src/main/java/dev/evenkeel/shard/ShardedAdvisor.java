package dev.evenkeel.shard;

import java.lang.reflect.Method;
import java.util.function.Supplier;
import org.springframework.aop.support.StaticMethodMatcherPointcutAdvisor;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.AnnotatedElementUtils;
import org.springframework.util.function.SingletonSupplier;

/** Applies {@link Sharded}, outside of Spring's transaction interceptor. */
public final class ShardedAdvisor extends StaticMethodMatcherPointcutAdvisor {

  /** Before the transaction interceptor, which comes last by default. */
  private static final int ORDER = Ordered.LOWEST_PRECEDENCE - 100;

  /**
   * Makes the advisor.
   *
   * @param router asked at the first routed call
   */
  public ShardedAdvisor(Supplier<ShardRouter> router) {
    setAdvice(new ShardedInterceptor(SingletonSupplier.of(router)));
    setOrder(ORDER);
    setClassFilter(ShardedAdvisor::isCandidate);
  }

  /** Leaves out what can't be annotated, so that not every bean's methods are looked at. */
  private static boolean isCandidate(Class<?> type) {
    return !type.getName().startsWith("org.springframework.")
        || AnnotatedElementUtils.hasAnnotation(type, Sharded.class);
  }

  @Override
  public boolean matches(Method method, Class<?> targetClass) {
    return ShardedInterceptor.find(method, targetClass) != null;
  }
}
