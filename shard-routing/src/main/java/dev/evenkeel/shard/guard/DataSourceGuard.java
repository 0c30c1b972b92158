package dev.evenkeel.shard.guard;

import java.util.Set;
import java.util.function.Supplier;
import javax.sql.DataSource;
import org.aopalliance.intercept.MethodInterceptor;
import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.aop.framework.AopProxyUtils;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;

/**
 * Checks the connections of every DataSource bean, where there is more than one; the beans keep
 * their class. A connection is a dual write while a transaction is open on another data source,
 * even if it will only read: that can't be seen in advance, except in a read-only transaction of
 * its own.
 */
public final class DataSourceGuard implements BeanPostProcessor {

  private static final Set<String> ACQUIRES = Set.of("getConnection");

  private final DataSourceBeans beans;
  private final Supplier<DualWriteGuard> guard;

  /**
   * Made by auto-configuration, or in a static bean method.
   *
   * @param beans where the data sources are
   * @param guard asked for at the first connection
   */
  public DataSourceGuard(ConfigurableListableBeanFactory beans, Supplier<DualWriteGuard> guard) {
    this.beans = new DataSourceBeans(beans);
    this.guard = guard;
  }

  @Override
  public Object postProcessAfterInitialization(Object bean, String beanName) {
    // One alone is not touched; those of scopes come as the scope's proxy.
    return bean instanceof DataSource dataSource
            && !(bean instanceof AopInfrastructureBean)
            && beans.several()
        ? Advice.around(bean, beanName, ACQUIRES, checked(dataSource, beanName))
        : bean;
  }

  private MethodInterceptor checked(DataSource dataSource, String beanName) {
    return call -> {
      guard
          .get()
          .checkConnection(dataSource, () -> "connection of DataSource '%s'".formatted(beanName));
      return call.proceed();
    };
  }

  /**
   * What is behind this guard, for code that reads a pool's private fields: the bean's own are
   * empty.
   */
  public static DataSource unguarded(DataSource dataSource) {
    return AopProxyUtils.getSingletonTarget(dataSource) instanceof DataSource target
        ? target
        : dataSource;
  }
}
