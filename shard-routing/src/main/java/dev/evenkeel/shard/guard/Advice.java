package dev.evenkeel.shard.guard;

import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.Set;
import org.aopalliance.intercept.MethodInterceptor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.aop.Advisor;
import org.springframework.aop.framework.Advised;
import org.springframework.aop.framework.ProxyFactory;
import org.springframework.aop.support.DefaultPointcutAdvisor;
import org.springframework.aop.support.StaticMethodMatcherPointcut;

/** Puts an interceptor in front of methods of a bean, which keeps its class. */
final class Advice {

  private static final Logger log = LoggerFactory.getLogger(Advice.class);

  private Advice() {}

  /**
   * The bean, advised; as it is, with a warning, if its class is final.
   *
   * @param methods names of the methods, with any parameters
   */
  static Object around(
      Object bean, String beanName, Set<String> methods, MethodInterceptor interceptor) {
    Advisor advisor = new DefaultPointcutAdvisor(new Named(methods), interceptor);
    if (bean instanceof Advised advised && !advised.isFrozen()) {
      advised.addAdvisor(0, advisor);
      return bean;
    }
    ProxyFactory factory =
        new ProxyFactory(bean); // with the interfaces, for a bean that is a proxy
    factory.setProxyTargetClass(true);
    factory.addAdvisor(advisor);
    if (Modifier.isFinal(bean.getClass().getModifiers()) && !isProxy(bean)) {
      log.warn(
          "The dual-write guard does not see what bean '{}' does, because {} is final: make the"
              + " class open, or set evenkeel.guard.dual-write=off",
          beanName,
          bean.getClass().getName());
      return bean;
    }
    return factory.getProxy(bean.getClass().getClassLoader());
  }

  private static boolean isProxy(Object bean) {
    return java.lang.reflect.Proxy.isProxyClass(bean.getClass());
  }

  private static final class Named extends StaticMethodMatcherPointcut {

    private final Set<String> methods;

    Named(Set<String> methods) {
      this.methods = methods;
    }

    @Override
    public boolean matches(Method method, Class<?> targetClass) {
      return methods.contains(method.getName());
    }
  }
}
