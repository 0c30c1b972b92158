package dev.evenkeel.autoconfigure;

import org.jspecify.annotations.Nullable;
import org.springframework.aop.framework.autoproxy.AutoProxyUtils;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;

/** Classes of beans that may not be made yet. */
final class BeanTypes {

  private BeanTypes() {}

  /** The class behind a bean's proxies, without making the bean; null when it is not known. */
  static @Nullable Class<?> find(ConfigurableListableBeanFactory beans, String name) {
    try {
      Class<?> target = AutoProxyUtils.determineTargetClass(beans, name);
      return target != null ? target : beans.getType(name, false);
    } catch (LinkageError e) {
      return null; // a bean of classes that are absent carries no annotation of ours
    }
  }
}
