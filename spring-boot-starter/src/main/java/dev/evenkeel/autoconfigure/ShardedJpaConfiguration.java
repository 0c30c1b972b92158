package dev.evenkeel.autoconfigure;

import dev.evenkeel.shard.RoutingDataSource;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.beans.factory.config.InstantiationAwareBeanPostProcessor;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.orm.jpa.LocalContainerEntityManagerFactoryBean;

/** With JPA: its factory looks at a database while it is made, when no key is known. */
@Configuration(proxyBeanMethods = false)
@ConditionalOnClass(LocalContainerEntityManagerFactoryBean.class)
class ShardedJpaConfiguration {

  @Bean
  static BeanPostProcessor evenkeelJpaBootstrap(
      ObjectProvider<RoutingDataSource> routing, ConfigurableListableBeanFactory beans) {
    return new InstantiationAwareBeanPostProcessor() {
      /** Before the factory method already, which asks whether the database is embedded. */
      @Override
      public @Nullable Object postProcessBeforeInstantiation(Class<?> type, String name) {
        if (LocalContainerEntityManagerFactoryBean.class.isAssignableFrom(type)) {
          requireClosedView(beans);
          routing.getObject().beginBootstrap();
        }
        return null;
      }

      @Override
      public Object postProcessAfterInitialization(Object bean, String name) {
        if (bean instanceof LocalContainerEntityManagerFactoryBean) {
          routing.getObject().endBootstrap();
        }
        return bean;
      }
    };
  }

  /** One persistence context over a request would mix the entities of different shards. */
  private static void requireClosedView(ConfigurableListableBeanFactory beans) {
    if (beans.containsBeanDefinition("openEntityManagerInViewInterceptor")) {
      throw new EvenkeelConfigurationException(
          "spring.jpa.open-in-view must be false with evenkeel.shards, because one persistence context for a whole request would mix entities of different shards");
    }
  }
}
